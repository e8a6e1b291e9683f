"""What a data set takes along of a profile: the rows of each table, in batches, in the order of their ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection

from r2r_shared.exchange.format import MOST_MATCHES
from r2r_shared.queries.exchange_fingerprint import FINGERPRINT


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes along.

    Attributes:
        collections: ids; None: of all. Of them go the paintings that the profile has measured.
        paintings: ids: only these of them; None: all.
        films: ids.
    """

    profile_id: int
    collections: Sequence[int] | None
    paintings: Sequence[int] | None
    films: Sequence[int]

    @property
    def args(self) -> dict[str, Any]:
        """As the queries take it."""
        return {
            "profile": self.profile_id,
            "collections": None if self.collections is None else list(self.collections),
            "paintings": None if self.paintings is None else list(self.paintings),
            "films": list(self.films),
            "most": MOST_MATCHES,
        }


@dataclass(frozen=True, slots=True)
class FilmState:
    """Whether a film can go along, and its matches with it.

    Attributes:
        analysed: it has shots.   measured: and the profile numbers for all of them.
        current: and matches of the profile as it is.
    """

    id: int
    title: str
    analysed: bool
    measured: bool
    current: bool


_CHOSEN: LiteralString = """
    (%(collections)s::bigint[] IS NULL OR p.collection_id = ANY(%(collections)s))
    AND (%(paintings)s::bigint[] IS NULL OR p.id = ANY(%(paintings)s))
"""
_MEASURED: LiteralString = """
    v.dc, v.avg_dof, v.max_dof, v.min_dof, v.saturation, v.balance, v.shadow, v.contrast, v.embedding
"""
# Of a collection that is half measured the numbers are new ones, and the matches those of the old.
_SETTLED: LiteralString = """
    NOT EXISTS (SELECT FROM jobs AS b JOIN segments AS g ON g.job_id = b.id
                 WHERE b.profile_id = p.id AND b.state IN ('queued', 'running')
                   AND g.kind = 'ranges' AND g.state <> 'done')
"""
_CURRENT: LiteralString = f"""
    JOIN profiles AS p ON p.id = %(profile)s AND {_SETTLED}
    JOIN film_matches AS m ON m.film_id = f.id AND m.profile_id = p.id
     AND m.revision = p.revision AND m.film_year IS NOT DISTINCT FROM f.year
"""

_TABLES: dict[str, LiteralString] = {
    "profiles": """
        SELECT name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim, revision
          FROM profiles WHERE id = %(profile)s
    """,
    "metric_ranges": """
        SELECT metric, low, high, range, centre, radius
          FROM metric_ranges WHERE profile_id = %(profile)s ORDER BY metric
    """,
    "unrelated": """
        SELECT u.of_pictures, u.nearness, u.scores
          FROM unrelated AS u JOIN profiles AS p ON p.id = u.profile_id
         WHERE u.profile_id = %(profile)s AND u.revision = p.revision AND u.artists = p.artists AND u.of_pictures > 0
    """,
    "collections": f"""
        SELECT c.id, c.name
          FROM collections AS c
         WHERE EXISTS (SELECT FROM paintings AS p
                         JOIN painting_features AS v ON v.painting_id = p.id AND v.profile_id = %(profile)s
                        WHERE p.collection_id = c.id AND {_CHOSEN})
         ORDER BY c.id
    """,
    "paintings": f"""
        SELECT p.id, p.collection_id, p.file, p.sha256, p.title, p.artist, p.movement, p.year, p.year_from, p.year_to,
               p.medium, p.museum, p.genre, p.extra, p.licence, p.page, p.width, p.height
          FROM paintings AS p
          JOIN painting_features AS v ON v.painting_id = p.id AND v.profile_id = %(profile)s
         WHERE {_CHOSEN}
         ORDER BY p.id
    """,
    "painting_features": f"""
        SELECT v.painting_id, {_MEASURED}
          FROM painting_features AS v JOIN paintings AS p ON p.id = v.painting_id
         WHERE v.profile_id = %(profile)s AND {_CHOSEN}
         ORDER BY v.painting_id
    """,
    "painting_nearness": f"""
        SELECT n.painting_id, n.nearness
          FROM painting_nearness AS n
          JOIN paintings AS p ON p.id = n.painting_id
          JOIN painting_features AS v ON v.painting_id = p.id AND v.profile_id = n.profile_id
         WHERE n.profile_id = %(profile)s AND {_CHOSEN}
         ORDER BY n.painting_id
    """,
    "films": """
        SELECT f.id, f.sha256, f.title, f.director, f.year, f.country,
               coalesce(substring(f.path FROM '[^/]+$'), 'film'),
               f.size_bytes, f.container, f.codec, f.width, f.height, f.rotation, f.fps_num, f.fps_den, f.frames,
               f.duration_s, f.start_s, f.probe, f.frame_index, coalesce(j.options->'detector', '{}'),
               coalesce((SELECT string_agg(DISTINCT stats->>'reader', ', ') FROM segments
                          WHERE job_id = j.id AND kind = 'film'), ''),
               coalesce((SELECT sum((stats->>'missing')::int) FROM segments
                          WHERE job_id = j.id AND kind = 'film'), 0)::int
          FROM films AS f JOIN jobs AS j ON j.id = f.analysis_id
         WHERE f.id = ANY(%(films)s)
         ORDER BY f.id
    """,
    "shots": """
        SELECT s.id, s.film_id, s.start_frame, s.end_frame, s.start_s, s.end_s, s.transition, s.blank
          FROM films AS f JOIN shots AS s ON s.job_id = f.analysis_id
         WHERE f.id = ANY(%(films)s)
         ORDER BY s.id
    """,
    "keyframes": """
        SELECT k.id, k.shot_id, k.frame, k.time_s, k.width, k.height, k.crop
          FROM films AS f JOIN shots AS s ON s.job_id = f.analysis_id JOIN keyframes AS k ON k.shot_id = s.id
         WHERE f.id = ANY(%(films)s)
         ORDER BY k.id
    """,
    "keyframe_features": f"""
        SELECT v.keyframe_id, {_MEASURED}
          FROM films AS f JOIN shots AS s ON s.job_id = f.analysis_id JOIN keyframes AS k ON k.shot_id = s.id
          JOIN keyframe_features AS v ON v.keyframe_id = k.id AND v.profile_id = %(profile)s
         WHERE f.id = ANY(%(films)s)
         ORDER BY v.keyframe_id
    """,
    "film_matches": f"""
        SELECT f.id, m.film_year, least(m.top_k, %(most)s)::int, m.how, m.unproven
          FROM films AS f {_CURRENT}
         WHERE f.id = ANY(%(films)s)
         ORDER BY f.id
    """,
    "matches": f"""
        SELECT r.keyframe_id, r.rank, r.painting_id, r.score, r.visual, r.semantic, r.metrics
          FROM films AS f {_CURRENT}
          JOIN shots AS s ON s.job_id = f.analysis_id JOIN keyframes AS k ON k.shot_id = s.id
          JOIN matches AS r ON r.keyframe_id = k.id AND r.profile_id = p.id
         WHERE f.id = ANY(%(films)s) AND r.rank <= %(most)s
         ORDER BY r.keyframe_id, r.rank
    """,
}


def rows(conn: Connection[Any], table: str, chosen: Chosen, *, batch: int) -> Iterator[list[tuple[Any, ...]]]:
    """A table's rows, so many at a time, by a cursor of the server's; in the caller's transaction."""
    with conn.cursor(name=f"r2r_export_{table}", scrollable=False) as cur:
        cur.itersize = batch
        cur.execute(_TABLES[table], chosen.args, binary=True)
        while found := cur.fetchmany(batch):
            yield found


def films(conn: Connection[Any], profile_id: int, film_ids: Sequence[int] | None) -> list[FilmState]:
    """What can go along of films, all or these, by id."""
    found = conn.execute(
        f"""
        SELECT f.id, f.title, f.analysis_id IS NOT NULL,
               f.analysis_id IS NOT NULL
               AND NOT EXISTS (SELECT FROM shots AS s JOIN keyframes AS k ON k.shot_id = s.id
                                WHERE s.job_id = f.analysis_id AND s.blank IS NULL
                                  AND NOT EXISTS (SELECT FROM keyframe_features AS v
                                                   WHERE v.keyframe_id = k.id AND v.profile_id = %(profile)s)),
               EXISTS (SELECT FROM film_matches AS m JOIN profiles AS p ON p.id = m.profile_id
                        WHERE m.film_id = f.id AND p.id = %(profile)s AND {_SETTLED}
                          AND m.revision = p.revision AND m.film_year IS NOT DISTINCT FROM f.year)
          FROM films AS f
         WHERE %(films)s::bigint[] IS NULL OR f.id = ANY(%(films)s)
         ORDER BY f.id
        """,
        {"profile": profile_id, "films": None if film_ids is None else list(film_ids)},
    ).fetchall()
    return [FilmState(*row) for row in found]


def matched_paintings(conn: Connection[Any], profile_id: int, film_ids: Sequence[int]) -> list[int]:
    """Ids of the paintings that the current matches of these films name."""
    found = conn.execute(
        f"""
        SELECT DISTINCT r.painting_id
          FROM films AS f {_CURRENT}
          JOIN shots AS s ON s.job_id = f.analysis_id JOIN keyframes AS k ON k.shot_id = s.id
          JOIN matches AS r ON r.keyframe_id = k.id AND r.profile_id = p.id
         WHERE f.id = ANY(%(films)s)
         ORDER BY r.painting_id
        """,
        {"profile": profile_id, "films": list(film_ids)},
    ).fetchall()
    return [painting_id for (painting_id,) in found]


def measured(conn: Connection[Any], chosen: Chosen) -> int:
    """How many paintings go along."""
    row = conn.execute(
        f"""
        SELECT count(*) FROM paintings AS p
          JOIN painting_features AS v ON v.painting_id = p.id AND v.profile_id = %(profile)s
         WHERE {_CHOSEN}
        """,
        chosen.args,
    ).fetchone()
    assert row is not None
    return row[0]


def unmeasured(conn: Connection[Any], chosen: Chosen) -> int:
    """How many paintings of the collections stay behind, because the profile has no numbers for them."""
    row = conn.execute(
        f"""
        SELECT count(*) FROM paintings AS p
         WHERE {_CHOSEN}
           AND NOT EXISTS (SELECT FROM painting_features AS v
                            WHERE v.painting_id = p.id AND v.profile_id = %(profile)s)
        """,
        chosen.args,
    ).fetchone()
    assert row is not None
    return row[0]


def fingerprint(conn: Connection[Any], chosen: Chosen) -> str:
    """Digest of the features and dates of the paintings that go along, in hexadecimal; see exchange_fingerprint.py."""
    row = conn.execute(
        f"""
        SELECT encode(sha256(coalesce(string_agg({FINGERPRINT}, ''::bytea ORDER BY p.id), '')), 'hex')
          FROM paintings AS p
          JOIN painting_features AS v ON v.painting_id = p.id AND v.profile_id = %(profile)s
         WHERE {_CHOSEN}
        """,
        chosen.args,
    ).fetchone()
    assert row is not None
    return row[0]


def pictures(conn: Connection[Any], kind: str, chosen: Chosen) -> Iterator[list[tuple[int, str, str]]]:
    """(id, media key, licence) of what goes along of paintings or keyframes, some at a time, by id."""
    queries: dict[str, LiteralString] = {
        "paintings": f"""
            SELECT p.id, p.image, p.licence
              FROM paintings AS p
              JOIN painting_features AS v ON v.painting_id = p.id AND v.profile_id = %(profile)s
             WHERE {_CHOSEN}
             ORDER BY p.id
        """,
        "keyframes": """
            SELECT k.id, k.image, ''
              FROM films AS f JOIN shots AS s ON s.job_id = f.analysis_id JOIN keyframes AS k ON k.shot_id = s.id
             WHERE f.id = ANY(%(films)s)
             ORDER BY k.id
        """,
    }
    with conn.cursor(name=f"r2r_pictures_{kind}", scrollable=False) as cur:
        cur.execute(queries[kind], chosen.args)
        while found := cur.fetchmany(1_000):
            yield found


def schema(conn: Connection[Any]) -> str:
    """The version of the database's tables."""
    row = conn.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else ""

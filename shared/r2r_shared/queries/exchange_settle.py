"""What a data set's scores depend on, and its scores: the profile, its ranges, and matches where they are still true.

A data set's matches are true here where the profile's paintings are the very ones of the data set, in their order, with
the same numbers and dates, and a difference is divided by the same ranges. Then nothing needs to be matched again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection

from r2r_shared.queries import exchange_read, exchange_stage, tallies, unrelated
from r2r_shared.queries.exchange_read import Chosen


@dataclass(frozen=True, slots=True)
class Known:
    """A profile of that name that is here: its models' digests."""

    id: int
    encoder_digest: str
    depth_digest: str
    metrics_version: int
    dim: int


def named(conn: Connection[Any], name: str) -> list[Known]:
    """All profiles of a name, the newest first."""
    rows = conn.execute(
        """
        SELECT id, encoder_digest, depth_digest, metrics_version, dim FROM profiles WHERE name = %s ORDER BY id DESC
        """,
        (name,),
    ).fetchall()
    return [Known(*row) for row in rows]


def is_pristine(conn: Connection[Any], profile_id: int) -> bool:
    """Whether a profile has never had a painting."""
    row = conn.execute(
        """
        SELECT revision = 0 AND NOT EXISTS (SELECT FROM painting_features WHERE profile_id = p.id)
          FROM profiles AS p WHERE id = %s FOR UPDATE
        """,
        (profile_id,),
    ).fetchone()
    return row == (True,)


def same_paintings(conn: Connection[Any], profile_id: int) -> bool:
    """Whether a profile's paintings are those of the data set, in their order, with the same numbers and dates."""
    if conn.execute("SELECT FROM map_paintings WHERE id IS NULL LIMIT 1").rowcount:
        return False
    here = exchange_read.fingerprint(conn, Chosen(profile_id, None, None, ()))
    return here == exchange_stage.fingerprint(conn)


def same_ranges(conn: Connection[Any], profile_id: int) -> bool:
    """Whether its differences are divided by the same."""
    row = conn.execute(
        """
        SELECT NOT EXISTS (
               SELECT FROM in_metric_ranges AS i
                 FULL JOIN (SELECT * FROM metric_ranges WHERE profile_id = %s) AS r ON r.metric = i.metric
                WHERE r.range IS DISTINCT FROM i.range)
        """,
        (profile_id,),
    ).fetchone()
    return row == (True,)


def take_ranges(conn: Connection[Any], profile_id: int) -> None:
    """Divide by the data set's ranges: of a part of a collection one's own would be others."""
    conn.execute("DELETE FROM metric_ranges WHERE profile_id = %s", (profile_id,))
    conn.execute(
        """
        INSERT INTO metric_ranges (profile_id, metric, low, high, range, centre, radius)
        SELECT %s, metric, low, high, range, centre, radius FROM in_metric_ranges
        """,
        (profile_id,),
    )


def set_revision(conn: Connection[Any], profile_id: int, revision: int) -> None:
    """Go on counting where the sender is."""
    conn.execute("UPDATE profiles SET revision = %s WHERE id = %s", (revision, profile_id))


def take_unrelated(conn: Connection[Any], profile_id: int) -> bool:
    """Store what unrelated pictures reach, where nobody knows it here and the artists are the same; whether it was.

    After `same_paintings` and the ranges.
    """
    if unrelated.known(conn, profile_id) is not None:
        return False
    row = conn.execute(
        """
        SELECT (SELECT string_agg(sha256(convert_to(p.artist, 'UTF8')), ''::bytea ORDER BY p.id)
                  FROM painting_features AS v JOIN paintings AS p ON p.id = v.painting_id WHERE v.profile_id = %s)
               IS NOT DISTINCT FROM
               (SELECT string_agg(sha256(convert_to(artist, 'UTF8')), ''::bytea ORDER BY id) FROM in_paintings)
           AND EXISTS (SELECT FROM in_unrelated)
        """,
        (profile_id,),
    ).fetchone()
    if row != (True,):
        return False
    for query in (
        "DELETE FROM unrelated WHERE profile_id = %(profile)s",
        """
        INSERT INTO unrelated (profile_id, revision, artists, of_pictures, scores, nearness)
        SELECT p.id, p.revision, p.artists, u.of_pictures, u.scores, u.nearness
          FROM in_unrelated AS u, profiles AS p WHERE p.id = %(profile)s
        """,
        "DELETE FROM painting_nearness WHERE profile_id = %(profile)s",
        """
        INSERT INTO painting_nearness (profile_id, painting_id, nearness)
        SELECT %(profile)s, m.id, n.nearness
          FROM in_painting_nearness AS n JOIN map_paintings AS m ON m.source = n.painting_id
         ORDER BY m.id
        """,
        "UPDATE film_matches SET judged = false WHERE profile_id = %(profile)s AND judged",
    ):
        conn.execute(query, {"profile": profile_id})
    return True


def take_matches(conn: Connection[Any], profile_id: int) -> int:
    """Store the matches of films that have none that are current; of how many films.

    Of a film that was here, only where its keyframes have the data set's very numbers.
    """
    conn.execute(
        """
        CREATE TEMPORARY TABLE map_matched ON COMMIT DROP AS
        SELECT m.source AS film, m.id, m.analysis_id
          FROM map_films AS m
          JOIN in_film_matches AS i ON i.film_id = m.source
          JOIN films AS f ON f.id = m.id
          JOIN profiles AS p ON p.id = %(profile)s
         WHERE m.analysis_id IS NOT NULL AND i.film_year IS NOT DISTINCT FROM f.year
           AND NOT EXISTS (SELECT FROM film_matches AS o
                            WHERE o.film_id = m.id AND o.profile_id = p.id AND o.revision = p.revision
                              AND o.film_year IS NOT DISTINCT FROM f.year)
           AND (m.job_id IS NOT NULL
                OR NOT EXISTS (
                   SELECT FROM map_keyframes AS k
                     JOIN in_keyframe_features AS i ON i.keyframe_id = k.source
                     LEFT JOIN keyframe_features AS v ON v.keyframe_id = k.id AND v.profile_id = p.id
                    WHERE k.film = m.source
                      AND (v.dc, v.avg_dof, v.max_dof, v.min_dof, v.saturation, v.balance, v.shadow, v.contrast,
                           v.embedding)
                          IS DISTINCT FROM
                          (i.dc, i.avg_dof, i.max_dof, i.min_dof, i.saturation, i.balance, i.shadow, i.contrast,
                           i.embedding)))
        """,
        {"profile": profile_id},
    )
    for query in (
        """
        DELETE FROM matches
         WHERE profile_id = %(profile)s
           AND keyframe_id IN (SELECT k.id FROM map_keyframes AS k JOIN map_matched AS m USING (film))
        """,
        """
        INSERT INTO matches (profile_id, keyframe_id, rank, painting_id, score, visual, semantic, metrics)
        SELECT %(profile)s, k.id, i.rank, p.id, i.score, i.visual, i.semantic, i.metrics
          FROM in_matches AS i
          JOIN map_keyframes AS k ON k.source = i.keyframe_id
          JOIN map_matched AS m ON m.film = k.film
          JOIN map_paintings AS p ON p.source = i.painting_id
         ORDER BY k.id, i.rank
        """,
        """
        INSERT INTO film_matches (film_id, profile_id, revision, film_year, top_k, how, unproven)
        SELECT m.id, p.id, p.revision, i.film_year, i.top_k, i.how, i.unproven
          FROM map_matched AS m
          JOIN in_film_matches AS i ON i.film_id = m.film
          JOIN profiles AS p ON p.id = %(profile)s
        ON CONFLICT (film_id, profile_id) DO UPDATE
           SET revision = excluded.revision, film_year = excluded.film_year, top_k = excluded.top_k,
               how = excluded.how, unproven = excluded.unproven, matched_at = now()
        """,
    ):
        conn.execute(query, {"profile": profile_id})
    rows = conn.execute("SELECT id, analysis_id FROM map_matched ORDER BY id").fetchall()
    for film_id, analysis_id in rows:
        tallies.write(conn, film_id, profile_id, analysis_id)
    return len(rows)


def matched(conn: Connection[Any], profile_id: int) -> list[int]:
    """Films that have matches that are current."""
    rows = conn.execute(
        """
        SELECT f.id
          FROM films AS f
          JOIN profiles AS p ON p.id = %s
          JOIN film_matches AS o ON o.film_id = f.id AND o.profile_id = p.id AND o.revision = p.revision
           AND o.film_year IS NOT DISTINCT FROM f.year
         WHERE f.analysis_id IS NOT NULL
        """,
        (profile_id,),
    ).fetchall()
    return [film_id for (film_id,) in rows]


def unmatched(conn: Connection[Any], profile_id: int, before: Sequence[int]) -> tuple[int, int]:
    """Films whose matches are not current: of the data set's; and of all others that are here, those that had been.

    Args:
        before: what `matched` was before anything of the data set came in.
    """
    now = matched(conn, profile_id)
    row = conn.execute(
        """
        SELECT (SELECT count(*) FROM map_films WHERE analysis_id IS NOT NULL AND id <> ALL (%(now)s)),
               (SELECT count(*) FROM unnest(%(before)s::bigint[]) AS f (id)
                 WHERE id <> ALL (%(now)s)
                   AND NOT EXISTS (SELECT FROM map_films AS m WHERE m.id = f.id AND m.analysis_id IS NOT NULL))
        """,
        {"now": now, "before": list(before)},
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def image_key(conn: Connection[Any], kind: str, source: int) -> str | None:
    """Where the picture of a row of the data set lies in the media store here; None for what was not taken."""
    queries: dict[str, LiteralString] = {
        "paintings": "SELECT p.image FROM map_paintings AS m JOIN paintings AS p ON p.id = m.id WHERE m.source = %s",
        "keyframes": "SELECT k.image FROM map_keyframes AS m JOIN keyframes AS k ON k.id = m.id WHERE m.source = %s",
    }
    row = conn.execute(queries[kind], (source,)).fetchone()
    return None if row is None else row[0]

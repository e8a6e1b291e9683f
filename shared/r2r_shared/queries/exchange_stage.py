"""A data set's rows in temporary tables: copied in as they come, asked whether they belong together.

The tables go with the transaction. Their keys are constraints, so what is there twice is refused by the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, sql

from r2r_shared.queries.exchange_fingerprint import FINGERPRINT

_TABLES = """
    CREATE TEMPORARY TABLE in_profiles (
        name text, encoder text, encoder_digest text, depth text, depth_digest text, metrics_version int, dim int,
        revision bigint
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_metric_ranges (
        metric text PRIMARY KEY, low float8, high float8, range float8, centre float8[], radius float8
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_unrelated (of_pictures int, nearness float8, scores float8[]) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_collections (
        id bigint PRIMARY KEY, name text UNIQUE,
        there text -- what the data set calls it; it may be called otherwise here
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_paintings (
        id bigint PRIMARY KEY, collection_id bigint, file text, sha256 bytea, title text,
        artist text, movement text, year text, year_from int, year_to int, medium text, museum text, genre text,
        extra text, licence text, page text, width int, height int,
        UNIQUE (collection_id, file), UNIQUE (collection_id, sha256)
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_painting_features (
        painting_id bigint PRIMARY KEY, dc vector(9), avg_dof float8, max_dof float8,
        min_dof float8, saturation float8, balance float8, shadow vector(9), contrast float8, embedding vector
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_painting_nearness (
        painting_id bigint PRIMARY KEY, nearness float8
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_films (
        id bigint PRIMARY KEY, sha256 bytea UNIQUE, title text, director text, year int, country text, file text,
        size_bytes bigint, container text, codec text, width int, height int, rotation int, fps_num bigint,
        fps_den bigint, frames int, duration_s float8, start_s float8, probe text, frame_index bytea, detector text,
        reader text, frames_missing int
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_shots (
        id bigint PRIMARY KEY, film_id bigint, start_frame int, end_frame int, start_s float8,
        end_s float8, transition text, blank text, UNIQUE (film_id, start_frame)
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_keyframes (
        id bigint PRIMARY KEY, shot_id bigint, frame int, time_s float8, width int, height int,
        crop int[], UNIQUE (shot_id, frame)
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_keyframe_features (
        keyframe_id bigint PRIMARY KEY, dc vector(9), avg_dof float8, max_dof float8,
        min_dof float8, saturation float8, balance float8, shadow vector(9), contrast float8, embedding vector
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_film_matches (
        film_id bigint PRIMARY KEY, film_year int, top_k int, how text, unproven int
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_matches (
        keyframe_id bigint, rank smallint, painting_id bigint, score float8, visual float8, semantic float8,
        metrics real[]
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE in_pictures (
        kind text, id bigint, bytes bigint, sha256 bytea, PRIMARY KEY (kind, id)
    ) ON COMMIT DROP;
"""


def create(conn: Connection[Any]) -> None:
    """Make the tables, in the caller's transaction."""
    conn.execute(_TABLES)


def copy(
    conn: Connection[Any],
    table: str,
    columns: Sequence[str],
    types: Sequence[str],
    batches: Iterable[Iterable[tuple[Any, ...]]],
) -> None:
    """Copy a table's rows in, by binary COPY."""
    with conn.cursor().copy(_copy_in(table, columns)) as target:
        target.set_types(list(types))
        for rows in batches:
            for row in rows:
                target.write_row(row)


def copy_packed(conn: Connection[Any], table: str, columns: Sequence[str], parts: Iterable[bytes]) -> None:
    """Copy a table's rows in that are packed as binary COPY takes them, its head and tail among the parts."""
    with conn.cursor().copy(_copy_in(table, columns)) as target:
        for part in parts:
            target.write(part)


def _copy_in(table: str, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier("pg_temp", f"in_{table}"), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


_POINTERS: tuple[tuple[LiteralString, LiteralString, LiteralString], ...] = (
    ("paintings", "collection_id", "collections"),
    ("painting_features", "painting_id", "paintings"),
    ("painting_nearness", "painting_id", "paintings"),
    ("shots", "film_id", "films"),
    ("keyframes", "shot_id", "shots"),
    ("keyframe_features", "keyframe_id", "keyframes"),
    ("film_matches", "film_id", "films"),
)
_CHECKS: tuple[tuple[str, LiteralString], ...] = (
    (
        "metric_ranges.parquet does not name the eight metrics, each with its values",
        """
        SELECT (SELECT count(*) FROM in_paintings) > 0
           AND (SELECT count(*) FROM in_metric_ranges
                 WHERE metric = ANY(%(metrics)s)
                   AND cardinality(centre) = CASE WHEN metric IN ('dc', 'shadow') THEN 9 ELSE 1 END
                   AND high >= low) <> cardinality(%(metrics)s)
        """,
    ),
    (
        "unrelated.parquet holds scores that do not ascend, or none",
        """
        SELECT EXISTS (SELECT FROM in_unrelated
                        WHERE cardinality(scores) = 0 OR cardinality(scores) > of_pictures
                           OR scores <> ARRAY(SELECT unnest(scores) ORDER BY 1))
        """,
    ),
    (
        "paintings.parquet and painting_features.parquet are not of the same paintings",
        "SELECT (SELECT count(*) FROM in_paintings) <> (SELECT count(*) FROM in_painting_features)",
    ),
    (
        "shots.parquet holds shots that overlap, end before they begin, or lie past the film's end",
        """
        SELECT EXISTS (
               SELECT FROM (SELECT s.*, f.frames,
                                   lag(s.end_frame, 1, 0) OVER (PARTITION BY s.film_id ORDER BY s.start_frame) AS before
                              FROM in_shots AS s JOIN in_films AS f ON f.id = s.film_id) AS s
                WHERE s.end_frame <= s.start_frame OR s.end_s < s.start_s OR s.start_frame < s.before
                   OR s.end_frame > s.frames)
        """,
    ),
    (
        "keyframes.parquet holds a keyframe outside its shot",
        """
        SELECT EXISTS (SELECT FROM in_keyframes AS k JOIN in_shots AS s ON s.id = k.shot_id
                        WHERE k.frame < s.start_frame OR k.frame >= s.end_frame)
        """,
    ),
    (
        "keyframes.parquet holds a keyframe that shows more than its film's picture",
        """
        SELECT EXISTS (SELECT FROM in_keyframes AS k
                         JOIN in_shots AS s ON s.id = k.shot_id JOIN in_films AS f ON f.id = s.film_id
                        WHERE k.crop[3] < 1 OR k.crop[4] < 1
                           OR k.crop[1]::bigint + k.crop[3] > f.width OR k.crop[2]::bigint + k.crop[4] > f.height)
        """,
    ),
    (
        "keyframe_features.parquet lacks a keyframe that can be matched",
        """
        SELECT EXISTS (SELECT FROM in_keyframes AS k JOIN in_shots AS s ON s.id = k.shot_id
                        WHERE s.blank IS NULL
                          AND NOT EXISTS (SELECT FROM in_keyframe_features AS v WHERE v.keyframe_id = k.id))
        """,
    ),
    (
        "matches.parquet names a keyframe, film or painting that is not in the data set, or has a rank twice",
        """
        SELECT EXISTS (
               SELECT FROM (SELECT *, lag(rank, 1, 0::smallint) OVER (PARTITION BY keyframe_id ORDER BY rank) AS before
                              FROM in_matches) AS m
                 LEFT JOIN (in_keyframes AS k
                            JOIN in_keyframe_features AS v ON v.keyframe_id = k.id
                            JOIN in_shots AS s ON s.id = k.shot_id
                            JOIN in_film_matches AS f ON f.film_id = s.film_id) ON k.id = m.keyframe_id
                 LEFT JOIN in_paintings AS p ON p.id = m.painting_id
                WHERE f.film_id IS NULL OR p.id IS NULL OR m.rank <> m.before + 1 OR m.rank > f.top_k)
        """,
    ),
    (
        "matches.parquet holds ranks that are not in the order of their scores",
        """
        SELECT EXISTS (
               SELECT FROM (SELECT score, lag(score) OVER (PARTITION BY keyframe_id ORDER BY rank) AS before
                              FROM in_matches) AS m
                WHERE m.score > m.before + 1e-9)
        """,
    ),
    (
        "pictures.parquet names a picture of a row that is not in the data set",
        """
        SELECT EXISTS (SELECT FROM in_pictures AS i
                        WHERE CASE i.kind WHEN 'paintings' THEN NOT EXISTS (SELECT FROM in_paintings WHERE id = i.id)
                                          ELSE NOT EXISTS (SELECT FROM in_keyframes WHERE id = i.id) END)
        """,
    ),
)  # fmt: skip


def complaint(conn: Connection[Any], *, metrics: Sequence[str]) -> str | None:
    """What about the rows together cannot be; None where nothing is wrong."""
    for table, column, other in _POINTERS:
        query = sql.SQL(
            "SELECT EXISTS (SELECT FROM {} AS i WHERE NOT EXISTS (SELECT FROM {} AS o WHERE o.id = i.{}))"
        ).format(sql.Identifier(f"in_{table}"), sql.Identifier(f"in_{other}"), sql.Identifier(column))
        if conn.execute(query).fetchone() == (True,):
            return f"{table}.parquet points to a row that is not in {other}.parquet"
    for said, query in _CHECKS:
        row = conn.execute(query, {"metrics": list(metrics)}).fetchone()
        assert row is not None
        if row[0]:
            return said
    return None


def analyse(conn: Connection[Any]) -> None:
    """Let the planner know how much has come; before `complaint`."""
    conn.execute("""
        ANALYZE in_paintings, in_painting_features, in_films, in_shots, in_keyframes, in_keyframe_features, in_matches,
                in_pictures
    """)


def indexes(conn: Connection[Any]) -> Iterable[tuple[int, str, int, bytes]]:
    """(id, title, frames, frame index) of each film, one at a time: an index may be large."""
    with conn.cursor(name="r2r_indexes", scrollable=False) as cur:
        cur.itersize = 1
        cur.execute("SELECT id, title, frames, frame_index FROM in_films ORDER BY id", binary=True)
        while found := cur.fetchmany(1):
            yield found[0]


def times(conn: Connection[Any], film_id: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of a film's shots the first frame, the frame after the last, and the seconds of both: (4, shots); of its
    keyframes the frame and its seconds: (2, keyframes)."""
    queries: tuple[LiteralString, ...] = (
        "SELECT start_frame, end_frame, start_s, end_s FROM in_shots WHERE film_id = %s",
        """
        SELECT k.frame, k.time_s FROM in_keyframes AS k JOIN in_shots AS s ON s.id = k.shot_id WHERE s.film_id = %s
        """,
    )
    shots, keyframes = (
        np.array(conn.execute(query, (film_id,)).fetchall(), np.float64).reshape(-1, width).T
        for query, width in zip(queries, (4, 2), strict=True)
    )
    return shots, keyframes


def is_profile(conn: Connection[Any], profile: dict[str, Any]) -> bool:
    """Whether the one row of `profiles` is this profile."""
    rows = conn.execute(
        """
        SELECT name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim, revision FROM in_profiles
        """
    ).fetchall()
    names = ("name", "encoder", "encoder_digest", "depth", "depth_digest", "metrics_version", "dim", "revision")
    return rows == [tuple(profile[name] for name in names)]


def fingerprint(conn: Connection[Any]) -> str:
    """Digest of the paintings' features and dates, in hexadecimal, as the manifest's."""
    row = conn.execute(
        f"""
        SELECT encode(sha256(coalesce(string_agg({FINGERPRINT}, ''::bytea ORDER BY p.id), '')), 'hex')
          FROM in_paintings AS p JOIN in_painting_features AS v ON v.painting_id = p.id
        """
    ).fetchone()
    assert row is not None
    return row[0]


def pictures(conn: Connection[Any]) -> Iterable[tuple[str, int, int, bytes]]:
    """(kind, id, bytes, sha256) of each picture."""
    with conn.cursor(name="r2r_pictures", scrollable=False) as cur:
        cur.execute("SELECT kind, id, bytes, sha256 FROM in_pictures ORDER BY kind, id")
        while found := cur.fetchmany(1_000):
            yield from found

"""Descriptions of works whose pictures are not here, written by the thousand: what a metadata import does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from r2r_shared.records import PaintingRecord


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch of descriptions did.

    Attributes:
        added, updated: awaited works.
        paintings: works of the batch that are paintings already.   updated_paintings: ids of those that changed.
        repeated: files that were described before in the same import.
    """

    added: int
    updated: int
    paintings: int
    updated_paintings: tuple[int, ...]
    repeated: tuple[str, ...]


def begin(conn: Connection[Any]) -> None:
    """Forget which files have been described on this connection: an import begins. In a transaction of its own.

    The names lie in the database, so that an import of any size needs no more memory than one of its batches.
    """
    with conn.transaction():
        conn.execute("CREATE TEMPORARY TABLE IF NOT EXISTS described_files (file text PRIMARY KEY)")
        conn.execute("TRUNCATE described_files")
        conn.execute(
            """
            CREATE TEMPORARY TABLE IF NOT EXISTS described (
                file text, title text, artist text, movement text, year text, year_from int, year_to int,
                medium text, museum text, genre text, extra jsonb, licence text, page text,
                picture_url text, record_url text
            ) ON COMMIT DELETE ROWS
            """
        )


def describe(conn: Connection[Any], collection_id: int, records: Sequence[PaintingRecord]) -> Changes:
    """Write what a source says of works without pictures, in the caller's transaction, which holds the collection.

    Those that have become paintings are described anew as such. What a museum's record said of a work when it was
    asked stays (`extra.fetched` and `told_licence`): of the licence, as long as the source says what it said then.
    What the source says otherwise since is newer, and counts.

    Args:
        records: each file once.
    """
    with conn.cursor().copy(
        "COPY described (file, title, artist, movement, year, year_from, year_to, medium, museum, genre, extra, "
        "licence, page, picture_url, record_url) FROM STDIN"
    ) as copy:
        for record in records:
            copy.write_row(_row(record))
    repeated = conn.execute(
        "DELETE FROM described AS d USING described_files AS s WHERE s.file = d.file RETURNING d.file"
    ).fetchall()
    conn.execute("INSERT INTO described_files SELECT file FROM described")
    conn.execute("ANALYZE described")  # a temporary table nobody looks at by itself: else it is joined by nested loops
    updated = _describe_paintings(conn, collection_id)
    paintings = conn.execute(
        "DELETE FROM described AS d USING paintings AS p WHERE p.collection_id = %s AND p.file = d.file",
        (collection_id,),
    ).rowcount
    written = conn.execute(
        """
        WITH written AS (
            INSERT INTO awaited_works AS a (
                collection_id, file, title, artist, movement, year, year_from, year_to, medium, museum, genre, extra,
                licence, page, picture_url, record_url)
            SELECT %s, file, title, artist, movement, year, year_from, year_to, medium, museum, genre, extra,
                   licence, page, picture_url, record_url
              FROM described
            ON CONFLICT (collection_id, file) DO UPDATE
               SET title = excluded.title, artist = excluded.artist, movement = excluded.movement, year = excluded.year,
                   year_from = excluded.year_from, year_to = excluded.year_to, medium = excluded.medium,
                   museum = excluded.museum, genre = excluded.genre, extra = excluded.extra,
                   licence = excluded.licence, page = excluded.page,
                   told_licence = CASE WHEN (a.licence, a.record_url) = (excluded.licence, excluded.record_url)
                                       THEN a.told_licence END,
                   picture_url = excluded.picture_url, record_url = excluded.record_url,
                   -- What is said of an address says nothing of another.
                   attempts = CASE WHEN (a.picture_url, a.record_url) = (excluded.picture_url, excluded.record_url)
                                   THEN a.attempts ELSE 0 END,
                   refused = CASE WHEN (a.picture_url, a.record_url) = (excluded.picture_url, excluded.record_url)
                                  THEN a.refused ELSE '' END,
                   final = a.final AND (a.picture_url, a.record_url) = (excluded.picture_url, excluded.record_url),
                   not_before = CASE WHEN (a.picture_url, a.record_url) = (excluded.picture_url, excluded.record_url)
                                     THEN a.not_before END
             WHERE (a.title, a.artist, a.movement, a.year, a.year_from, a.year_to, a.medium, a.museum, a.genre, a.extra,
                    a.licence, a.page, a.picture_url, a.record_url)
                   IS DISTINCT FROM
                   (excluded.title, excluded.artist, excluded.movement, excluded.year, excluded.year_from,
                    excluded.year_to, excluded.medium, excluded.museum, excluded.genre, excluded.extra,
                    excluded.licence, excluded.page, excluded.picture_url, excluded.record_url)
            RETURNING xmax = 0 AS inserted
        )
        SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM written
        """,
        (collection_id,),
    ).fetchone()
    assert written is not None
    return Changes(written[0], written[1], paintings, updated, tuple(file for (file,) in repeated))


def _row(record: PaintingRecord) -> tuple[Any, ...]:
    return (
        *(record.file, record.title, record.artist, record.movement, record.year, record.year_from, record.year_to),
        *(record.medium, record.museum, record.genre, _json(record.extra)),
        *(record.licence, record.page, record.picture_url, record.record_url),
    )


def _json(value: Any) -> str:
    """JSON as the database takes it: 1e999, which Python reads as infinity, is none."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(json.loads(json.dumps(value), parse_constant=lambda _: None), ensure_ascii=False)


def _describe_paintings(conn: Connection[Any], collection_id: int) -> tuple[int, ...]:
    """Describe anew the works that are paintings already; ids of those that changed."""
    # Locked by id first, as others lock them, so that no two wait for each other.
    rows = conn.execute(
        """
        SELECT p.id
          FROM described AS d
          JOIN paintings AS p ON p.collection_id = %s AND p.file = d.file
         WHERE (p.title, p.artist, p.movement, p.year, p.year_from, p.year_to, p.medium, p.museum, p.genre,
                p.extra - 'fetched', p.licence, p.page)
               IS DISTINCT FROM
               (d.title, d.artist, d.movement, d.year, d.year_from, d.year_to, d.medium, d.museum, d.genre,
                d.extra,
                CASE WHEN p.extra #>> '{fetched,listed}' = d.licence THEN p.extra #>> '{fetched,licence}'
                     ELSE d.licence END,
                d.page)
         ORDER BY p.id
           FOR UPDATE OF p
        """,
        (collection_id,),
    ).fetchall()
    ids = [number for (number,) in rows]
    if ids:
        conn.execute(
            """
            UPDATE paintings AS p
               SET title = d.title, artist = d.artist, movement = d.movement, year = d.year, year_from = d.year_from,
                   year_to = d.year_to, medium = d.medium, museum = d.museum, genre = d.genre,
                   extra = d.extra || CASE WHEN p.extra ? 'fetched'
                                           THEN jsonb_build_object('fetched', p.extra -> 'fetched') ELSE '{}' END,
                   licence = CASE WHEN p.extra #>> '{fetched,listed}' = d.licence THEN p.extra #>> '{fetched,licence}'
                                  ELSE d.licence END,
                   page = d.page
              FROM described AS d
             WHERE p.id = ANY(%s) AND p.file = d.file
            """,
            (ids,),
        )
    return tuple(ids)

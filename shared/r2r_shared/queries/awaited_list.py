"""Works whose pictures are not here, looked through and tidied by a person: listed, counted, removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from r2r_shared.queries.awaited import SELECT, AwaitedWork


def search(
    conn: Connection[Any],
    *,
    collection: str | None = None,
    words: str = "",
    artist: str | None = None,
    movement: str | None = None,
    licences: Sequence[str] | None = None,
    limit: int = 50,
) -> list[AwaitedWork]:
    """Awaited works by artist, date and title, of those that match; the arguments are those of paintings.search."""
    where = """
         WHERE (%(collection)s::text IS NULL OR c.name = %(collection)s)
           AND (%(artist)s::text IS NULL OR strpos(lower(a.artist), lower(%(artist)s)) > 0)
           AND (%(movement)s::text IS NULL OR strpos(lower(a.movement), lower(%(movement)s)) > 0)
           AND (%(licences)s::text[] IS NULL OR coalesce(a.told_licence, a.licence) = ANY(%(licences)s::text[]))
           AND NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word
                            WHERE strpos(lower(concat_ws(' ', a.artist, a.title, a.file)), lower(word)) = 0)
         ORDER BY lower(a.artist), coalesce(a.year_from, a.year_to), lower(a.title), a.id
         LIMIT %(limit)s
    """
    args = {
        "collection": collection,
        "artist": artist,
        "movement": movement,
        "licences": None if licences is None else list(licences),
        "words": words.split(),
        "limit": limit,
    }
    with conn.cursor(row_factory=class_row(AwaitedWork)) as cur:
        return cur.execute(SELECT + where, args).fetchall()


def licences(conn: Connection[Any]) -> list[str]:
    """The licences that awaited works have, as the rows spell them."""
    rows = conn.execute("SELECT DISTINCT coalesce(told_licence, licence) FROM awaited_works ORDER BY 1").fetchall()
    return [licence for (licence,) in rows]


def count(conn: Connection[Any], collection_id: int) -> int:
    """How many works of a collection are awaited."""
    row = conn.execute("SELECT count(*) FROM awaited_works WHERE collection_id = %s", (collection_id,)).fetchone()
    assert row is not None
    return row[0]


def remove(conn: Connection[Any], work_id: int) -> int:
    """Remove a work; 0 where it was no longer awaited."""
    return conn.execute("DELETE FROM awaited_works WHERE id = %s", (work_id,)).rowcount

"""Works that a museum describes and whose pictures are not here yet: listed, asked for, put off and let go."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from r2r_shared.errors import NotFound

MOST_RUNS = 5
"""So many runs ask for a picture that does not come; then it is given up until somebody says --retry."""
_CANDIDATES = 8  # so many of several are named in an error


@dataclass(frozen=True, slots=True)
class AwaitedWork:
    """A work's row.

    Attributes:
        licence: of its picture, as its museum's record says where that was asked, else as its source does.
        listed_licence: as its source says.
        picture_url, record_url: of its picture; of the record that names it; both empty where its source names none.
        attempts: runs in which it did not come.   refused: why, the last time.
        final: asking again would not change that.   not_before: its server asked to be left alone until then.
    """

    id: int
    collection: str
    file: str
    title: str
    artist: str
    movement: str
    year: str
    year_from: int | None
    year_to: int | None
    medium: str
    museum: str
    genre: str
    extra: dict[str, Any]
    licence: str
    listed_licence: str
    page: str
    picture_url: str
    record_url: str
    attempts: int
    refused: str
    final: bool
    not_before: datetime | None
    created_at: datetime


SELECT = """
    SELECT a.id, c.name AS collection, a.file, a.title, a.artist, a.movement, a.year, a.year_from, a.year_to, a.medium,
           a.museum, a.genre, a.extra, coalesce(a.told_licence, a.licence) AS licence, a.licence AS listed_licence,
           a.page, a.picture_url, a.record_url, a.attempts, a.refused, a.final, a.not_before, a.created_at
      FROM awaited_works AS a
      JOIN collections AS c ON c.id = a.collection_id
"""


def due(conn: Connection[Any], ids: Sequence[int]) -> list[AwaitedWork]:
    """Those of these works that are still awaited, and not put off meanwhile, in the order of `ids`."""
    query = SELECT + "WHERE a.id = ANY(%s) AND NOT a.final AND (a.not_before IS NULL OR a.not_before <= now())"
    with conn.cursor(row_factory=class_row(AwaitedWork)) as cur:
        rows = cur.execute(query, (list(ids),)).fetchall()
    by_id = {row.id: row for row in rows}
    return [by_id[number] for number in ids if number in by_id]


def find(conn: Connection[Any], name: str, *, collection: str | None = None) -> AwaitedWork | None:
    """The one work that `name` means: a file, a title, or words of artist, title and file. None where none is meant.

    The first of these that names any decides.

    Raises:
        NotFound: several do; the hint lists them.
    """
    for query in (
        "a.file = %(name)s",
        "lower(a.title) = lower(%(name)s)",
        """NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word
                        WHERE strpos(lower(concat_ws(' ', a.artist, a.title, a.file)), lower(word)) = 0)""",
    ):
        if not name.split():
            break
        within = "(%(collection)s::text IS NULL OR c.name = %(collection)s)"
        with conn.cursor(row_factory=class_row(AwaitedWork)) as cur:
            rows = cur.execute(
                f"{SELECT} WHERE {query} AND {within} ORDER BY a.id LIMIT %(limit)s",
                {"name": name, "words": name.split(), "collection": collection, "limit": _CANDIDATES + 1},
            ).fetchall()
        if len(rows) > 1:
            listed = "; ".join(f"{row.file} {row.artist or 'unknown'}, {row.title}" for row in rows[:_CANDIDATES])
            more = "; …" if len(rows) > _CANDIDATES else ""
            raise NotFound(f"several awaited works answer to “{name}”", f"name one by its file: {listed}{more}")
        if rows:
            return rows[0]
    return None


def pending(conn: Connection[Any], collection_id: int, *, licences: Sequence[str] | None = None) -> array[int]:
    """Ids of the works whose pictures are to be asked for now, those first that have failed least.

    Args:
        licences: only works whose picture has one of these, as the rows spell them, and those of which the record that
            is still to be asked may say one; None: any.
    """
    query = """
        SELECT id FROM awaited_works
         WHERE collection_id = %s AND NOT final AND (picture_url <> '' OR record_url <> '')
           AND (not_before IS NULL OR not_before <= now())
           AND (%s::text[] IS NULL OR coalesce(told_licence, licence) = ANY(%s::text[])
                OR (told_licence IS NULL AND licence = '' AND picture_url = ''))
         ORDER BY attempts, id
    """
    wanted = None if licences is None else list(licences)
    with conn.cursor() as cur:  # eight bytes a work, so that a whole museum's ids fit
        return array("q", (number for (number,) in cur.stream(query, (collection_id, wanted, wanted))))


def a_file(conn: Connection[Any], collection_id: int) -> str:
    """The name of one of a collection's works; empty where none is awaited."""
    row = conn.execute("SELECT file FROM awaited_works WHERE collection_id = %s LIMIT 1", (collection_id,)).fetchone()
    return row[0] if row else ""


def licences(conn: Connection[Any], collection_id: int) -> list[str]:
    """The licences that works of a collection have, awaited or not, as the rows spell them."""
    rows = conn.execute(
        """
        SELECT coalesce(told_licence, licence) FROM awaited_works WHERE collection_id = %(id)s
         UNION
        SELECT licence FROM paintings WHERE collection_id = %(id)s
         ORDER BY 1
        """,
        {"id": collection_id},
    ).fetchall()
    return [licence for (licence,) in rows]


@dataclass(frozen=True, slots=True)
class Left:
    """How many works of a collection are awaited.

    Attributes:
        fetchable: of which a picture can be asked for, now or later.
        put_off: of these, those whose server asked to be left alone for now; the first may be asked at `put_off_until`.
        given_up: whose picture will not come; `retry` asks again all the same.
        without_picture: of which the source names none.
    """

    fetchable: int
    put_off: int
    put_off_until: datetime | None
    given_up: int
    without_picture: int


def left(conn: Connection[Any], collection_id: int) -> Left:
    """What a collection is waiting for."""
    row = conn.execute(
        """
        SELECT count(*) FILTER (WHERE NOT final AND named),
               count(*) FILTER (WHERE NOT final AND named AND not_before > now()),
               min(not_before) FILTER (WHERE NOT final AND named AND not_before > now()),
               count(*) FILTER (WHERE final),
               count(*) FILTER (WHERE NOT final AND NOT named)
          FROM (SELECT final, not_before, (picture_url <> '' OR record_url <> '') AS named
                  FROM awaited_works WHERE collection_id = %s) AS a
        """,
        (collection_id,),
    ).fetchone()
    assert row is not None
    return Left(*row)


@dataclass(frozen=True, slots=True)
class Miss:
    """A work whose picture did not come; `told` is the licence that its museum's record says, if it does."""

    id: int
    reason: str
    final: bool
    told: str | None = None


def missed(conn: Connection[Any], misses: Iterable[Miss]) -> None:
    """Write why pictures did not come."""
    query = """
        UPDATE awaited_works
           SET attempts = attempts + 1, refused = %s, final = %s OR attempts + 1 >= %s,
               told_licence = coalesce(%s, told_licence), not_before = NULL
         WHERE id = %s
    """
    with conn.cursor() as cur:
        cur.executemany(query, [(one.reason, one.final, MOST_RUNS, one.told, one.id) for one in misses])


def license(conn: Connection[Any], found: Sequence[tuple[int, str]]) -> None:
    """Write licences (id, licence) that museums' records have told; of their pictures nothing is known."""
    with conn.cursor() as cur:
        cur.executemany(
            "UPDATE awaited_works SET told_licence = %s WHERE id = %s", [(licence, number) for number, licence in found]
        )


def reopen(conn: Connection[Any], ids: Sequence[int]) -> None:
    """What was said of these works' pictures was not final after all; how often they were asked for stays."""
    conn.execute("UPDATE awaited_works SET final = false WHERE id = ANY(%s) AND attempts < %s", (list(ids), MOST_RUNS))


def postpone(conn: Connection[Any], collection_id: int, ids: Sequence[int], netloc: str, until: datetime) -> None:
    """Leave works for later: these, and all others of the collection that the same server is to be asked for."""
    conn.execute(
        """
        UPDATE awaited_works
           SET not_before = %(until)s, refused = %(refused)s
         WHERE collection_id = %(collection)s AND NOT final
           AND (id = ANY(%(ids)s)
                OR lower(split_part(coalesce(nullif(picture_url, ''), record_url), '/', 3)) = %(netloc)s)
        """,
        {
            "until": until,
            "refused": f"{netloc} asked to be left alone, or gives nothing",
            "collection": collection_id,
            "ids": list(ids),
            "netloc": netloc,
        },
    )


def retry(conn: Connection[Any], collection_id: int) -> int:
    """Ask again for what was given up or put off; how many works that is."""
    return conn.execute(
        """
        UPDATE awaited_works SET attempts = 0, refused = '', final = false, not_before = NULL, told_licence = NULL
         WHERE collection_id = %s
           AND (final OR attempts > 0 OR not_before IS NOT NULL OR told_licence IS NOT NULL)
        """,
        (collection_id,),
    ).rowcount


def still(conn: Connection[Any], ids: Sequence[int]) -> set[int]:
    """Those of these works that are still awaited."""
    return {number for (number,) in conn.execute("SELECT id FROM awaited_works WHERE id = ANY(%s)", (list(ids),))}


def forget(conn: Connection[Any], collection_id: int, files: Sequence[str]) -> None:
    """These works have become paintings, in the transaction that makes them so."""
    conn.execute("DELETE FROM awaited_works WHERE collection_id = %s AND file = ANY(%s)", (collection_id, list(files)))


def hold_fetching(conn: Connection[Any], collection_id: int, *, wait_s: float = 5.0) -> bool:
    """Be the one that fetches for a collection, until the connection closes; False where another is.

    Args:
        wait_s: a server takes a moment to notice that a process was killed.
    """
    deadline = time.monotonic() + wait_s
    while True:
        row = conn.execute("SELECT pg_try_advisory_lock(%s, %s)", (_FETCHING, collection_id % (1 << 31))).fetchone()
        if row == (True,):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)


def release_fetching(conn: Connection[Any], collection_id: int) -> None:
    """Let another fetch."""
    conn.execute("SELECT pg_advisory_unlock(%s, %s)", (_FETCHING, collection_id % (1 << 31)))


_FETCHING = 0x52325246  # "R2RF": no other advisory lock of ours has this first key

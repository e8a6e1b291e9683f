"""The rows an import writes: paintings added, updated and replaced, and the job that measures them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from r2r_shared import names
from r2r_shared.errors import NotFound
from r2r_shared.queries import jobs, ranges, segments
from r2r_shared.records import PaintingRecord

PICTURES_PER_SEGMENT = 64


@dataclass(frozen=True, slots=True)
class Stored:
    """A painting as the database has it: its picture, and what its source said of it (`described`)."""

    id: int
    sha256: bytes
    image: str
    described: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A painting to be written: what its source says, and its picture."""

    record: PaintingRecord
    sha256: bytes
    image: str
    width: int
    height: int


def described(record: PaintingRecord) -> tuple[Any, ...]:
    """What a source says of a painting, in the order of the columns below."""
    return (
        *(record.title, record.artist, record.movement, record.year, record.year_from, record.year_to),
        *(record.medium, record.museum, record.genre, record.licence, record.page, record.extra),
    )


def lock(conn: Connection[Any], collection_id: int) -> None:
    """Hold a collection until the transaction ends: of several imports into it, one writes at a time.

    Raises:
        NotFound: it was removed meanwhile.
    """
    if conn.execute("SELECT FROM collections WHERE id = %s FOR UPDATE", (collection_id,)).rowcount != 1:
        raise NotFound("the collection was removed while it was being imported", "run the import again")


def stored(conn: Connection[Any], collection: str, files: Sequence[str]) -> dict[str, Stored]:
    """What a collection, if it is there at all, has under these file names."""
    query = """
        SELECT p.file, p.id, p.sha256, p.image,
               p.title, p.artist, p.movement, p.year, p.year_from, p.year_to, p.medium, p.museum, p.genre,
               p.licence, p.page, p.extra
          FROM paintings AS p
          JOIN collections AS c ON c.id = p.collection_id
         WHERE c.name = %s AND p.file = ANY(%s)
    """
    rows = conn.execute(query, (collection, list(files))).fetchall()
    return {row[0]: Stored(row[1], bytes(row[2]), row[3], tuple(row[4:])) for row in rows}


def owners(conn: Connection[Any], collection_id: int, digests: Iterable[bytes]) -> dict[bytes, str]:
    """Picture → the file it goes by in a collection, for those of `digests` that it has."""
    query = "SELECT sha256, file FROM paintings WHERE collection_id = %s AND sha256 = ANY(%s)"
    return {bytes(sha256): file for sha256, file in conn.execute(query, (collection_id, list(digests)))}


def insert(conn: Connection[Any], collection_id: int, rows: Sequence[Row]) -> None:
    """Add paintings."""
    query = """
        INSERT INTO paintings (collection_id, file, sha256, title, artist, movement, year, year_from, year_to,
                               medium, museum, genre, licence, page, extra, width, height, image)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    """
    with conn.cursor() as cur:
        cur.executemany(
            query,
            [
                (collection_id, row.record.file, row.sha256, *_columns(row.record), row.width, row.height, row.image)
                for row in rows
            ],
        )


def update(conn: Connection[Any], changed: Sequence[tuple[int, PaintingRecord]]) -> None:
    """Write what a source now says of these paintings (id, record); their pictures are the same."""
    query = """
        UPDATE paintings
           SET title = %s, artist = %s, movement = %s, year = %s, year_from = %s, year_to = %s,
               medium = %s, museum = %s, genre = %s, licence = %s, page = %s, extra = %s
         WHERE id = %s
    """
    ordered = sorted(changed, key=_id)  # as others lock them, so that no two wait for each other
    with conn.cursor() as cur:
        cur.executemany(query, [(*_columns(record), painting_id) for painting_id, record in ordered])


def replace(conn: Connection[Any], changed: Sequence[tuple[int, Row]]) -> None:
    """Give these paintings another picture; what was measured of the old one goes."""
    ids = sorted(painting_id for painting_id, _ in changed)
    # Two of them may have swapped their pictures: none may stand in another's way, which would break uniqueness.
    conn.execute("UPDATE paintings SET sha256 = sha256(int8send(id)) WHERE id = ANY(%s)", (ids,))
    with conn.cursor() as cur:
        cur.executemany(
            "UPDATE paintings SET sha256 = %s, width = %s, height = %s, image = %s, pictured = true WHERE id = %s",
            [(row.sha256, row.width, row.height, row.image, number) for number, row in sorted(changed, key=_id)],
        )
    conn.execute("DELETE FROM painting_features WHERE painting_id = ANY(%s)", (ids,))
    conn.execute("DELETE FROM matches WHERE painting_id = ANY(%s)", (ids,))
    update(conn, [(painting_id, row.record) for painting_id, row in changed])


def _id(pair: tuple[int, Any]) -> int:
    return pair[0]


def _columns(record: PaintingRecord) -> tuple[Any, ...]:
    *columns, extra = described(record)
    return (*columns, Jsonb(extra))


def queue_measurement(conn: Connection[Any], collection_id: int, profile_id: int) -> int | None:
    """A job for the paintings that no one has measured under a profile, or is about to; its id.

    Where nothing is left to queue: the open job that works on the collection, else None, and then the profile's
    ranges are up to date. In a transaction of its own.
    """
    with conn.transaction():
        lock(conn, collection_id)
        waiting = conn.execute(
            """
            SELECT id FROM jobs
             WHERE kind = 'paintings' AND collection_id = %s AND profile_id = %s
               AND state IN ('queued', 'running') AND NOT cancel_requested
             ORDER BY id DESC LIMIT 1
            """,
            (collection_id, profile_id),
        ).fetchone()
        missing = unmeasured(conn, collection_id, profile_id)
        if not missing:
            if waiting is None:
                ranges.refresh(conn, profile_id)
            return waiting[0] if waiting else None
        job_id = jobs.create(conn, kind="paintings", collection_id=collection_id, profile_id=profile_id)
        starts = range(0, len(missing), PICTURES_PER_SEGMENT)
        segments.add_batches(
            conn, job_id, names.PICTURES, [missing[start : start + PICTURES_PER_SEGMENT] for start in starts]
        )
        segments.add_closing(conn, job_id, names.RANGES)
        return job_id


def unmeasured(conn: Connection[Any], collection_id: int, profile_id: int) -> list[int]:
    """Paintings of a collection without features under a profile, and in no segment that is still to be done.

    Without those that came without a picture (pictureless.py): nobody can measure them.
    """
    query = """
        SELECT p.id
          FROM paintings AS p
         WHERE p.collection_id = %(collection)s AND p.pictured
           AND NOT EXISTS (SELECT FROM painting_features AS f
                            WHERE f.painting_id = p.id AND f.profile_id = %(profile)s)
        EXCEPT
        SELECT unnest(s.items)
          FROM segments AS s
          JOIN jobs AS j ON j.id = s.job_id
         WHERE j.kind = 'paintings' AND j.collection_id = %(collection)s AND j.profile_id = %(profile)s
           AND j.state IN ('queued', 'running') AND NOT j.cancel_requested
           AND s.kind = 'pictures' AND s.state = 'queued'
         ORDER BY 1
    """
    rows = conn.execute(query, {"collection": collection_id, "profile": profile_id}).fetchall()
    return [painting_id for (painting_id,) in rows]


def refresh(conn: Connection[Any], profile_ids: Iterable[int]) -> None:
    """Bring the ranges and revisions of these profiles up to date, in the caller's transaction."""
    for profile_id in profile_ids:
        ranges.refresh(conn, profile_id)

"""What became of fetched works, written: a painting for each picture that came, a reason for each that did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection

from r2r_shared.fetching.works import Came, Missed, Outcome, PutOff, Unwanted
from r2r_shared.import_summary import Tallies, Tally, count
from r2r_shared.importing import DUPLICATE, UNWANTED_LICENCE, key_of
from r2r_shared.queries import awaited, painting_import, pictureless
from r2r_shared.queries.awaited import AwaitedWork, Left, Miss
from r2r_shared.queries.painting_import import Row
from r2r_shared.records import PaintingRecord


@dataclass(slots=True)
class FetchSummary:
    """What became of the works that were asked for.

    Attributes:
        fetched: paintings now.
        refused, duplicates, dropped: reason → how many and which; dropped is what was left out on purpose.
        put_off: server that asked to be left alone, or gave nothing to anyone → works that it was to be asked for.
        requests, seconds: what was asked of all servers together for these works, and for how long.
        left: what is awaited still.
        jobs: that measure what came.
    """

    fetched: int = 0
    refused: Tallies = field(default_factory=dict[str, Tally])
    duplicates: Tallies = field(default_factory=dict[str, Tally])
    dropped: Tallies = field(default_factory=dict[str, Tally])
    put_off: Tallies = field(default_factory=dict[str, Tally])
    requests: int = 0
    seconds: float = 0.0
    left: Left | None = None
    jobs: list[int] = field(default_factory=list[int])

    @property
    def missed(self) -> int:
        """Works that were asked for and are no paintings."""
        tallies = (self.refused, self.duplicates, self.dropped, self.put_off)
        return sum(tally.count for kind in tallies for tally in kind.values())


def netloc_of(work: AwaitedWork) -> str:
    """The server that a work's picture, or the record that names it, is asked of, as its address spells it."""
    return "".join((work.picture_url or work.record_url).split("/")[2:3]).lower()


def store(conn: Connection[Any], collection_id: int, outcomes: Sequence[Outcome], summary: FetchSummary) -> None:
    """Write one batch in one transaction, then clear the cache of what is of no more use.

    Raises:
        NotFound: the collection was removed meanwhile.
    """
    came = sorted((one for one in outcomes if isinstance(one, Came)), key=lambda one: one.work.id)
    missed = [one for one in outcomes if isinstance(one, Missed)]
    unwanted = [one for one in outcomes if isinstance(one, Unwanted)]
    put_off: dict[str, list[PutOff]] = {}
    for one in outcomes:
        if isinstance(one, PutOff):
            put_off.setdefault(one.host, []).append(one)
    with conn.transaction():
        painting_import.lock(conn, collection_id)
        pictureless.have_come(conn, [key_of(one.sha256) for one in came])
        rows, duplicates = _compare(conn, collection_id, came)
        painting_import.insert(conn, collection_id, rows)
        awaited.forget(conn, collection_id, [row.record.file for row in rows])
        awaited.missed(conn, [Miss(one.work.id, one.reason, one.final, one.told) for one in missed])
        awaited.missed(conn, [Miss(one.work.id, f"{DUPLICATE}: {other}", True, one.told) for one, other in duplicates])
        awaited.license(conn, [(one.work.id, one.licence) for one in unwanted])
        for host, several in put_off.items():
            until = max(one.until for one in several)
            awaited.postpone(conn, collection_id, [one.work.id for one in several], host, until)
    summary.fetched += len(rows)
    for one in missed:
        count(summary.refused, one.reason, one.work.file, one.detail)
    for one, other in duplicates:
        count(summary.duplicates, DUPLICATE, one.work.file, f"as {other}")
    for one in unwanted:
        count(summary.dropped, UNWANTED_LICENCE, one.work.file, one.licence or "nobody says which")
    for one in (one for several in put_off.values() for one in several):
        count(summary.put_off, one.host, one.work.file)
    for one in (*came, *(miss for miss in missed if miss.final)):
        for entry in one.entries:
            entry.drop()


def _compare(
    conn: Connection[Any], collection_id: int, came: Sequence[Came]
) -> tuple[list[Row], list[tuple[Came, str]]]:
    """The paintings to be added, and the pictures that the collection has already with the file they are known by."""
    still = awaited.still(conn, [one.work.id for one in came])  # another import may have brought a picture meanwhile
    owners = painting_import.owners(conn, collection_id, {one.sha256 for one in came})
    rows: list[Row] = []
    duplicates: list[tuple[Came, str]] = []
    for one in came:
        if one.work.id not in still:
            continue
        owner = owners.setdefault(one.sha256, one.work.file)
        if owner == one.work.file:
            rows.append(_row(one))
        else:
            duplicates.append((one, owner))
    return rows, duplicates


def _row(came: Came) -> Row:
    work = came.work
    record = PaintingRecord(
        file=work.file,
        path="",
        title=work.title,
        artist=work.artist,
        movement=work.movement,
        year=work.year,
        year_from=work.year_from,
        year_to=work.year_to,
        medium=work.medium,
        museum=work.museum,
        genre=work.genre,
        extra=work.extra | {"fetched": came.fetched},
        licence=came.licence,
        page=work.page,
    )
    return Row(record, came.sha256, key_of(came.sha256), came.width, came.height)

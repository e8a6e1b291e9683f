"""Bringing a collection in: pictures into the media store, rows into the database, a job that measures them.

Resumable and idempotent: pictures are stored under their own digest before the row that names them is committed,
and rows in batches, so an import that was killed goes on where it was when it is run again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice, repeat
from pathlib import Path
from typing import Any

from psycopg import Connection

from r2r_shared import pictures
from r2r_shared.collections.clean import reason_to_drop
from r2r_shared.errors import PictureRefused
from r2r_shared.queries import painting_import, paintings
from r2r_shared.queries import profiles as profile_rows
from r2r_shared.queries.painting_import import Row, Stored
from r2r_shared.records import PaintingRecord, Refusal
from r2r_shared.storage import depth_maps
from r2r_shared.storage.media_store import MediaStore

BATCH = 500  # rows a transaction; what a kill can cost
EXAMPLES = 5  # files named for each reason
DUPLICATE = "the same picture under another name"
REPEATED = "named more than once in the source"


@dataclass(slots=True)
class Tally:
    """How many entries a reason met, and the first of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list[str])

    def add(self, example: str) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class ImportSummary:
    """What became of the entries of a source.

    Attributes:
        collection_id: None where nothing in the source was usable: then nothing is stored either.
        added: new paintings.   updated: their description changed.   replaced: their picture did.
        refused, duplicates, dropped: reason → how many and which; dropped is what `clean` left out.
        job_id: the job that measures what is new, if anything is.
    """

    collection: str
    collection_id: int | None = None
    added: int = 0
    updated: int = 0
    replaced: int = 0
    unchanged: int = 0
    refused: dict[str, Tally] = field(default_factory=dict[str, Tally])
    duplicates: dict[str, Tally] = field(default_factory=dict[str, Tally])
    dropped: dict[str, Tally] = field(default_factory=dict[str, Tally])
    job_id: int | None = None

    @property
    def stored(self) -> int:
        """Entries that are paintings of the collection now."""
        return self.added + self.updated + self.replaced + self.unchanged

    @property
    def seen(self) -> int:
        """Entries of the source, whatever became of them."""
        left_out = (*self.refused.values(), *self.duplicates.values(), *self.dropped.values())
        return self.stored + sum(tally.count for tally in left_out)


def key_of(sha256: bytes) -> str:
    """Where a painting's picture lies in the media store: by its content."""
    name = sha256.hex()
    return f"paintings/{name[:2]}/{name}.jpg"


def import_paintings(
    conn: Connection[Any],
    store: MediaStore,
    records: Iterable[PaintingRecord | Refusal],
    *,
    collection: str,
    profile_id: int,
    clean: bool = False,
    on_progress: Callable[[int], None] = lambda seen: None,
) -> ImportSummary:
    """Import a source and queue the measuring of what is new. Nothing in the source stops it.

    A painting is known by its file name in its collection, a picture by its bytes. What an earlier import brought
    in and this one refuses, drops or does not name stays as it was; a file that has become a copy of another goes.

    Args:
        conn: in no transaction; each batch is one of its own.
        clean: leave out what paper 4.1 leaves out.
        on_progress: called with the number of entries seen so far, from the calling thread.

    Raises:
        UserError: the source as a whole cannot be read (nothing is stored), or the media store takes no more.
    """
    summary = ImportSummary(collection)
    wanted = _wanted(records, summary, clean=clean)
    threads = min(4, max(2, os.cpu_count() or 2))
    with ThreadPoolExecutor(threads, thread_name_prefix="r2r-picture") as pool:
        while batch := list(islice(wanted, BATCH)):
            with conn.transaction():
                known = painting_import.stored(conn, collection, [record.file for record in batch])
            before = summary.seen
            taken: list[_Taken | PictureRefused] = []
            for result in pool.map(_take, repeat(store), batch, [known.get(record.file) for record in batch]):
                taken.append(result)
                on_progress(before + len(taken))
            _store(conn, store, summary, list(zip(batch, taken, strict=True)))
    on_progress(summary.seen)
    if summary.collection_id is not None:
        summary.job_id = painting_import.queue_measurement(conn, summary.collection_id, profile_id)
    return summary


def _wanted(
    records: Iterable[PaintingRecord | Refusal], summary: ImportSummary, *, clean: bool
) -> Iterator[PaintingRecord]:
    """The records whose pictures are to be looked at; all others are counted."""
    named: set[str] = set()
    for record in records:
        if isinstance(record, Refusal):
            _count(summary.refused, record.reason, record.file, record.detail)
        elif record.file in named:
            _count(summary.duplicates, REPEATED, record.file)
        elif clean and (reason := reason_to_drop(record)) is not None:
            named.add(record.file)
            _count(summary.dropped, reason, record.file)
        else:
            named.add(record.file)
            yield record


def _count(tallies: dict[str, Tally], reason: str, file: str, detail: str = "") -> None:
    tallies.setdefault(reason, Tally()).add(f"{file} ({detail})" if detail else file)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A picture that is in the media store. `size` is None where the row that is there already has it."""

    sha256: bytes
    size: tuple[int, int] | None


def _take(store: MediaStore, record: PaintingRecord, known: Stored | None) -> _Taken | PictureRefused:
    """Look at a record's picture and store it, in a thread of the pool."""
    path = Path(record.path)
    try:
        if known is not None and pictures.digest(path) == known.sha256 and store.exists(known.image):
            return _Taken(known.sha256, None)
        picture = pictures.intake(path)
    except PictureRefused as refused:
        return refused
    store.put(key_of(picture.sha256), picture.jpeg)
    return _Taken(picture.sha256, (picture.width, picture.height))


@dataclass(slots=True)
class _Changes:
    """What one batch does to the rows of its collection."""

    inserts: list[Row] = field(default_factory=list[Row])
    updates: list[tuple[int, PaintingRecord]] = field(default_factory=list[tuple[int, PaintingRecord]])
    replacements: list[tuple[int, Row]] = field(default_factory=list[tuple[int, Row]])
    removals: list[int] = field(default_factory=list[int])
    images: list[str] = field(default_factory=list[str])  # that a replaced row had


def _store(
    conn: Connection[Any],
    store: MediaStore,
    summary: ImportSummary,
    batch: list[tuple[PaintingRecord, _Taken | PictureRefused]],
) -> None:
    """Write one batch in one transaction, then delete the pictures that no row has any more."""
    taken: list[tuple[PaintingRecord, _Taken]] = []
    for record, result in batch:
        if isinstance(result, PictureRefused):
            _count(summary.refused, result.reason, record.file, result.detail)
        else:
            taken.append((record, result))
    if not taken:
        return
    with conn.transaction():
        collection_id = paintings.ensure_collection(conn, summary.collection)
        painting_import.lock(conn, collection_id)
        changes = _compare(conn, collection_id, summary, taken)
        profiles = paintings.measuring_profiles(
            conn, [number for number, _ in (*changes.updates, *changes.replacements)]
        )
        removed = paintings.remove(conn, changes.removals)
        painting_import.replace(conn, changes.replacements)
        painting_import.insert(conn, collection_id, changes.inserts)
        painting_import.update(conn, changes.updates)
        painting_import.refresh(conn, profiles)
        unused = paintings.unused_images(conn, changes.images)
        digests = profile_rows.depth_digests(conn)
    summary.collection_id = collection_id
    summary.added += len(changes.inserts)
    summary.updated += len(changes.updates)
    summary.replaced += len(changes.replacements)
    delete_images(store, {*unused, *removed.images}, depth_digests=digests)


def _compare(
    conn: Connection[Any], collection_id: int, summary: ImportSummary, batch: list[tuple[PaintingRecord, _Taken]]
) -> _Changes:
    """What is to be done for each record; unchanged ones and duplicates are counted."""
    known = painting_import.stored(conn, summary.collection, [record.file for record, _ in batch])
    owners = painting_import.owners(conn, collection_id, {taken.sha256 for _, taken in batch})
    for record, taken in batch:  # files whose picture changed give up the one they had
        mine = known.get(record.file)
        if mine and taken.size and mine.sha256 != taken.sha256 and owners.get(mine.sha256) == record.file:
            del owners[mine.sha256]
    changes = _Changes()
    for record, taken in batch:
        mine = known.get(record.file)
        owner = owners.get(taken.sha256, record.file)
        if taken.size is None and (mine is None or mine.sha256 != taken.sha256):
            _count(summary.refused, "changed by another import meanwhile", record.file)
            continue
        owners[taken.sha256] = owner
        if owner != record.file:
            _count(summary.duplicates, DUPLICATE, record.file, f"as {owner}")
            if mine is not None:  # its file no longer shows what the row has
                changes.removals.append(mine.id)
        elif mine is not None and mine.sha256 == taken.sha256:
            if mine.described == painting_import.described(record):
                summary.unchanged += 1
            else:
                changes.updates.append((mine.id, record))
        elif taken.size is not None:
            row = Row(record, taken.sha256, key_of(taken.sha256), *taken.size)
            if mine is None:
                changes.inserts.append(row)
            else:
                changes.replacements.append((mine.id, row))
                changes.images.append(mine.image)
    return changes


def delete_images(store: MediaStore, images: Collection[str], *, depth_digests: Iterable[str] = ()) -> None:
    """Delete pictures that no row names any more, and their depth maps; after the commit that made them so."""
    for key in (*images, *depth_maps.of_pictures(images, depth_digests)):
        store.delete_prefix(key)

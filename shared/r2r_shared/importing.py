"""Bringing a collection in: pictures into the media store, rows into the database, a job that measures them.

A source may say where a picture lies at its museum instead of bringing it: then the work is described in a row of its
own, and awaits its picture (`fetching.run` gets it).

Resumable and idempotent: pictures are stored under their own digest before the row that names them is committed,
and rows in batches, so an import that was killed goes on where it was when it is run again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any

from psycopg import Connection

from r2r_shared import import_summary, pictures
from r2r_shared.collections import licences as licence_words
from r2r_shared.collections.clean import reason_to_drop
from r2r_shared.errors import NotFetched, PictureRefused
from r2r_shared.import_summary import EXAMPLES, ImportSummary, Tally
from r2r_shared.queries import awaited, describing, painting_import, paintings, pictureless
from r2r_shared.queries import profiles as profile_rows
from r2r_shared.queries.painting_import import Row, Stored
from r2r_shared.records import PaintingRecord, Refusal
from r2r_shared.storage import depth_maps
from r2r_shared.storage.media_store import MediaStore

__all__ = ["BATCH", "DUPLICATE", "EXAMPLES", "REPEATED", "ImportSummary", "Tally", "delete_images", "import_paintings"]

BATCH = 500  # pictures a transaction; what a kill can cost
DESCRIBED_BATCH = 5000  # descriptions a transaction, or
DESCRIBED_S = 10.0  # those of so many seconds: a walk at a museum's pace brings one a second
DUPLICATE = "the same picture under another name"
REPEATED = "named more than once in the source"
UNWANTED_LICENCE = "not under a licence that was asked for"

_count = import_summary.count


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
    licences: Collection[str] = (),
    on_progress: Callable[[int], None] = lambda seen: None,
) -> ImportSummary:
    """Import a source and queue the measuring of what is new. Nothing in the source stops it.

    A painting is known by its file name in its collection, a picture by its bytes. What an earlier import brought
    in and this one refuses, drops or does not name stays as it was; a file that has become a copy of another goes.

    Args:
        conn: in no transaction; each batch is one of its own.
        clean: leave out what paper 4.1 leaves out.
        licences: leave out what is under none of these (`collections.licences.matches`).
        on_progress: called with the number of entries seen so far, from the calling thread.

    Raises:
        UserError: the source as a whole cannot be read (nothing is stored), or the media store takes no more.
    """
    summary = ImportSummary(collection)
    describing.begin(conn)
    threads = min(4, max(2, os.cpu_count() or 2))
    with ThreadPoolExecutor(threads, thread_name_prefix="r2r-picture") as pool:
        for batch in _batches(_wanted(_read(records, summary), summary, clean=clean, licences=licences)):
            if not batch[0].path:
                _describe(conn, summary, batch)
                on_progress(summary.seen)
                continue
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


def _read(records: Iterable[PaintingRecord | Refusal], summary: ImportSummary) -> Iterator[PaintingRecord | Refusal]:
    """The source's entries, as far as its server gives them."""
    try:
        yield from records
    except NotFetched as error:
        summary.broken_off = str(error)


def _batches(records: Iterable[PaintingRecord]) -> Iterator[list[PaintingRecord]]:
    """Records in the order they come, those with a picture and those without apart."""
    batches: dict[bool, list[PaintingRecord]] = {True: [], False: []}
    described_at = time.monotonic()
    for record in records:
        local = bool(record.path)
        batches[local].append(record)
        late = not local and time.monotonic() - described_at > DESCRIBED_S
        if late or len(batches[local]) >= (BATCH if local else DESCRIBED_BATCH):
            yield batches[local]
            batches[local] = []
            described_at = time.monotonic()
    yield from filter(None, batches.values())


def _wanted(
    records: Iterable[PaintingRecord | Refusal], summary: ImportSummary, *, clean: bool, licences: Collection[str]
) -> Iterator[PaintingRecord]:
    """The records whose pictures are to be looked at; all others are counted."""
    named: set[str] = set()
    for record in records:
        if isinstance(record, Refusal):
            tallies = summary.dropped if record.left_out else summary.refused
            _count(tallies, record.reason, record.file, record.detail)
        elif record.file in named:
            _count(summary.duplicates, REPEATED, record.file)
        elif clean and (reason := reason_to_drop(record)) is not None:
            named.add(record.file)
            _count(summary.dropped, reason, record.file)
        elif not licence_words.matches(licences, record.licence):
            _count(summary.dropped, UNWANTED_LICENCE, record.file, record.licence or "nobody says which")
        else:
            if record.path:  # of works without pictures there may be half a million: the database keeps their names
                named.add(record.file)
            yield record


def _describe(conn: Connection[Any], summary: ImportSummary, batch: list[PaintingRecord]) -> None:
    """Write one batch of works without pictures in one transaction."""
    first: dict[str, PaintingRecord] = {}
    for record in batch:
        if first.setdefault(record.file, record) is not record:
            _count(summary.duplicates, REPEATED, record.file)
    with conn.transaction():
        collection_id = paintings.ensure_collection(conn, summary.collection)
        painting_import.lock(conn, collection_id)
        changes = describing.describe(conn, collection_id, list(first.values()))
        painting_import.refresh(conn, paintings.measuring_profiles(conn, changes.updated_paintings))
    summary.collection_id = collection_id
    for file in changes.repeated:
        _count(summary.duplicates, REPEATED, file)
        del first[file]
    summary.note(first.values())
    updated = len(changes.updated_paintings)
    summary.updated += updated
    summary.unchanged += changes.paintings - updated
    summary.awaited.added += changes.added
    summary.awaited.updated += changes.updated
    summary.awaited.unchanged += len(first) - changes.paintings - changes.added - changes.updated


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
        pictureless.have_come(conn, {key_of(picture.sha256) for _, picture in taken})
        changes = _compare(conn, collection_id, summary, taken)
        profiles = paintings.measuring_profiles(
            conn, [number for number, _ in (*changes.updates, *changes.replacements)]
        )
        removed = paintings.remove(conn, changes.removals)
        painting_import.replace(conn, changes.replacements)
        painting_import.insert(conn, collection_id, changes.inserts)
        awaited.forget(conn, collection_id, [row.record.file for row in changes.inserts])
        painting_import.update(conn, changes.updates)
        painting_import.refresh(conn, profiles)
        unused = paintings.unused_images(conn, changes.images)
        digests = profile_rows.depth_digests(conn)
    summary.collection_id = collection_id
    summary.note(record for record, _ in taken)
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

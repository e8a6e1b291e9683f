"""r2r import: a data set into this installation, all of it in one transaction or nothing.

Every size and checksum is verified before anything is read, every value before the database sees it, and what joins the
rows before any of them becomes one of ours. What is here already is found by its content and stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection

from r2r_shared import registering
from r2r_shared.errors import UserError
from r2r_shared.exchange import arrow as arrows
from r2r_shared.exchange import identities, manifest, naming, parquet, pictures, place, staging
from r2r_shared.exchange.arrow import Arrow
from r2r_shared.exchange.format import PICTURES, TABLES
from r2r_shared.exchange.imported import WIDENED, How, Imported
from r2r_shared.exchange.manifest import MANIFEST, SUMS, Manifest
from r2r_shared.exchange.place import Place
from r2r_shared.queries import (
    exchange_brought,
    exchange_described,
    exchange_films,
    exchange_paintings,
    exchange_pictured,
    exchange_read,
    exchange_recount,
    exchange_settle,
    exchange_stage,
    indexes,
    models,
    profiles,
    ranges,
)  # fmt: skip
from r2r_shared.queries.exchange_paintings import Collection
from r2r_shared.storage.media_store import MediaStore

_HINT = "it was changed or made by another program: have it exported again by `r2r export`"


class _DryRun(Exception):
    """Rolls a dry run back."""


def import_(
    conn: Connection[Any],
    store: MediaStore,
    path: Path,
    *,
    dry_run: bool = False,
    replace: bool = False,
    rename: Sequence[str] = (),
    merge: bool = False,
    profile_name: str | None = None,
    on_step: Callable[[str, int, int], None] = lambda what, done, total: None,
    on_collections: Callable[[Sequence[Collection]], None] = lambda taken: None,
) -> Imported:
    """Bring a data set in.

    Args:
        conn: in no transaction.
        dry_run, replace, rename, merge: see `How`.
        profile_name: call its profile so here: the way in where the name stands for other models.
        on_step: told what is done, and how much of how much.
        on_collections: told what becomes of the collections, before anything does.

    Raises:
        UserError: pyarrow is not installed; the data set is damaged, of a newer release, or cannot be; a profile of
            that name was made with other models; or a collection of that name seems to be another, and nobody asked
            for both in one. Nothing of it is here then.
    """
    how = How(dry_run, replace, tuple(rename), merge)
    arrow = arrows.load()
    if profile_name is not None:
        registering.check_name(profile_name)
    with place.opened(path) as source:
        said, digest = _manifest(source)
        _verify(source, said, on_step)
        identity = identities.wanted(said.profile, profile_name)
        with _consistent():
            done = _bring_in(arrow, conn, store, source, said, digest, identity, how, on_step, on_collections)
        done.unread = sorted(staging.unread(source))
    if not dry_run:
        with conn.transaction():
            indexes.ensure_indexes(conn, done.profile.id)
        for folder in done.films.unused:
            store.delete_prefix(folder)
    return done


def _manifest(source: Place) -> tuple[Manifest, str]:
    found: list[bytes] = []
    for name in (MANIFEST, SUMS):
        if source.size(name) > manifest.MOST_BYTES:
            raise UserError(f"{name} is larger than a data set's", "name what `r2r export` wrote")
        with source.open(name) as file:
            found.append(file.read(manifest.MOST_BYTES + 1))
    data, checksums = found
    return manifest.read(data, checksums), checksums[:64].decode()


def _verify(source: Place, said: Manifest, on_step: Callable[[str, int, int], None]) -> None:
    done = 0
    for table in TABLES:
        for step in parquet.verify(source, table, said.files[table.name]):
            done += step
            on_step("verified", done, said.size_bytes)


@contextmanager
def _consistent() -> Generator[None]:
    """What no check foresaw and the database will not have, in one line."""
    try:
        yield
    except (
        psycopg.errors.DataError,
        psycopg.errors.IntegrityError,
        psycopg.errors.ProgramLimitExceeded,  # a name that is too long for an index
    ) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"the data set's rows cannot be: {first}", _HINT) from error


def _bring_in(  # noqa: PLR0917
    arrow: Arrow,
    conn: Connection[Any],
    store: MediaStore,
    source: Place,
    said: Manifest,
    digest: str,
    identity: dict[str, Any],
    how: How,
    on_step: Callable[[str, int, int], None],
    on_collections: Callable[[Sequence[Collection]], None],
) -> Imported:
    done: Imported | None = None
    written: list[str] = []
    try:
        with conn.transaction():
            staging.stage(arrow, conn, source, said, on_step)
            names = exchange_paintings.collection_names(conn)
            exchange_paintings.rename_collections(conn, naming.renamed(how.rename, names))
            best = staging.check_matches(conn)
            staging.check_pictures(conn, source, said, on_step)
            done = _store(conn, said, digest, identity, how, best=best, on_collections=on_collections)
            if how.dry_run:
                done.dry_run = True
                raise _DryRun
            # The pictures first: who sees a row finds its picture.
            for key, data in _pictures(conn, store, source, said, on_step):
                written.append(key)
                store.put(key, data)
            done.pictures = len(written)
            if done.before is None:
                exchange_brought.finish(conn, done.number, done.counts())
    except _DryRun:
        pass
    except BaseException:
        for key in written:
            with suppress(Exception):  # what went wrong is the better thing to hear of
                store.delete_prefix(key)
        raise
    assert done is not None
    return done


def _pictures(
    conn: Connection[Any],
    store: MediaStore,
    source: Place,
    said: Manifest,
    on_step: Callable[[str, int, int], None],
) -> Iterator[tuple[str, bytes]]:
    """(key, JPEG) of those that the media store has not."""
    total = said.files[PICTURES.name].rows
    for number, (kind, row, size, sha256) in enumerate(exchange_stage.pictures(conn), start=1):
        key = exchange_settle.image_key(conn, kind, row)
        if key is not None and not store.exists(key):
            yield key, pictures.read(source, kind, row, size=size, sha256=sha256)
        on_step("pictures stored", number, total)


def _store(
    conn: Connection[Any],
    said: Manifest,
    digest: str,
    identity: dict[str, Any],
    how: How,
    *,
    best: bool,
    on_collections: Callable[[Sequence[Collection]], None],
) -> Imported:
    """The staged rows become ours. Locks: who chooses profiles, collections, films, the profile.

    Args:
        best: no painting is missing among the matches; else they are computed here.
    """
    profiles.hold_choice(conn)
    number, when = exchange_brought.begin(conn, digest=bytes.fromhex(digest), name=said.name, citation=said.citation)
    collections = exchange_paintings.map_paintings(conn, exchange_paintings.add_collections(conn))
    if not how.merge:
        naming.require_asked(collections)
    on_collections(collections)
    exchange_films.hold_films(conn)
    exchange_paintings.add_paintings(conn, number)
    profile_id, added = identities.settle(conn, identity)
    if profiles.active(conn) is None:
        profiles.activate(conn, profile_id)
    pristine = exchange_settle.is_pristine(conn, profile_id)
    before, widths = exchange_settle.matched(conn, profile_id), ranges.of_profile(conn, profile_id)
    paintings = exchange_paintings.measure_paintings(conn, profile_id)
    source = {"digest": digest, "name": said.name, "tool": said.tool}
    taken = exchange_films.add_films(conn, profile_id, source=source, replace=how.replace)
    ranges.refresh(conn, profile_id)
    same = exchange_settle.same_paintings(conn, profile_id)
    if pristine and same and said.files["paintings"].rows:
        if not said.whole and exchange_recount.cover(conn):
            exchange_settle.take_ranges(conn, profile_id)
        exchange_settle.set_revision(conn, profile_id, max(1, said.profile.revision))
    matched = 0
    if same and best and exchange_settle.same_ranges(conn, profile_id):
        exchange_settle.take_unrelated(conn, profile_id)
        matched = exchange_settle.take_matches(conn, profile_id)
    if said.whole:
        exchange_brought.complete(conn, profile_id)
    elif when is None:
        exchange_brought.note_part(conn, number, profile_id)
    to_match, outdated = exchange_settle.unmatched(conn, profile_id, before)
    return Imported(
        number=number,
        name=said.name,
        digest=digest,
        citation=said.citation,
        dry_run=False,
        profile=profiles.get(conn, profile_id),
        profile_added=added,
        models_here=identity["name"] in registering.RESERVED or models.of_profile(conn, profile_id) is not None,
        whole=said.whole,
        collections=collections,
        paintings=paintings,
        films=taken,
        differences=exchange_described.differences(conn),
        matched=matched,
        to_match=to_match,
        outdated=outdated,
        widened=_widened(widths, ranges.of_profile(conn, profile_id)),
        newer=said.tool if _is_newer(said.schema, exchange_read.schema(conn)) else "",
        pictures_sent=said.files[PICTURES.name].rows,
        without_picture=exchange_pictured.without(conn),
        before=when,
    )


def _widened(before: dict[str, ranges.MetricRange], after: dict[str, ranges.MetricRange]) -> dict[str, float]:
    grown = {metric: after[metric].range / seen.range for metric, seen in before.items() if metric in after}
    return {metric: times for metric, times in grown.items() if times > WIDENED}


def _is_newer(theirs: str, ours: str) -> bool:
    """Of schema versions, four digits that count up; whether there are others nobody knows."""
    return theirs.isdecimal() and ours.isdecimal() and int(theirs) > int(ours)

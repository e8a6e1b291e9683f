"""r2r import: a data set into this installation, all of it in one transaction or nothing.

Every size and checksum is verified before anything is read, every value before the database sees it, and what joins the
rows before any of them becomes one of ours. What is here already is found by its content and stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection

from r2r_shared import registering
from r2r_shared.errors import UserError
from r2r_shared.exchange import arrow as arrows
from r2r_shared.exchange import identities, manifest, parquet, pictures, place, staging
from r2r_shared.exchange.arrow import Arrow
from r2r_shared.exchange.format import PICTURES, TABLES
from r2r_shared.exchange.manifest import MANIFEST, SUMS, Manifest
from r2r_shared.exchange.place import Place
from r2r_shared.queries import (
    exchange_pictured,
    exchange_read,
    exchange_recount,
    exchange_settle,
    exchange_stage,
    exchange_store,
    indexes,
    models,
    profiles,
    ranges,
)  # fmt: skip
from r2r_shared.queries.pictureless import LeftOut
from r2r_shared.records import Profile
from r2r_shared.storage.media_store import MediaStore

_HINT = "it was changed or made by another program: have it exported again by `r2r export`"

WIDENED = 1.5
"""Times as wide, and it is worth saying."""


@dataclass(slots=True)
class Imported:
    """What became of a data set.

    Attributes:
        before: the day on which it was imported already; then, as a rule, nothing is new.
        profile_added: the profile is new here.
        models_here: what is new can be measured under it: it is built in, or a model of this installation's own.
        whole: all paintings that it was matched against came along, now or before.
        matched: films whose matches were taken over; to_match: films of the data set whose matches are to be computed
            anew, because they are of other paintings than those that are here; outdated: as many more, that were here.
        widened: metrics whose range, which differences are divided by, grew by more than WIDENED beside paintings
            that were here, and by how much: scores of these change with it.
        newer: what made it, where that was a newer release.
        pictures: stored; pictures_sent: so many came along.
        without_picture: of the data set's works, what has none here.
        unread: files that lie beside the data set and are none of it.
    """

    name: str
    digest: str
    citation: dict[str, Any]
    dry_run: bool
    profile: Profile
    profile_added: bool
    models_here: bool
    whole: bool
    collections: int
    paintings: exchange_store.Paintings
    films: exchange_store.Films
    matched: int
    to_match: int
    outdated: int
    pictures_sent: int
    without_picture: LeftOut
    widened: dict[str, float] = field(default_factory=dict[str, float])
    newer: str = ""
    pictures: int = 0
    before: str | None = None
    unread: list[str] = field(default_factory=list[str])

    @property
    def changed(self) -> bool:
        """Whether anything is new."""
        return bool(
            self.profile_added
            or self.collections
            or self.paintings.added
            or self.paintings.measured
            or self.films.added
            or self.films.replaced
            or self.films.measured
            or self.matched
            or self.pictures
        )

    def counts(self) -> dict[str, Any]:
        """For the table data_sets."""
        paintings, taken = asdict(self.paintings), asdict(self.films)
        del taken["unused"]
        return {"collections": self.collections, "paintings": paintings, "films": taken, "matched": self.matched}


class _DryRun(Exception):
    """Rolls a dry run back."""


def import_(
    conn: Connection[Any],
    store: MediaStore,
    path: Path,
    *,
    dry_run: bool = False,
    replace: bool = False,
    profile_name: str | None = None,
    on_step: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Imported:
    """Bring a data set in.

    Args:
        conn: in no transaction.
        dry_run: do all of it, and undo it.
        replace: where a film is here with another analysis, put the data set's in its place.
        profile_name: call its profile so here: the way in where the name stands for other models.
        on_step: told what is done, and how much of how much.

    Raises:
        UserError: pyarrow is not installed; the data set is damaged, of a newer release, or cannot be; or a profile of
            that name was made with other models. Nothing of it is here then.
    """
    arrow = arrows.load()
    if profile_name is not None:
        registering.check_name(profile_name)
    with place.opened(path) as source:
        said, digest = _manifest(source)
        _verify(source, said, on_step)
        identity = identities.wanted(said.profile, profile_name)
        with _consistent():
            done = _bring_in(
                arrow, conn, store, source, said, digest, identity, dry_run=dry_run, replace=replace, on_step=on_step
            )
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
    *,
    dry_run: bool,
    replace: bool,
    on_step: Callable[[str, int, int], None],
) -> Imported:
    done: Imported | None = None
    written: list[str] = []
    try:
        with conn.transaction():
            staging.stage(arrow, conn, source, said, on_step)
            best = staging.check_matches(conn)
            staging.check_pictures(conn, source, said, on_step)
            done = _store(conn, said, digest, identity, replace=replace, best=best)
            if dry_run:
                done.dry_run = True
                raise _DryRun
            # The pictures first: who sees a row finds its picture.
            for key, data in _pictures(conn, store, source, said, on_step):
                written.append(key)
                store.put(key, data)
            done.pictures = len(written)
            counts = done.counts()
            done.before = exchange_settle.remember(
                conn, digest=bytes.fromhex(digest), name=said.name, citation=said.citation, counts=counts
            )
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
    conn: Connection[Any], said: Manifest, digest: str, identity: dict[str, Any], *, replace: bool, best: bool
) -> Imported:
    """The staged rows become ours. Locks: who chooses profiles, collections, films, the profile.

    Args:
        best: no painting is missing among the matches; else they are computed here.
    """
    profiles.hold_choice(conn)
    collections = exchange_store.add_collections(conn)
    exchange_store.hold_films(conn)
    exchange_store.add_paintings(conn)
    profile_id, added = identities.settle(conn, identity)
    if profiles.active(conn) is None:
        profiles.activate(conn, profile_id)
    pristine = exchange_settle.is_pristine(conn, profile_id)
    before, widths = exchange_settle.matched(conn, profile_id), ranges.of_profile(conn, profile_id)
    paintings = exchange_store.measure_paintings(conn, profile_id)
    source = {"digest": digest, "name": said.name, "tool": said.tool}
    taken = exchange_store.add_films(conn, profile_id, source=source, replace=replace)
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
    to_match, outdated = exchange_settle.unmatched(conn, profile_id, before)
    return Imported(
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
        matched=matched,
        to_match=to_match,
        outdated=outdated,
        widened=_widened(widths, ranges.of_profile(conn, profile_id)),
        newer=said.tool if _is_newer(said.schema, exchange_read.schema(conn)) else "",
        pictures_sent=said.files[PICTURES.name].rows,
        without_picture=exchange_pictured.without(conn),
    )


def _widened(before: dict[str, ranges.MetricRange], after: dict[str, ranges.MetricRange]) -> dict[str, float]:
    grown = {metric: after[metric].range / seen.range for metric, seen in before.items() if metric in after}
    return {metric: times for metric, times in grown.items() if times > WIDENED}


def _is_newer(theirs: str, ours: str) -> bool:
    """Of schema versions, four digits that count up; whether there are others nobody knows."""
    return theirs.isdecimal() and ours.isdecimal() and int(theirs) > int(ours)

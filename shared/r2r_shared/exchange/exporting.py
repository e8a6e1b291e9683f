"""r2r export: rows of one profile into a data set, as of one moment, in flat memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from psycopg import Connection

from r2r_shared import __version__, citation
from r2r_shared.errors import UserError
from r2r_shared.exchange import arrow as arrows
from r2r_shared.exchange import parquet, pictures, place
from r2r_shared.exchange.arrow import Arrow
from r2r_shared.exchange.format import PICTURES, TABLES
from r2r_shared.exchange.manifest import MANIFEST, SUMS, Identity, Manifest, TableFile, sums
from r2r_shared.queries import exchange_read, profiles
from r2r_shared.queries.exchange_read import Chosen, FilmState
from r2r_shared.records import Profile
from r2r_shared.storage.media_store import MediaStore

Pictures = Literal["none", "paintings", "all"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export of a profile: all of it, if nothing is named.

    Attributes:
        films, collections: ids; None: not named.
        matched_only: of the paintings only those that the films' matches name.
        pictures: which of the small pictures go along; licences: only of paintings under one of these, in the words of
            collections.licences; all, if empty.
    """

    films: Sequence[int] | None = None
    collections: Sequence[int] | None = None
    matched_only: bool = False
    pictures: Pictures = "none"
    licences: Sequence[str] = ()


@dataclass(slots=True)
class Exported:
    """What was written.

    Attributes:
        rows: by table.   bytes: of all tables.
        left_out: films that have no numbers under the profile, by title; unmatched: those whose matches are not of
            the collection as it is, and stay behind.
        pictures: how many went along; unlicensed: of these, those of which nobody says the licence;
            missing: those that the media store has not; withheld: those that stayed behind, by licence.
        unmeasured: works of the collections that have no numbers under the profile, and stay behind.
    """

    digest: str
    whole: bool
    citation: dict[str, Any]
    rows: dict[str, int]
    bytes: int
    left_out: list[str] = field(default_factory=list[str])
    unmatched: list[str] = field(default_factory=list[str])
    pictures: int = 0
    unlicensed: int = 0
    missing: int = 0
    withheld: dict[str, int] = field(default_factory=dict[str, int])
    unmeasured: int = 0


def export(
    conn: Connection[Any],
    store: MediaStore,
    profile: Profile,
    wanted: Wanted,
    out: Path,
    *,
    force: bool = False,
    on_rows: Callable[[str, int], None] = lambda table, rows: None,
) -> Exported:
    """Write a data set: a folder, or one file where `out` ends in .zip. Whole or not at all.

    Args:
        conn: in no transaction; all is read as of one moment.
        force: replace a data set that is there.
        on_rows: told the table and its rows so far.

    Raises:
        UserError: pyarrow is not installed; there is nothing to export, or a film that was named has no numbers under
            the profile; or it cannot be written there.
    """
    arrow = arrows.load()
    place.require_free(out, force=force)
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        profile = profiles.get(conn, profile.id)
        chosen, films = _choose(conn, profile, wanted)
        with place.written(out) as folder:
            return _write(arrow, conn, store, profile, wanted, chosen, films, folder, out.stem, on_rows)


def _choose(conn: Connection[Any], profile: Profile, wanted: Wanted) -> tuple[Chosen, list[FilmState]]:
    """What goes along, and the state of the films that were asked for."""
    films: list[FilmState] = []
    if wanted.films is not None or wanted.collections is None:
        films = exchange_read.films(conn, profile.id, wanted.films)
    there = [film for film in films if film.measured]
    if wanted.films is not None:
        _require_all(films, profile)
    only = None
    if wanted.matched_only:
        only = exchange_read.matched_paintings(conn, profile.id, [film.id for film in there])
    chosen = Chosen(profile.id, wanted.collections, only, [film.id for film in there])
    if not there and not exchange_read.measured(conn, chosen):
        raise UserError(
            f"there is nothing to export: no painting and no film has numbers under the profile “{profile.name}”",
            "`r2r models list` shows what each profile has measured; R2R_PROFILE names another",
        )
    return chosen, films


def _require_all(films: list[FilmState], profile: Profile) -> None:
    for film in films:
        if not film.measured:
            why = f"not been measured under the profile “{profile.name}”" if film.analysed else "no finished analysis"
            again = f"r2r ingest its file; `r2r films show {film.id}` says where that is"
            raise UserError(f"film {film.id} “{film.title}” has {why}", again)


def _write(  # noqa: PLR0917
    arrow: Arrow,
    conn: Connection[Any],
    store: MediaStore,
    profile: Profile,
    wanted: Wanted,
    chosen: Chosen,
    films: list[FilmState],
    folder: Path,
    name: str,
    on_rows: Callable[[str, int], None],
) -> Exported:
    cited = citation.of_profile(conn, profile)
    note = f"{cited.text()}. {citation.CAUTION}"
    files: dict[str, TableFile] = {}
    found = pictures.Written()
    for table in TABLES:
        with parquet.TableWriter(arrow, folder, table, dim=profile.dim, note=note) as out:
            if table is PICTURES:
                rows = pictures.write(conn, store, chosen, folder, found, what=wanted.pictures, wanted=wanted.licences)
            else:
                size = parquet.rows_per_batch(table, profile.dim)
                rows = exchange_read.rows(conn, table.name, chosen, batch=size)
            for batch in rows:
                out.write(batch)
                on_rows(table.name, out.rows)
        files[table.name] = out.finish()
    everything = Chosen(profile.id, None, None, ())
    manifest = Manifest(
        name=name,
        tool=f"{citation.TOOL} {__version__}",
        schema=exchange_read.schema(conn),
        profile=Identity(**{name: getattr(profile, name) for name in Identity.__dataclass_fields__}),
        whole=exchange_read.measured(conn, chosen) == exchange_read.measured(conn, everything),
        fingerprint=exchange_read.fingerprint(conn, chosen),
        citation=cited.to_json(),
        files=files,
        unmeasured=exchange_read.unmeasured(conn, chosen),
    )
    data = manifest.to_bytes()
    (folder / MANIFEST).write_bytes(data)
    checksums = sums(data, files)
    (folder / SUMS).write_bytes(checksums)
    return Exported(
        digest=checksums[:64].decode(),
        whole=manifest.whole,
        citation=manifest.citation,
        rows={name: file.rows for name, file in files.items()},
        bytes=manifest.size_bytes,
        left_out=[film.title for film in films if not film.measured],
        unmatched=[film.title for film in films if film.measured and not film.current],
        pictures=found.pictures,
        unlicensed=found.unlicensed,
        missing=found.missing,
        withheld=dict(found.withheld.most_common(100)),
        unmeasured=manifest.unmeasured,
    )

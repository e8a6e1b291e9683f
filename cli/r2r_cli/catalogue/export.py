"""A catalogue's answers as files in a folder: what a scholar takes along."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, get_args, runtime_checkable

from r2r_cli import files, render
from r2r_cli.catalogue import tables
from r2r_shared import citation
from r2r_shared.errors import UserError
from r2r_shared.queries import catalogue, catalogue_hubs, catalogue_influence
from r2r_shared.queries.catalogue_chance import Of
from r2r_shared.queries.catalogue_influence import By

if TYPE_CHECKING:
    from psycopg import Connection

    from r2r_shared.queries.catalogue_influence import CatalogueInfluence
    from r2r_shared.records import Profile


@runtime_checkable
class _Answer(Protocol):
    def to_json(self) -> dict[str, Any]: ...


GROUPS = 1_000_000
NAMES = 100
"""So many movements, artists or paintings of each group, those of the largest share."""
HUBS = 10_000


def write(conn: Connection[Any], profile: Profile, folder: Path) -> Iterator[Path]:
    """Write each table as CSV, what to cite, and all of it as one JSON document; yields each file as it is there.

    All of one moment, whatever is counted meanwhile; what is left out of a table is said.

    Raises:
        UserError: the folder cannot be made, or not written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}", "name a folder that may be written to") from error
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield from _write(conn, profile, folder)


def _write(conn: Connection[Any], profile: Profile, folder: Path) -> Iterator[Path]:
    answers: list[dict[str, Any]] = []
    for by in get_args(By):
        for of in get_args(Of):
            found = catalogue_influence.influence(conn, profile.id, by=by, of=of, names=NAMES, groups=GROUPS, each=True)
            answers.append(found.to_json())
            path = folder / f"influence-by-{by}-of-{of}.csv"
            _note_left_out(path, found)
            yield _csv(path, tables.influence_rows(found))
    hubs = catalogue_hubs.hubs(conn, profile.id, limit=HUBS)
    if len(hubs) == HUBS:
        render.note(f"hubs.csv: the first {HUBS:,}; `r2r catalogue hubs --limit` shows more")
    yield _csv(folder / "hubs.csv", tables.hub_rows(hubs))
    cited = citation.of_profile(conn, profile)
    path = folder / "CITATION.txt"  # for the tables: a comment in a CSV file would be read as a row
    files.write_text(path, f"{cited.text()}\n{citation.CAUTION}\n")
    yield path
    document = {
        "citation": cited.to_json(),
        "profile": about(profile),
        "coverage": catalogue.coverage(conn, profile.id).to_json(),
        "influences": answers,
        "hubs": [hub.to_json() for hub in hubs],
    }
    path = folder / "catalogue.json"
    files.write_text(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    yield path


def _note_left_out(path: Path, found: CatalogueInfluence) -> None:
    if found.groups_left_out:
        render.note(
            f"{path.name}: the {len(found.groups):,} groups of the longest matched time; {found.groups_left_out:,} more"
        )
    if cut := sum(len(group.cells) == NAMES for group in found.groups):
        render.note(
            f"{path.name}: the {NAMES} names of the largest share alone, of {cut:,} groups; "
            "`r2r catalogue influence --names` shows more"
        )


def about(profile: Profile) -> dict[str, Any]:
    """What an answer says of how its numbers were made, as in catalogue.schema.json."""
    return {"id": profile.id, "name": profile.name, "revision": profile.revision}


def as_json(found: object) -> Any:
    """An answer as in catalogue.schema.json: a record, or a list of them."""
    if isinstance(found, list):
        return [as_json(one) for one in cast("list[object]", found)]
    assert isinstance(found, _Answer)
    return found.to_json()


def _csv(path: Path, rows: Iterable[Iterable[Any]]) -> Path:
    write_csv(path, rows)
    return path


def write_csv(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    """Write rows as CSV, harmless to spreadsheets."""
    text = io.StringIO()
    out = csv.writer(text)
    out.writerows([render.harmless(value) for value in row] for row in rows)
    files.write_text(path, text.getvalue())

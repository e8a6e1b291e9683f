"""The Metropolitan Museum of Art: `MetObjects.csv` of its open access, and the object API that names the pictures.

Columns and answers: https://github.com/metmuseum/openaccess, https://metmuseum.github.io/. What to know of them:

* The CSV names no picture. The object API does, one work a request, as `primaryImage` (the photograph as it was taken,
  2 to 10 MB) and `primaryImageSmall` (the same for the web, some 100 kB). The small one is taken: what is kept of
  a picture is 512 px on its long side, and the museum need not send twenty times that.
* Pictures of works that are not in the public domain are not given (`primaryImage` is empty), so those works are
  not asked for: `Is Public Domain` says so beforehand.
* The pictures of works in the public domain are under CC0 (https://www.metmuseum.org/policies/image-resources).
* Lists are written with `|` between, the columns of artists in parallel: roles, prefixes, names, suffixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from r2r_shared.collections import dating, licences, remarks, tables, works
from r2r_shared.collections.attribution import Attribution, Maker, attribute, role_of
from r2r_shared.collections.classes import PAINTINGS, Classes
from r2r_shared.collections.pictures import RecordPicture
from r2r_shared.collections.prose import Prose
from r2r_shared.records import PaintingRecord, Refusal

MUSEUM = "The Metropolitan Museum of Art"
API = "https://collectionapi.metmuseum.org/public/collection/v1/objects/"
PAGE = "https://www.metmuseum.org/art/collection/search/"
COLUMNS = ("object id", "is public domain", "title", "classification")

_NOT_BY = re.compile(
    r"(?:portrait of|depict|own|former|commission|publish|print|dedicat|written|text|sitter|subject|patron|made for)",
    re.IGNORECASE,
)
"""How a prefix begins that makes nobody a maker: "Portrait of"."""
_EXTRA = {  # the museum's column → ours
    "object number": "accession_number",
    "department": "department",
    "object name": "object_name",
    "culture": "culture",
    "period": "period",
    "dynasty": "dynasty",
    "dimensions": "dimensions",
    "credit line": "credit_line",
    "object wikidata url": "wikidata",
    "country": "country",
}
_EXTRA_LISTS = {
    "artist nationality": "artist_nationality",
    "artist display bio": "artist_bio",
    "artist ulan url": "artist_ulan",
    "artist wikidata url": "artist_wikidata",
    "tags": "tags",
}


def records(source: Path, *, classes: Classes = PAINTINGS) -> Iterator[PaintingRecord | Refusal]:
    """Every work of MetObjects.csv, in its order.

    Raises:
        UserError: it is another file: a column that every version of it has is not there.
    """
    with tables.opened(source, COLUMNS) as table:
        at = table.columns
        number, classification = at["object id"], at["classification"]
        name = at.get("object name", -1)
        for row in table.rows:
            if isinstance(row, Refusal):
                yield row
                continue
            cells = row.cells
            file = _file(cells[number])
            if not file:
                yield Refusal(row.where, remarks.NO_ID, cells[number][:80])
                continue
            # Most rows are coins, lace and armour: they are told by their class, before anything else is looked at.
            labels = [label for label in cells[classification].split("|") if label.strip()]
            if not labels and name >= 0:
                labels = [label for label in cells[name].split("|") if label.strip()]
            if refusal := works.left_out(file, classes, labels):
                yield refusal
            else:
                prose = Prose()
                if row.short:
                    prose.note(remarks.SHORT_ROW)
                yield _record(prose, file, {column: cells[place] for column, place in at.items()}, labels)


def picture_of_record(document: Mapping[str, Any]) -> RecordPicture | str:
    """The picture that the object API's answer about a work names, or why there is none."""
    if "objectID" not in document:
        return remarks.ERROR_DOCUMENT
    small, large = (RecordPicture.address(document.get(key)) for key in ("primaryImageSmall", "primaryImage"))
    if not (small or large):
        return remarks.NO_PICTURE_GIVEN
    return RecordPicture(
        url=small or large,
        licence=_licence_of_record(document),
        extra={"picture_original": large} if small and large else {},
    )


def _licence_of_record(document: Mapping[str, Any]) -> str | None:
    """None only where the answer says nothing: a work may have left the public domain since the list was made."""
    free = document.get("isPublicDomain")
    if free is True:
        return "cc0"
    said = document.get("rightsAndReproduction")
    claimed = licences.canonical(said) if isinstance(said, str) else ""
    return claimed or (None if free is None else "")


def _file(number: str) -> str:
    number = number.strip()
    return f"met/{number}" if number.isascii() and number.isdigit() and len(number) < 12 else ""


def _record(prose: Prose, file: str, cells: Mapping[str, str], labels: list[str]) -> PaintingRecord:
    number = file.removeprefix("met/")
    free = cells["is public domain"].strip().casefold() == "true"
    year = prose.line(cells.get("object date", ""))
    lists = {ours: _distinct(prose.piped(cells.get(column))) for column, ours in _EXTRA_LISTS.items()}
    return works.record(
        prose,
        file=file,
        title=prose.line(cells["title"]),
        by=_makers(prose, cells),
        year=year,
        years=dating.years(prose, year, cells.get("object begin date"), cells.get("object end date")),
        medium=prose.line(cells.get("medium", "")),
        museum=MUSEUM,
        genre=", ".join(filter(None, (prose.line(label) for label in labels))),
        licence="cc0" if free else licences.canonical(cells.get("rights and reproduction", "")),
        page=cells.get("link resource", "") or PAGE + number,
        record_url=API + number if free else "",
        extra={ours: cells.get(column, "") for column, ours in _EXTRA.items()} | lists,
    )


def _makers(prose: Prose, cells: Mapping[str, str]) -> Attribution:
    names, prefixes, suffixes, roles = (
        prose.piped(cells.get(column))
        for column in ("artist display name", "artist prefix", "artist suffix", "artist role")
    )
    if len(names) == 1:  # a lone name may stand beside lists that have lost their order
        prefixes, suffixes = prefixes[:1], suffixes[:1]
    makers: list[Maker] = []
    others: list[str] = []
    for i, name in enumerate(names):
        prefix, role = _nth(prefixes, i), _nth(roles, i)
        makes, qualifier = role_of(role)
        if makes and not _NOT_BY.match(prefix):
            makers.append(Maker(name, prefix or qualifier, _nth(suffixes, i)))
        else:
            others.append(" ".join(filter(None, (prefix, name, f"({role})" if role else ""))))
    return attribute(prose, makers) if makers else Attribution(unnamed="; ".join(others))


def _nth(values: list[str], place: int) -> str:
    return values[place] if place < len(values) else ""


def _distinct(values: list[str]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value and value != "(not assigned)"]

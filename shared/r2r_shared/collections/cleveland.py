"""The Cleveland Museum of Art: its open access data (`data.json`, `data.csv`) and the answers of its API.

Fields: https://openaccess-api.clevelandart.org/, https://github.com/ClevelandMuseumArt/openaccess. What to know:

* `images` holds the picture in three sizes: `web` (a long side of some 900 to 1,300 px) is more than what is kept,
  `print` is 3,400 px, and `full` a TIFF of 70 MB or more that is never asked for.
* `share_license_status` is the picture's licence: "CC0", or "Copyrighted".
* `creators` have a `qualifier` ("attributed to", "workshop of") and a description with nation and years in brackets.
  In the CSV all of them are one text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from r2r_shared.collections import dating, json_stream, licences, remarks, tables, works
from r2r_shared.collections.artist_names import kept_qualified, without_life
from r2r_shared.collections.attribution import Attribution, Maker, attribute, role_of
from r2r_shared.collections.classes import PAINTINGS, Classes
from r2r_shared.collections.prose import Prose
from r2r_shared.records import PaintingRecord, Refusal

MUSEUM = "The Cleveland Museum of Art"
PAGE = "https://clevelandart.org/art/"
LISTS = ("data",)
FIELDS = (
    *("id", "accession_number", "share_license_status", "title", "creation_date", "creation_date_earliest"),
    *("creation_date_latest", "culture", "technique", "department", "collection", "type", "measurements", "copyright"),
    *("external_resources", "url", "images", "creditline", "creators"),
)
"""What is asked of the API: a work's exhibitions and citations are many times that."""
COLUMNS = ("id", "accession_number", "share_license_status", "type")

_EXTRA = {
    "accession_number": "accession_number",
    "department": "department",
    "collection": "collection",
    "creditline": "credit_line",
    "measurements": "dimensions",
    "copyright": "copyright_notice",
}
_COUNTRY = re.compile(r"\s*\([^()]*\)$")
_ROLE = re.compile(r"\)\s*,\s*([^\W\d_][\w /-]{2,40})$")  # "George Bellows (American, 1882–1925), artist"


def records(source: Path, *, classes: Classes = PAINTINGS) -> Iterator[PaintingRecord | Refusal]:
    """Every work of data.json, data.csv, or a file or folder of the API's answers.

    Raises:
        UserError: a CSV file that is another one.
    """
    if source.suffix.lower() == ".csv":
        yield from _table(source, classes)
        return
    for found in json_stream.works(source, LISTS):
        yield found if isinstance(found, Refusal) else record(*found, classes=classes)


def _table(source: Path, classes: Classes) -> Iterator[PaintingRecord | Refusal]:
    with tables.opened(source, COLUMNS) as table:
        for row in table.rows:
            if isinstance(row, Refusal):
                yield row
                continue
            cells = {column: row.cells[place] for column, place in table.columns.items()}
            entry: dict[str, Any] = dict(cells)
            entry["images"] = {size: {"url": cells.get(f"image_{size}", "")} for size in ("web", "print")}
            entry["creators"] = _one_by_one(cells.get("creators", ""))
            yield record(row.where, entry, classes=classes, remark=remarks.SHORT_ROW if row.short else "")


def _one_by_one(creators: str) -> list[dict[str, str]]:
    """("Jan Both (Dutch, 1618-1652), artist; Nicolaes Berchem (Dutch, 1620-1683), artist") → both, and their roles."""
    found: list[dict[str, str]] = []
    for part in creators.split(";", 200):
        one = part.strip()
        role = _ROLE.search(one)
        if one:
            found.append({"description": one[: role.start() + 1] if role else one, "role": role[1] if role else ""})
    return found


def record(
    where: str, entry: Mapping[str, Any], *, classes: Classes = PAINTINGS, remark: str = ""
) -> PaintingRecord | Refusal:
    """A work as one of the museum's records describes it."""
    prose = Prose()
    number = prose.line(entry.get("id"))
    if not re.fullmatch(r"[0-9]{1,12}", number):
        return works.without_number(where, entry, number)
    file = f"cleveland/{number}"
    labels = prose.lines(entry.get("type"))
    if refusal := works.left_out(file, classes, labels):
        return refusal
    if remark:
        prose.note(remark)
    year = prose.line(entry.get("creation_date"))
    accession = prose.line(entry.get("accession_number"))
    extra: dict[str, Any] = {ours: entry.get(theirs) for theirs, ours in _EXTRA.items()}
    extra["culture"] = prose.lines(entry.get("culture"))
    extra["wikidata"] = prose.lines(_wikidata(entry))
    return works.record(
        prose,
        file=file,
        title=prose.line(entry.get("title")),
        by=_makers(prose, entry),
        year=year,
        years=dating.years(prose, year, entry.get("creation_date_earliest"), entry.get("creation_date_latest")),
        medium=prose.line(entry.get("technique")),
        museum=MUSEUM,
        genre=", ".join(labels),
        licence=licences.canonical(prose.line(entry.get("share_license_status"))),
        page=entry.get("url") or (PAGE + accession if accession else ""),
        picture_url=_picture(entry),
        extra=extra,
    )


def _makers(prose: Prose, entry: Mapping[str, Any]) -> Attribution:
    makers: list[Maker] = []
    creators: Any = entry.get("creators")
    for one in cast(list[Any], creators) if isinstance(creators, list) else []:
        if not isinstance(one, dict):
            continue
        creator = cast(dict[str, Any], one)
        label = prose.line(creator.get("description"))
        name = kept_qualified(label, _COUNTRY.sub("", without_life(label)))
        makes, qualifier = role_of(prose.line(creator.get("role")))
        if makes:
            makers.append(Maker(name, prose.line(creator.get("qualifier")) or qualifier))
    return attribute(prose, [maker for maker in makers if maker.name])


def _wikidata(entry: Mapping[str, Any]) -> list[str]:
    resources: Any = entry.get("external_resources")
    named: Any = cast(dict[str, Any], resources).get("wikidata") if isinstance(resources, dict) else None
    values = cast(list[Any], named) if isinstance(named, list) else [named]
    return [value for value in values if isinstance(value, str) and value]


def _picture(entry: Mapping[str, Any]) -> str:
    images: Any = entry.get("images")
    sizes = cast(dict[str, Any], images) if isinstance(images, dict) else {}
    for size in ("web", "print"):
        image: Any = sizes.get(size)
        url = cast(dict[str, Any], image).get("url") if isinstance(image, dict) else None
        if isinstance(url, str) and url:
            return url
    return ""

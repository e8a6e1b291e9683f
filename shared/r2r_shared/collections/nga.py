"""The National Gallery of Art, Washington: its open data, several CSV files that belong together.

`objects.csv` holds the works, `published_images.csv` their pictures, `objects_constituents.csv` and `constituents.csv`
who made them, `objects_terms.csv` their styles. Tables and columns: "Data Dictionary.txt" in
https://github.com/NationalGalleryOfArt/opendata. What to know of them:

* Only `objects.csv` must be there. Without the pictures' file no work has a picture, without the others the artist
  is what `attribution` says.
* The files are in no order that would let them be read side by side. The numbers of the works that are wanted are
  gathered first (an integer a work); then what the other files say of those goes into a temporary database on disk.
  So memory stays flat however many works are wanted.
* A licence is said of a picture by `openaccess` = 1: then it is under CC0 (https://www.nga.gov/open-access-images.html).
  Files from before that column, and 0, say nothing: nothing is guessed.
* Where `displaydate` is empty the years "usually are the artist's life dates" (the dictionary says so): not taken.
* Anonymous artists have names such as "American 19th Century" (`constituenttype` anonymous).
* `visualbrowserstyle` is a style's name on the museum's website ("Impressionism", the term is "Impressionist").
* Underscores around words stand for italics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from r2r_shared.collections import dating, remarks, tables, works
from r2r_shared.collections.attribution import Attribution, Maker, attribute, is_qualified, role_of
from r2r_shared.collections.classes import PAINTINGS, Classes
from r2r_shared.collections.iiif_images import SIDE
from r2r_shared.collections.nga_joins import Joins, Picture
from r2r_shared.collections.prose import Prose, without_italics
from r2r_shared.records import PaintingRecord, Refusal

MUSEUM = "National Gallery of Art, Washington"
OBJECTS = "objects.csv"
COLUMNS = ("objectid", "title", "displaydate", "classification")
PAGE = "https://www.nga.gov/artworks/"

_EXTRA = {
    "accessionnum": "accession_number",
    "departmentabbr": "department",
    "creditline": "credit_line",
    "dimensions": "dimensions",
    "subclassification": "subclassification",
    "wikidataid": "wikidata",
    "series": "series",
}


def objects_file(source: Path) -> Path:
    """The file of works: `source` itself, or the one in that folder or in its `data`."""
    if not source.is_dir():
        return source
    return next((path for path in (source / OBJECTS, source / "data" / OBJECTS) if path.is_file()), source / OBJECTS)


def records(source: Path, *, classes: Classes = PAINTINGS) -> Iterator[PaintingRecord | Refusal]:
    """Every work of objects.csv, in its order; before them the rows of the other files that cannot be read.

    Raises:
        UserError: a file is another one: a column that every version of it has is not there.
    """
    objects = objects_file(source)
    with closing(Joins(_wanted(objects, classes))) as joins:
        yield from joins.read(objects.parent)
        with tables.opened(objects, COLUMNS) as table:
            at = table.columns
            for row in table.rows:
                if isinstance(row, Refusal):
                    yield row
                    continue
                number = _number(row.cells[at["objectid"]])
                if number is None:
                    yield Refusal(row.where, remarks.NO_ID, row.cells[at["objectid"]][:80])
                    continue
                file = f"nga/{number}"
                if refusal := works.left_out(file, classes, _labels(row.cells, at)):
                    yield refusal
                    continue
                prose = Prose()
                if row.short:
                    prose.note(remarks.SHORT_ROW)
                yield _record(prose, number, {name: row.cells[place] for name, place in at.items()}, joins)


def _wanted(objects: Path, classes: Classes) -> set[int]:
    """The numbers of the works that are wanted."""
    with tables.opened(objects, COLUMNS) as table:
        at = table.columns
        return {
            number
            for row in table.rows
            if not isinstance(row, Refusal)
            and classes.takes(_labels(row.cells, at))
            and (number := _number(row.cells[at["objectid"]])) is not None
        }


def _labels(cells: Sequence[str], at: Mapping[str, int]) -> list[str]:
    label = cells[at["classification"]].strip()
    return [label] if label else []


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _record(prose: Prose, number: int, cells: Mapping[str, str], joins: Joins) -> PaintingRecord:
    year = prose.line(cells["displaydate"])
    begin, end = cells.get("beginyear"), cells.get("endyear")
    if not year and (begin or end):
        prose.note(remarks.LIFE_DATES)
        begin = end = None
    styles = prose.lines(joins.styles(number))
    picture = joins.picture(number)
    return works.record(
        prose,
        file=f"nga/{number}",
        title=without_italics(prose.line(cells["title"])),
        by=_makers(prose, cells, joins, number),
        year=year,
        years=dating.years(prose, year, begin, end),
        medium=prose.line(cells.get("medium", "")),
        museum=MUSEUM,
        genre=prose.line(cells["classification"]),
        movement=styles[0] if styles else "",
        licence="cc0" if picture is not None and picture.open_access else "",
        page=f"{PAGE}{number}",
        picture_url=_address(picture),
        extra=_extra(prose, cells, joins, number, styles),
    )


def _extra(prose: Prose, cells: Mapping[str, str], joins: Joins, number: int, styles: list[str]) -> dict[str, Any]:
    """What is kept beside the fields: numbers, identities of the artists, all styles."""
    artists = joins.artists(number)
    extra: dict[str, Any] = {ours: cells.get(column, "") for column, ours in _EXTRA.items()}
    extra["artist_ulan"] = prose.lines([artist.ulan for artist in artists])
    extra["artist_wikidata"] = prose.lines([artist.wikidata for artist in artists])
    extra["artist_nationality"] = prose.lines([artist.nationality for artist in artists])[:1]
    if len(styles) > 1:
        extra["styles"] = styles
    extra["school"] = prose.lines(joins.schools(number))
    return extra


def _makers(prose: Prose, cells: Mapping[str, str], joins: Joins, number: int) -> Attribution:
    """Who made a work: `attribution` says it as the label does, the constituents tell the names apart."""
    label = prose.line(cells.get("attribution", ""))
    artists = [artist for artist in joins.artists(number) if artist.name and role_of(artist.role)[0]]
    if not artists:
        return attribute(prose, [Maker(label)])
    if all(artist.anonymous for artist in artists):
        return Attribution(unnamed=label or artists[0].name)
    named = [artist for artist in artists if not artist.anonymous]
    makers = [
        Maker(prose.line(a.name), prose.line(a.prefix) or role_of(a.role)[1], prose.line(a.suffix)) for a in named
    ]
    # "Follower of …" stands in the label, and not always in the prefix; "artist after" in the role alone.
    if label and len(named) == 1 and (is_qualified(label) or not makers[0].qualifier):
        return attribute(prose, [Maker(label)])
    return attribute(prose, makers)


def _address(picture: Picture | None) -> str:
    if picture is None:
        return ""
    side = min(SIDE, picture.max_pixels or SIDE)
    return f"{picture.iiif}/full/!{side},{side}/0/default.jpg"

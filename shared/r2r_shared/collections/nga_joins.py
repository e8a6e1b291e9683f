"""What the National Gallery of Art's other files say of a work, in a temporary database that leaves nothing behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from r2r_shared.collections import tables
from r2r_shared.records import Refusal

_BATCH = 5000

_Cells: TypeAlias = Mapping[str, str]
_Row: TypeAlias = tuple[object, ...]

_TABLES = """
    CREATE TABLE pictures (work INTEGER, rank INTEGER, iiif TEXT, max_pixels INTEGER, open_access INTEGER);
    CREATE TABLE makers (work INTEGER, place INTEGER, person INTEGER, prefix TEXT, suffix TEXT, role TEXT);
    CREATE TABLE people (person INTEGER, name TEXT, ulan TEXT, wikidata TEXT, nationality TEXT, anonymous INTEGER);
    CREATE TABLE terms (work INTEGER, kind TEXT, term TEXT);
"""
_INDEXES = """
    CREATE INDEX pictures_work ON pictures (work, rank);
    CREATE INDEX makers_work ON makers (work, place);
    CREATE INDEX people_person ON people (person);
    CREATE INDEX terms_work ON terms (work, kind);
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's IIIF service, and the largest side it is given at; None: no limit."""

    iiif: str
    max_pixels: int | None
    open_access: bool


@dataclass(frozen=True, slots=True)
class Artist:
    """Somebody who made a work, in the order in which the museum names them."""

    name: str
    prefix: str
    suffix: str
    role: str
    ulan: str
    wikidata: str
    nationality: str
    anonymous: bool


class Joins:
    """Pictures, artists and styles by the number of the work. To be closed."""

    def __init__(self, wanted: Collection[int]) -> None:
        # An empty name: a database of SQLite's own on disk, in its page cache while it is small, that the system
        # deletes with the process, however that ends.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA cache_size = -16384;" + _TABLES)
        self._wanted = wanted

    def close(self) -> None:
        self._db.close()

    def read(self, folder: Path) -> Iterator[Refusal]:
        """Read what there is of the other files; yields their rows that cannot be read. To be run to its end.

        Raises:
            UserError: one of them is another file than its name says.
        """
        for file in _FILES:
            if not (folder / file.name).is_file():
                continue
            found = _rows(file, folder / file.name, self._wanted)
            while batch := list(islice(found, _BATCH)):
                yield from (one for one in batch if isinstance(one, Refusal))
                self._db.execute("BEGIN")
                self._db.executemany(file.insert, (one for one in batch if not isinstance(one, Refusal)))
                self._db.execute("COMMIT")
        self._db.executescript(_INDEXES)

    def picture(self, work: int) -> Picture | None:
        """The picture to show of a work: the primary view, else the first of the others."""
        query = """
            SELECT iiif, max_pixels, open_access FROM pictures WHERE work = ? ORDER BY rank, iiif LIMIT 1
        """
        row = self._db.execute(query, (work,)).fetchone()
        return None if row is None else Picture(row[0], row[1], bool(row[2]))

    def artists(self, work: int) -> list[Artist]:
        """Who made a work."""
        query = """
            SELECT p.name, m.prefix, m.suffix, m.role, p.ulan, p.wikidata, p.nationality, p.anonymous
              FROM makers AS m JOIN people AS p ON p.person = m.person
             WHERE m.work = ?
             ORDER BY m.place, p.person
        """
        rows = self._db.execute(query, (work,))
        return [Artist(*row[:7], anonymous=bool(row[7])) for row in rows]

    def styles(self, work: int) -> list[str]:
        """A work's styles, each once; first of each pair the name that the museum's website uses."""
        return self._said(work, "style")

    def schools(self, work: int) -> list[str]:
        """A work's schools ("Dutch"), each once."""
        return self._said(work, "school")

    def _said(self, work: int, kind: str) -> list[str]:
        query = "SELECT term FROM terms WHERE work = ? AND kind = ? ORDER BY rowid"
        return list(dict.fromkeys(term for (term,) in self._db.execute(query, (work, kind))))


def _rows(file: _File, path: Path, wanted: Collection[int]) -> Iterator[_Row | Refusal]:
    """What a file says of the works that are wanted, as rows of the temporary database."""
    with tables.opened(path, file.needed) as table:
        for row in table.rows:
            if isinstance(row, Refusal):
                yield Refusal(f"{path.name}, {row.file}", f"a row of {path.name} that cannot be read", row.detail)
                continue
            cells = {name: row.cells[place] for name, place in table.columns.items()}
            # A picture may be of no work; what is there and no number, or was cut off, is not to be known of any.
            lost = [key for key in file.keys if _whole(cells[key]) is None and (row.short or cells[key].strip())]
            if lost:
                detail = f"{lost[0]}: {cells[lost[0]][:80]}" if cells[lost[0]] else f"it ends before its {lost[0]}"
                yield Refusal(f"{path.name}, {row.where}", f"a row of {path.name} without a number", detail)
                continue
            yield from file.read(cells, wanted)


def _pictures(cells: _Cells, wanted: Collection[int]) -> Iterator[_Row]:
    work, iiif = _whole(cells["depictstmsobjectid"]), cells["iiifurl"].strip().rstrip("/")
    # A crop shows a part: where nothing else is published, there is no picture of the work.
    if work in wanted and iiif and cells.get("viewtype", "").strip().casefold() != "crop":
        primary = cells.get("viewtype", "").strip().casefold() == "primary"
        sequence = _whole(cells.get("sequence", "").split(".")[0])
        rank = (0 if primary else 1_000_000) + min(sequence or 0, 999_999)
        yield work, rank, iiif, _whole(cells.get("maxpixels", "")), _whole(cells.get("openaccess", "")) == 1


def _makers(cells: _Cells, wanted: Collection[int]) -> Iterator[_Row]:
    work = _whole(cells["objectid"])
    if work in wanted and cells["roletype"].strip().casefold() == "artist":
        place = _whole(cells.get("displayorder", "")) or 0
        prefix, suffix, role = (cells.get(key, "").strip() for key in ("prefix", "suffix", "role"))
        yield work, place, _whole(cells["constituentid"]), prefix, suffix, role


def _people(cells: _Cells, wanted: Collection[int]) -> Iterator[_Row]:
    del wanted
    name = cells["forwarddisplayname"].strip() or cells.get("preferreddisplayname", "").strip()
    anonymous = cells.get("constituenttype", "").strip().casefold() == "anonymous"
    ulan, wikidata, nation = (cells.get(key, "").strip() for key in ("ulanid", "wikidataid", "nationality"))
    yield _whole(cells["constituentid"]), name, ulan, wikidata, nation, anonymous


def _terms(cells: _Cells, wanted: Collection[int]) -> Iterator[_Row]:
    work, kind = _whole(cells["objectid"]), cells["termtype"].strip().casefold()
    if work in wanted and kind in {"style", "school"}:
        # Its website says "Impressionism" where its terms say "Impressionist": the former is a movement's name.
        for term in (cells.get("visualbrowserstyle", "").strip(), cells["term"].strip()):
            if term:
                yield work, kind, term


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


@dataclass(frozen=True, slots=True)
class _File:
    """One of the other files: the columns that it must have, those of them that hold numbers, what is kept of it."""

    name: str
    needed: tuple[str, ...]
    keys: tuple[str, ...]
    read: Callable[[_Cells, Collection[int]], Iterator[_Row]]
    insert: str


_FILES = (
    _File(
        "published_images.csv",
        ("iiifurl", "depictstmsobjectid"),
        ("depictstmsobjectid",),
        _pictures,
        "INSERT INTO pictures VALUES (?, ?, ?, ?, ?)",
    ),
    _File(
        "objects_constituents.csv",
        ("objectid", "constituentid", "roletype"),
        ("objectid", "constituentid"),
        _makers,
        "INSERT INTO makers VALUES (?, ?, ?, ?, ?, ?)",
    ),
    _File(
        "constituents.csv",
        ("constituentid", "forwarddisplayname"),
        ("constituentid",),
        _people,
        "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)",
    ),
    _File(
        "objects_terms.csv",
        ("objectid", "termtype", "term"),
        ("objectid",),
        _terms,
        "INSERT INTO terms VALUES (?, ?, ?)",
    ),
)

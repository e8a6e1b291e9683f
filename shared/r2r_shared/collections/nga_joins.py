"""What the National Gallery of Art's other files say of a work, in a temporary database that leaves nothing behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from r2r_shared.collections import tables
from r2r_shared.records import Refusal

_BATCH = 5000

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

    def read(self, folder: Path) -> None:
        """Read what there is of the other files.

        Raises:
            UserError: one of them is another file than its name says.
        """
        for name, read, insert in (
            ("published_images.csv", _pictures, "INSERT INTO pictures VALUES (?, ?, ?, ?, ?)"),
            ("objects_constituents.csv", _makers, "INSERT INTO makers VALUES (?, ?, ?, ?, ?, ?)"),
            ("constituents.csv", _people, "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)"),
            ("objects_terms.csv", _terms, "INSERT INTO terms VALUES (?, ?, ?)"),
        ):
            if (folder / name).is_file():
                rows = read(folder / name, self._wanted)
                while batch := list(islice(rows, _BATCH)):
                    self._db.execute("BEGIN")
                    self._db.executemany(insert, batch)
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


def _pictures(path: Path, wanted: Collection[int]) -> Iterator[tuple[object, ...]]:
    for cells in _rows(path, ("iiifurl", "depictstmsobjectid")):
        work, iiif = _whole(cells["depictstmsobjectid"]), cells["iiifurl"].strip().rstrip("/")
        # A crop shows a part: where nothing else is published, there is no picture of the work.
        if work in wanted and iiif and cells.get("viewtype", "").strip().casefold() != "crop":
            primary = cells.get("viewtype", "").strip().casefold() == "primary"
            sequence = _whole(cells.get("sequence", "").split(".")[0])
            rank = (0 if primary else 1_000_000) + min(sequence or 0, 999_999)
            yield work, rank, iiif, _whole(cells.get("maxpixels", "")), _whole(cells.get("openaccess", "")) == 1


def _makers(path: Path, wanted: Collection[int]) -> Iterator[tuple[object, ...]]:
    for cells in _rows(path, ("objectid", "constituentid", "roletype")):
        work = _whole(cells["objectid"])
        if work in wanted and cells["roletype"].strip().casefold() == "artist":
            place = _whole(cells.get("displayorder", "")) or 0
            person = _whole(cells["constituentid"])
            prefix, suffix, role = (cells.get(key, "").strip() for key in ("prefix", "suffix", "role"))
            yield work, place, person, prefix, suffix, role


def _people(path: Path, wanted: Collection[int]) -> Iterator[tuple[object, ...]]:
    for cells in _rows(path, ("constituentid", "forwarddisplayname")):
        name = cells["forwarddisplayname"].strip() or cells.get("preferreddisplayname", "").strip()
        anonymous = cells.get("constituenttype", "").strip().casefold() == "anonymous"
        ulan, wikidata, nation = (cells.get(key, "").strip() for key in ("ulanid", "wikidataid", "nationality"))
        yield _whole(cells["constituentid"]), name, ulan, wikidata, nation, anonymous


def _terms(path: Path, wanted: Collection[int]) -> Iterator[tuple[object, ...]]:
    for cells in _rows(path, ("objectid", "termtype", "term")):
        work, kind = _whole(cells["objectid"]), cells["termtype"].strip().casefold()
        if work not in wanted or kind not in {"style", "school"}:
            continue
        # Its website says "Impressionism" where its terms say "Impressionist": the former is a movement's name.
        for term in (cells.get("visualbrowserstyle", "").strip(), cells["term"].strip()):
            if term:
                yield work, kind, term


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """The rows that can be read; what is broken in these files shows in the works that miss something."""
    with tables.opened(path, needed) as table:
        for row in table.rows:
            if not isinstance(row, Refusal):
                yield {name: row.cells[place] for name, place in table.columns.items()}


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None

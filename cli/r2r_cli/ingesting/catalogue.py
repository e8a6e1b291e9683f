"""A catalogue of films: CSV with a header, or JSONL; read line by line, however long it is.

Columns: path, title, director, year, country. A relative path starts at the catalogue's own directory. What is wrong
with one line refuses that line; what is wrong with the whole file refuses the file.
"""

from __future__ import annotations

import csv
import json
import re
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from r2r_cli.ingesting.csv_records import LONGEST_LINE, LineRefused, Lines
from r2r_shared.collections.text import clean, storable
from r2r_shared.errors import UserError

COLUMNS = ("path", "title", "director", "year", "country")
YEARS = range(1870, 2201)
MOST_PIPED = 1 << 30
"""Bytes of a catalogue that comes through a pipe: it is kept on disk while it is read."""

_SEPARATOR = re.compile(r"\ufeff?\"?sep=.\"?[,;\t]*\s*", re.IGNORECASE)
"""What Excel writes or wants as a first line, to say which mark parts the fields."""
_HEADER = f"its first line is to name the columns: {','.join(COLUMNS)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A film as a catalogue names it; what it does not say is None."""

    line: int
    place: str | Path
    title: str | None
    director: str | None
    year: int | None
    country: str | None

    @property
    def described(self) -> dict[str, Any]:
        return {"title": self.title, "director": self.director, "year": self.year, "country": self.country}


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that names no film, and why; `reason` is the same for all of a kind."""

    line: int
    place: str
    error: str
    hint: str
    reason: str


@contextmanager
def spooled(path: Path) -> Generator[Path]:
    """The catalogue as a file that can be read twice: itself, or a copy of what a pipe gives, for as long as this.

    Raises:
        UserError: more comes than a catalogue may hold.
    """
    if not (path.is_fifo() or path.is_char_device() or path.is_socket()):
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="r2r-catalogue-") as copy:
        try:
            with path.open("rb") as pipe:
                left = MOST_PIPED
                while (data := pipe.read(min(1 << 20, left))) and left:
                    left -= copy.write(data)
                if not left:
                    raise UserError(f"{path} gives more than {MOST_PIPED >> 20} MiB", "write the catalogue into a file")
            copy.flush()
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}", "name a CSV or JSONL file of films") from error
        yield Path(copy.name)


def read(
    path: Path,
    *,
    named: Path | None = None,
    directory: Path | None = None,
    on_unknown: Callable[[str], None] = lambda said: None,
) -> Iterator[Entry | BadLine]:
    """The entries of a catalogue in their order. Nothing is kept of a line once the next is asked for.

    Args:
        named: what it is called, where `path` is a copy.
        directory: where relative paths begin; by default the catalogue's own.
        on_unknown: is told once of each column that nothing is made of.

    Raises:
        UserError: it cannot be read, is not UTF-8 text, or does not say which column is the path.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            shown = named or path
            begin = _begin(shown, file)
            rows = _objects(file) if begin == "{" else _records(shown, file)
            yield from _entries(shown, directory or path.parent, rows, on_unknown)
    except OSError as error:
        raise UserError(
            f"{named or path} cannot be read: {error.strerror}", "name a CSV or JSONL file of films"
        ) from error


def count(path: Path) -> int:
    """How many entries there are, bad lines included; for a bar's end.

    Raises:
        UserError: as `read`.
    """
    return sum(1 for _ in read(path))


def _begin(path: Path, file: TextIO) -> str:
    """The first character that is no space; the file stands at its start again afterwards."""
    head = file.read(1 << 16)
    file.seek(0)
    if "\0" in head or any("\ud800" <= letter <= "\udfff" for letter in head.split("\n", 1)[0]):
        raise UserError(f"{path} is not text in UTF-8", "save the catalogue as CSV in UTF-8")
    begin = head.lstrip("\ufeff \t\r\n")[:1]
    if not begin:
        raise UserError(f"{path} is empty", _HEADER)
    if begin == "[":
        raise UserError(f"{path} is one JSON array", "write it as JSONL: one object a line")
    return begin


_Row = tuple[int, dict[str, Any] | LineRefused]


def _records(path: Path, file: TextIO) -> Iterator[_Row]:
    """CSV: the line at which each record begins, and its fields by their column."""
    header, before = file.readline(LONGEST_LINE), 1
    while not header.strip("\ufeff \t\r\n,;") or _SEPARATOR.fullmatch(header):
        if not header:
            raise UserError(f"{path} has no column path", _HEADER)
        header, before = file.readline(LONGEST_LINE), before + 1
    delimiter = max(",;\t", key=lambda mark: sum(_name(part) in COLUMNS for part in header.split(mark)))
    columns = [_name(part) for part in next(csv.reader([header], delimiter=delimiter))]
    if "path" not in columns:
        raise UserError(f"{path} has no column path", _HEADER)
    if len(named := [name for name in columns if name]) != len(set(named)):
        raise UserError(f"{path} names a column twice", _HEADER)
    lines = Lines(file, before)
    while (line := lines.next_line()) is not None:
        try:
            record = lines.record(delimiter)
        except LineRefused as error:
            yield line, error
            continue
        if any(field.strip() for field in record):
            if len(record) > len(columns):
                hint = f"put a field that holds a {'tab' if delimiter == chr(9) else delimiter} into quotation marks"
                yield line, LineRefused(f"has {len(record)} fields, the header {len(columns)}", hint)
            else:
                yield line, dict(zip(columns, record, strict=False))


def _objects(file: TextIO) -> Iterator[_Row]:
    """JSONL: the number of each line, and its object."""
    number = 0
    while text := file.readline(LONGEST_LINE):
        number += 1
        if len(text) == LONGEST_LINE and not text.endswith("\n"):
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                pass
            yield number, LineRefused("is too long", f"a film takes at most {LONGEST_LINE} characters")
        elif text.strip("\ufeff \t\r\n"):
            yield number, _object(text)


def _object(text: str) -> dict[str, Any] | LineRefused:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return LineRefused("is no JSON", "write one object a line")
    if not isinstance(value, dict):
        return LineRefused("is no JSON object", 'write it as {"path": "film.mp4", "title": "…"}')
    return {_name(key): part for key, part in cast("dict[str, Any]", value).items()}


def _entries(
    path: Path, directory: Path, rows: Iterator[_Row], on_unknown: Callable[[str], None]
) -> Iterator[Entry | BadLine]:
    """Each row as an entry, or as what is wrong with it."""
    unknown: set[str] = set()
    for line, row in rows:
        if isinstance(row, LineRefused):
            yield _bad(path, line, "", row)
            continue
        for name in row.keys() - set(COLUMNS) - unknown:
            unknown.add(name)
            if name and len(unknown) <= 20:
                on_unknown(f"{path.name}: nothing is made of the column “{clean(name)}”")
        try:
            yield _entry(directory, line, row)
        except LineRefused as error:
            yield _bad(path, line, str(row.get("path") or "")[:300], error)


def _entry(directory: Path, line: int, row: dict[str, Any]) -> Entry:
    texts = {name: _text(name, row.get(name)) for name in ("path", "title", "director", "country")}
    named = texts.pop("path")
    if named is None:
        raise LineRefused("names no path", "give each line the path of its film")
    place = named if "://" in named else directory / named
    return Entry(
        line=line,
        place=place,
        year=_year(row.get("year")),
        **{name: None if text is None else clean(text) or None for name, text in texts.items()},
    )


def _text(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise LineRefused(f"has a {name} that is no text", "put it into quotation marks")
    if storable(value) != value or "\0" in value:
        raise LineRefused(f"has a {name} that is not text in UTF-8", "save the catalogue in UTF-8")
    return value.strip() or None


def _year(value: Any) -> int | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    text = value.strip() if isinstance(value, str) else str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{4}", text) or int(text) not in YEARS:
        shown = storable(text if len(text) <= 20 else f"{text[:19]}…")
        hint = f"write a year from {YEARS.start} to {YEARS.stop - 1}, or leave it empty"
        raise LineRefused(f"has no year: “{shown}”", hint)
    return int(text)


def _name(text: str) -> str:
    """A column's name as it is compared."""
    return text.strip("\ufeff \t\r\n\"'").casefold()


def _bad(path: Path, line: int, place: str, error: LineRefused) -> BadLine:
    reason = error.message.split(":")[0]
    several = error.last is not None and error.last > line
    where = f"lines {line}–{error.last}: this" if several else f"line {line}"
    return BadLine(line, place, f"{path.name} {where} {error.message}", error.hint, f"a line that {reason}")

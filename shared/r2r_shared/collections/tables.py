"""A museum's CSV file row by row, with flat memory: byte-order marks, quoted newlines, rows too short or too long."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from r2r_shared.collections import remarks
from r2r_shared.collections.csv_rows import Rows
from r2r_shared.errors import UserError
from r2r_shared.records import Refusal

_POINTER = b"version https://git-lfs"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `where` it stands ("line 12"), its cells, and whether some were missing at its end."""

    where: str
    cells: Sequence[str]
    short: bool


@dataclass(frozen=True, slots=True)
class Table:
    """An open CSV file.

    Attributes:
        columns: names in small letters → where they stand in a row.
    """

    columns: dict[str, int]
    rows: Iterator[Row | Refusal]


def header(source: Path) -> tuple[str, ...]:
    """The names of a file's columns, in small letters; none where its first line is no CSV."""
    try:
        with source.open(encoding=encoding(source), errors="replace", newline="") as lines:
            first = lines.readline(1 << 20)
            return _names(next(csv.reader([first], delimiter=_delimiter(first)), None) or [])
    except (OSError, csv.Error):
        return ()


def refuse_pointer(source: Path) -> None:
    """Git keeps large files elsewhere (https://git-lfs.com) and leaves a note of three lines in their place.

    Raises:
        UserError: `source` is such a note.
    """
    with source.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            raise UserError(
                f"{source} is not the file itself, but Git LFS's pointer to it",
                "run `git lfs install` and `git lfs pull` in its repository, or download the file",
            )


@contextmanager
def opened(source: Path, needed: Sequence[str]) -> Generator[Table]:
    """Yields the table of a CSV file in UTF-8 or UTF-16, the latter by its mark.

    Raises:
        UserError: one of the `needed` columns is not there, or the file is kept elsewhere.
    """
    refuse_pointer(source)
    with source.open(encoding=encoding(source), errors="replace", newline="") as lines:
        delimiter = _delimiter(lines.readline(1 << 20))
        lines.seek(0)
        rows = Rows(lines, delimiter)
        try:
            names = _names(rows.header())
        except csv.Error as exc:
            raise UserError(f"{source}: its first line is not CSV: {exc}", "the first line names the columns") from exc
        rows.width = len(names)
        columns = {name: place for place, name in reversed(list(enumerate(names)))}
        if lost := [name for name in needed if name not in columns]:
            seen = ", ".join(names[:12]) or "none"
            raise UserError(f"{source} has no column {lost[0]}; its columns: {seen}", "was the file renamed or cut?")
        yield Table(columns, _rows(rows, len(names)))


def _rows(rows: Rows, width: int) -> Iterator[Row | Refusal]:
    for line, cells in rows:
        where = f"line {line}"
        if isinstance(cells, str):
            yield Refusal(where, remarks.UNREADABLE, cells)
        elif len(cells) == width:
            yield Row(where, cells, short=False)
        elif not any(cells):
            continue
        elif len(cells) < width:
            yield Row(where, [*cells, *[""] * (width - len(cells))], short=True)
        elif any(cell.strip() for cell in cells[width:]):
            # Its cells have moved, nobody knows how far: nothing in it can be trusted.
            yield Refusal(where, remarks.UNREADABLE, f"{len(cells)} cells, but the first line names {width} columns")
        else:
            yield Row(where, cells[:width], short=False)


def encoding(source: Path) -> str:
    """UTF-16 where the file begins with its mark, else UTF-8, with its mark or without."""
    with source.open("rb") as file:
        return "utf-16" if file.read(2) in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(cell.strip("\ufeff").split()).casefold() for cell in cells)


def _delimiter(first_line: str) -> str:
    """The one of , ; tab that stands in the first line most often: museums write commas, spreadsheets the others."""
    return max(",;\t", key=first_line.count)

"""The rows of a CSV file, where a quote that is never closed costs the line it stands in and no other.

RFC 4180 lets a quoted cell hold newlines, so one stray `"` makes all that follows into a single cell, up to the next
quote, or to the end of the file. A row that goes on over too many lines, or ends as no row of this file does, is
therefore undone: its first line is reported, and reading goes on with the second.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import TextIO, TypeAlias

MAX_CELL = 16 << 20  # signs of one row
MAX_LINES = 50  # that one row may go on over; descriptions of museums have a dozen

UNCLOSED = "a quote that is not closed"

Found: TypeAlias = "tuple[int, list[str] | str]"
"""The line where a row begins, from 1; and its cells, or what is wrong with that line."""


class _Endless(Exception):
    """A row that goes on for too long, or to the end of the file."""


class _Lines:
    """The lines that a reader of CSV takes, those of the row that it is reading kept. Memory is bounded."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES or (self.taken and sum(map(len, self.taken)) > MAX_CELL):
            raise _Endless
        line = self._again.popleft() if self._again else self._file.readline(MAX_CELL)
        if not line:
            if self.taken:  # asked for more: the row is not at its end
                raise _Endless
            raise StopIteration
        self.taken.append(line)
        return line

    def back_to_the_second(self) -> None:
        self._again.extendleft(reversed(self.taken[1:]))


class Rows:
    """Iterates over the rows of an open CSV file.

    Args:
        strict: refuse a line with text behind a closed quote; else it is read as it stands.

    Attributes:
        width: how many cells a row has, as soon as the header is known; a row of several lines must have as many.
    """

    def __init__(self, file: TextIO, delimiter: str, *, strict: bool = False) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL))
        self._lines = _Lines(file)
        self._delimiter = delimiter
        self._strict = strict
        self._reader = self._new()
        self._line = 0
        self.width: int | None = None

    def header(self) -> list[str]:
        """The cells of the first row; none in an empty file.

        Raises:
            csv.Error: it is none.
        """
        _, cells = next(self, (1, list[str]()))
        if isinstance(cells, str):
            raise csv.Error(cells)
        return cells

    def __iter__(self) -> Iterator[Found]:
        return self

    def __next__(self) -> Found:
        self._lines.taken = []
        begun = self._line + 1
        try:
            cells = next(self._reader)
        except _Endless:
            return begun, self._undone(UNCLOSED)
        except csv.Error as exc:
            return begun, self._undone(f"not CSV: {exc}")
        odd = self.width is not None and len(cells) != self.width and any(cells)
        if (odd or len(self._lines.taken) > 1) and not self._is_row():
            return begun, self._undone(UNCLOSED)
        self._line += len(self._lines.taken)
        return begun, cells

    def _is_row(self) -> bool:
        """True for lines that are one row by the letter: a stray quote ends at the next quote, in its row or another.

        Several lines must have as many cells as all rows have; one line may be short.
        """
        try:
            rows = list(csv.reader(self._lines.taken, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return False
        return len(rows) == 1 and (len(self._lines.taken) == 1 or self.width in {None, len(rows[0])})

    def _undone(self, why: str) -> str:
        self._lines.back_to_the_second()
        self._line += 1
        self._reader = self._new()  # the old one stands in the middle of a row
        return why

    def _new(self) -> Iterator[list[str]]:
        return csv.reader(self._lines, delimiter=self._delimiter, strict=self._strict)

"""Records of CSV one by one, each of a few lines: a quotation mark that is not closed costs its own line alone."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import TextIO

from r2r_shared.errors import FilmRefused

LONGEST_LINE = 1 << 17
"""Characters of one line, and of a record of several."""
MOST_LINES = 5
"""Lines of one record of CSV: where there are more, a quotation mark was not closed."""

_NONE: list[str] = []


class LineRefused(FilmRefused):
    """What is wrong with a line, or with all up to the line `last`; becomes a BadLine."""

    def __init__(self, message: str, hint: str, *, last: int | None = None) -> None:
        super().__init__(message, hint)
        self.last = last


class Lines:
    """The lines of a CSV file, of which a few can be read again: those that an open quotation mark had swallowed."""

    def __init__(self, file: TextIO, before: int) -> None:
        self._file = file
        self._before = before  # lines that are through
        self._again: deque[str] = deque()

    def next_line(self) -> int | None:
        """The number of the line at which the next record begins; None where there is none."""
        if not self._again and (text := self._file.readline(LONGEST_LINE)):
            self._again.append(text)
        return self._before + 1 if self._again else None

    def record(self, delimiter: str) -> list[str]:
        """The fields of the record that begins at the next line.

        Raises:
            LineRefused: it is none; the lines after its first are still to come.
        """
        taken: list[str] = []
        wants_more = False

        def lines() -> Iterator[str]:
            nonlocal wants_more
            while len(taken) <= MOST_LINES and self.next_line() is not None:
                taken.append(self._again.popleft())
                self._before += 1
                if len(taken) > 1 and sum(map(len, taken)) > LONGEST_LINE:  # csv has a limit, but others may raise it
                    raise csv.Error("it is too long")
                yield taken[-1]
            wants_more = True

        first = self._before + 1
        try:
            # Of several lines each quotation mark must be where it belongs: one left open meets that of a later film.
            record = next(csv.reader(lines(), delimiter=delimiter), _NONE)
            if wants_more or len(taken) > MOST_LINES:
                raise csv.Error("a quotation mark is not closed")
            if len(taken) > 1:
                record = next(csv.reader(taken, delimiter=delimiter, strict=True), _NONE)
            if len(taken[0]) == LONGEST_LINE and not taken[0].endswith("\n"):
                self._skip_line()
                raise csv.Error("it is too long")
        except csv.Error as error:
            last = self._before
            self._again.extendleft(reversed(taken[1:]))
            self._before = first
            hint = f"close each quotation mark, and double those within a field; a film takes up to {MOST_LINES} lines"
            raise LineRefused(f"is no CSV: {error}", hint, last=last) from error
        return record

    def _skip_line(self) -> None:
        while (rest := self._file.readline(LONGEST_LINE)) and not rest.endswith("\n"):
            pass

"""The report of an ingest: a row for each file, written as it becomes known, so that it may be of any length."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from r2r_cli import render
from r2r_shared.errors import UserError

if TYPE_CHECKING:
    from r2r_cli.ingesting.bulk import Outcome

COLUMNS = ("path", "state", "film", "job", "title", "error", "hint")
SUFFIXES = (".jsonl", ".csv")


class Report:
    """A CSV or JSONL file that is written line by line; no file where none is wanted.

    Raises:
        UserError: the file cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._csv = path is not None and path.suffix.lower() == ".csv"
        try:
            # Buffered by the line: a kill loses none before it. Bytes of a name that are no text: to JSON, \udcff
            # means the same byte.
            self._file = path and path.open("w", encoding="utf-8", errors="backslashreplace", newline="", buffering=1)
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> Self:
        if self._csv:
            self._write({name: name for name in COLUMNS})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, outcome: Outcome) -> None:
        """Write an outcome's row."""
        self._write(row(outcome))

    def _write(self, values: dict[str, str | int | None]) -> None:
        if self._file is None:
            return
        try:
            if self._csv:
                csv.writer(self._file).writerow([render.harmless(value) for value in values.values()])
            else:
                self._file.write(json.dumps(values, ensure_ascii=False) + "\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> UserError:
        return UserError(
            f"{self._path} cannot be written: {error.strerror}", "name a file in a directory that exists, with room"
        )


def row(outcome: Outcome) -> dict[str, str | int | None]:
    """An outcome as a row of the report."""
    why = outcome.refusal
    return {
        "path": outcome.place,
        "state": outcome.state,
        "film": outcome.film,
        "job": outcome.job,
        "title": outcome.title,
        "error": "" if why is None else why.error,
        "hint": "" if why is None else why.hint,
    }

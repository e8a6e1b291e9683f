"""The report of an ingest: a row for each file, written as it becomes known, so that it may be of any length.

`taken_as` says what the call made of a file. Where the call waits, a further row for each job that has ended follows,
with the job's `state` and error.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from r2r_cli import render
from r2r_shared.errors import UserError

if TYPE_CHECKING:
    from r2r_cli.ingesting.bulk import Outcome
    from r2r_shared.queries.jobs import Job

COLUMNS = ("path", "taken_as", "film", "job", "title", "state", "error", "hint")
BATCH = 500
SUFFIXES = (".jsonl", ".csv")


class Report:
    """A CSV or JSONL file that is written line by line; no file where none is wanted.

    Raises:
        UserError: the file cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._rows = 0
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
        self._rows += 1

    def add_ends(self, job_ids: Iterable[int], several: Callable[[list[int]], list[Job]]) -> None:
        """Write a further row for each job of those that were waited for. What it was about is read from the report.

        Args:
            several: the jobs with these ids, as they are now.
        """
        if self._file is None or self._path is None or not self._path.is_file():
            return
        left = set(job_ids)
        with self._path.open(encoding="utf-8", newline="") as file:
            taken = islice(csv.DictReader(file) if self._csv else map(json.loads, file), self._rows)
            while batch := list(islice(taken, BATCH)):
                for values in self._ends(batch, left, several):
                    self._write(values)

    def _ends(
        self, taken: list[dict[str, Any]], left: set[int], several: Callable[[list[int]], list[Job]]
    ) -> Iterator[dict[str, Any]]:
        jobs = {job.id: job for job in several([int(values["job"]) for values in taken if values["job"]])}
        for values in taken:
            job = jobs.get(int(values["job"] or 0))
            if job is not None and job.id in left:
                left.discard(job.id)
                hint = f"r2r jobs show {job.id}" if job.state == "failed" else ""
                yield values | {"state": job.state, "error": job.error or "", "hint": hint}

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
        "taken_as": outcome.state,
        "film": outcome.film,
        "job": outcome.job,
        "title": outcome.title,
        "state": None,
        "error": "" if why is None else why.error,
        "hint": "" if why is None else why.hint,
    }

"""How far jobs are: bars on a terminal, plain lines on a pipe, nothing where JSON is wanted."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from r2r_cli import render

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from r2r_shared.queries.job_parts import Part
    from r2r_shared.queries.jobs import Job

ENDED = ("done", "failed", "cancelled")
LINE_EVERY_S = 5.0
MOST_BARS = 8
"""Jobs, or segments of a job, that are shown one by one."""


class Reporter(Protocol):
    """Shows jobs as they go on."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def update(self, job: Job, parts: Sequence[Part] = ()) -> None:
        """A job, and its segments that are being worked on."""

    def overall(self, said: str, share: float, running: Sequence[Job]) -> None:
        """Many jobs in one line, and some of those that are running."""


def reporter(*, quiet: bool) -> Reporter:
    """What shows jobs here."""
    if quiet:
        return _Quiet()
    return _Bars() if sys.stderr.isatty() else _Lines()


class _Quiet:
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def update(self, job: Job, parts: Sequence[Part] = ()) -> None:
        pass

    def overall(self, said: str, share: float, running: Sequence[Job]) -> None:
        pass


class _Lines(_Quiet):
    """Plain lines for a pipe or a log: at each change of stage, and every five seconds."""

    def __init__(self) -> None:
        self._said: dict[int, tuple[str, float]] = {}

    def update(self, job: Job, parts: Sequence[Part] = ()) -> None:
        said = self._said.get(job.id)
        now = time.monotonic()
        key = job.state if job.state in ENDED else f"{job.state} {job.stage} {job.put_off}"
        if said is not None and said[0] == key and (now - said[1] < LINE_EVERY_S or job.state in ENDED):
            return
        self._said[job.id] = (key, now)
        render.note(f"{job.about}: {describe(job)}")
        for part in parts:
            render.note(f"    segment {part.number + 1}: {describe_part(part)}")

    def overall(self, said: str, share: float, running: Sequence[Job]) -> None:
        before, when = self._said.get(0, ("", float("-inf")))
        now = time.monotonic()
        if said != before and (now - when >= LINE_EVERY_S or share >= 1):
            self._said[0] = (said, now)
            render.note(said)


class _Bars(_Quiet):
    """A rich progress bar for each job, or for each of its segments."""

    def __init__(self) -> None:
        self._progress = bars()
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, job: Job, parts: Sequence[Part] = ()) -> None:
        self._bar(f"job {job.id}", render.short(job.about, 40), job.progress, describe(job, share=False))
        for part in parts:
            self._bar(f"part {part.id}", f"  segment {part.number + 1}", part.progress, describe_part(part))
        self._drop("part", {f"part {part.id}" for part in parts})

    def overall(self, said: str, share: float, running: Sequence[Job]) -> None:
        self._bar("all", "all", share, said)
        for job in running:
            self._bar(f"job {job.id}", render.short(job.about, 40), job.progress, describe(job, share=False))
        self._drop("job", {f"job {job.id}" for job in running})

    def _bar(self, key: str, about: str, share: float, detail: str) -> None:
        about, detail = map(render.printable, (about, detail))
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task("", total=1.0, about=about, detail=detail)
        self._progress.update(self._tasks[key], completed=share, about=about, detail=detail)

    def _drop(self, kind: str, keep: set[str]) -> None:
        """Take away the bars of what is not being worked on any more."""
        for key in [key for key in self._tasks if key.startswith(kind) and key not in keep]:
            self._progress.remove_task(self._tasks.pop(key))


def bars() -> Progress:
    """Rich's bars as all commands draw them: on stderr, with a name before and a detail behind."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    return Progress(
        TextColumn("{task.fields[about]}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        console=Console(stderr=True),
        refresh_per_second=5,
    )


def describe(job: Job, *, share: bool = True) -> str:
    """Stage, share done, shots, frames a second, time left: as far as they are known."""
    if job.state == "failed":
        return f"failed: {job.error}"
    if job.put_off is not None:
        again = "" if job.put_off_s is None else f" · next try in {render.timecode(max(0.0, job.put_off_s))}"
        return f"put off: {job.put_off}{again}"
    if job.state != "running":
        ended = f" in {render.timecode(job.elapsed_s)}" if job.state == "done" else ""
        found = f", {job.shots} shots" if job.kind == "ingest" and job.shots else ""
        return f"{job.state}{ended}{found}"
    parts = [stage_name(job.stage) or "waiting"]
    if job.said:
        parts.append(job.said)
    if share:
        parts.append(f"{job.progress:.0%}")
    if job.shots:
        parts.append(f"{job.shots} shots")
    if (fps := fps_of(job)) is not None:
        parts.append(f"{fps:.0f} fps")
    if (left := left_s(job)) is not None:
        parts.append(f"{render.timecode(left)} left")
    return " · ".join(parts)


def describe_part(part: Part) -> str:
    """A running segment: stage, share done, frames a second, time left."""
    parts = [stage_name(part.stage), f"{part.progress:.0%}"]
    if part.fps is not None:
        parts.append(f"{part.fps:.0f} fps")
    if part.left_s is not None:
        parts.append(f"{render.timecode(part.left_s)} left")
    return " · ".join(parts)


def stage_name(stage: str) -> str:
    """A stage as people know it."""
    return {"film": "decode", "pictures": "measure", "keyframes": "measure"}.get(stage, stage)


def fps_of(job: Job) -> float | None:
    """Frames a second of a running job's segments together, while frames are read; see `Job.fps`."""
    return job.fps or None if job.state == "running" else None


def left_s(job: Job) -> float | None:
    """Seconds until a running job is done, if it goes on as it does; see `Job.left_s`."""
    return job.left_s if job.state == "running" else None

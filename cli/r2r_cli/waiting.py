"""Wait for jobs: keep the sweep going and a local worker alive, and show how far they are."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import psycopg

from r2r_cli import render
from r2r_cli.idle_queues import IdleQueues
from r2r_shared import broker
from r2r_shared.errors import NotFound, Unavailable
from r2r_shared.local_worker import LocalWorker
from r2r_shared.queries import jobs, segments, sweeping

if TYPE_CHECKING:
    from rich.progress import TaskID

    from r2r_cli.context import Session
    from r2r_shared.queries.jobs import Job

POLL_S = 0.25
SWEEP_S = 2.0
GRACE_S = 3.0
AWAY_LIMIT_S = 120.0
ENDED = ("done", "failed", "cancelled")


class Reporter(Protocol):
    """Shows jobs as they go on."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def update(self, job: Job) -> None: ...


def wait_for_jobs(
    opened: Session,
    job_ids: Sequence[int],
    *,
    quiet: bool = False,
    worker: LocalWorker | None = None,
    unserved_limit_s: float | None = None,
) -> list[Job]:
    """Wait until all jobs have ended; on this machine's own stack a worker runs for as long.

    A server that goes away meanwhile is waited for, and this machine's own is started again: what was finished
    is in the rows. A queue that no worker serves is named, and waited for. Ctrl-C ends the waiting and the local
    worker, not the jobs: they go on where they were.

    Args:
        worker: one that was started early; it is ended here all the same.
        unserved_limit_s: how long to wait where no worker serves the jobs' queue; None: until one does.

    Returns:
        The jobs in the order they were asked for, without those that were removed meanwhile.

    Raises:
        NotFound: all of them were removed.
        Unavailable: a server stayed away, or no worker served the queue for `unserved_limit_s`.
    """
    worker = worker or local_worker(opened)
    idle = IdleQueues(opened, limit_s=unserved_limit_s)
    left = list(dict.fromkeys(job_ids))
    ended: dict[int, Job] = {}
    last_sweep = -SWEEP_S
    away_since: float | None = None
    try:
        with _reporter(quiet) as reporter:
            while True:
                try:
                    if worker is not None:
                        worker.ensure()
                    if time.monotonic() - last_sweep > SWEEP_S:
                        last_sweep = time.monotonic()
                        sweep(opened)
                    found = jobs.several(opened.conn, left)
                    for job in found:
                        reporter.update(job)
                        if job.state in ENDED:
                            ended[job.id] = job
                    _say_removed(set(left) - {job.id for job in found})
                    going_on = [job for job in found if job.state not in ENDED]
                    left = [job.id for job in going_on]
                    idle.look(going_on)
                    away_since = None
                except (Unavailable, psycopg.OperationalError) as error:
                    away_since = away_since or time.monotonic()
                    _wait_for_servers(opened, error, time.monotonic() - away_since)
                if not left:
                    break
                idle.check()
                time.sleep(POLL_S)
        if not ended:
            raise NotFound("nothing is left to wait for", "what was removed takes its jobs with it")
        return [ended[job_id] for job_id in job_ids if job_id in ended]
    finally:
        if worker is not None:
            end_worker(opened, worker)


def _say_removed(job_ids: set[int]) -> None:
    for job_id in sorted(job_ids):
        render.note(f"job {job_id} was removed meanwhile, with its film or collection")


def local_worker(opened: Session) -> LocalWorker | None:
    """A worker for this machine's own stack, not started yet; None where others serve the queues."""
    return LocalWorker(opened.settings, opened.stack) if opened.stack.local else None


def _wait_for_servers(opened: Session, error: Exception, away_s: float) -> None:
    if away_s > AWAY_LIMIT_S:
        raise Unavailable(
            f"a server has been away for {away_s:.0f} s: {error}", "nothing is lost: the same command goes on"
        ) from error
    if away_s == 0 or round(away_s) % 10 == 0:
        render.note(f"waiting for a server: {str(error).splitlines()[0]}")
    time.sleep(1)
    with contextlib.suppress(Unavailable, psycopg.OperationalError):
        opened.reconnect()


def end_worker(opened: Session, worker: LocalWorker) -> None:
    """Stop our own worker now, and put back what it held: its next attempt is not its second."""
    pid = worker.pid
    if pid is None:
        return
    worker.stop(grace_s=GRACE_S)
    with contextlib.suppress(psycopg.OperationalError):  # then the lease runs out instead
        segments.hand_back_of(opened.conn, f"{socket.gethostname()}:{pid}/")


def send_job(opened: Session, job_id: int) -> None:
    """Send the messages of a job whose rows are committed. Losing them is no harm: whoever waits sends them again."""
    sweep(opened, job_id)


def sweep(opened: Session, job_id: int | None = None) -> None:
    """Send what was never sent, or lost its message or its worker; of one job, or of all.

    Raises:
        Unavailable: the broker does not answer.
    """
    settings = opened.settings
    messages = sweeping.sweep(opened.conn, lease_s=settings.lease_s, max_attempts=settings.max_attempts, job_id=job_id)
    broker.send_all(opened.app, messages)


def _reporter(quiet: bool) -> Reporter:
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

    def update(self, job: Job) -> None:
        pass


class _Lines(_Quiet):
    """Plain lines for a pipe or a log: at each change of stage, and every five seconds."""

    def __init__(self) -> None:
        self._said: dict[int, tuple[str, float]] = {}

    def update(self, job: Job) -> None:
        said = self._said.get(job.id)
        now = time.monotonic()
        key = job.state if job.state in ENDED else f"{job.state} {job.stage}"
        if said is not None and said[0] == key and (now - said[1] < 5 or job.state in ENDED):
            return
        self._said[job.id] = (key, now)
        render.note(f"{job.about}: {describe(job)}")


class _Bars(_Quiet):
    """A rich progress bar for each job."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._progress = Progress(
            TextColumn("{task.fields[about]}", markup=False),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            console=Console(stderr=True),
            refresh_per_second=5,
        )
        self._tasks: dict[int, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, job: Job) -> None:
        about, detail = map(render.printable, (render.short(job.about, 40), describe(job, share=False)))
        if job.id not in self._tasks:
            self._tasks[job.id] = self._progress.add_task("", total=1.0, about=about, detail=detail)
        self._progress.update(self._tasks[job.id], completed=job.progress, about=about, detail=detail)


def describe(job: Job, *, share: bool = True) -> str:
    """Stage, share done, shots, frames a second, time left: as far as they are known."""
    if job.state == "failed":
        return f"failed: {job.error}"
    if job.state != "running":
        ended = f" in {render.timecode(elapsed_s(job))}" if job.state == "done" else ""
        found = f", {job.shots} shots" if job.kind == "ingest" and job.shots else ""
        return f"{job.state}{ended}{found}"
    parts = [{"film": "decode", "pictures": "measure"}.get(job.stage, job.stage) or "waiting"]
    if share:
        parts.append(f"{job.progress:.0%}")
    elapsed = elapsed_s(job)
    if job.shots:
        parts.append(f"{job.shots} shots")
    if job.frames and elapsed > 0.5 and job.stage in ("film", "decode"):  # afterwards the frames stand still
        parts.append(f"{job.frames / elapsed:.0f} fps")
    if job.progress > 0.02 and elapsed > 2:
        parts.append(f"{render.timecode(elapsed * (1 - job.progress) / job.progress)} left")
    return " · ".join(parts)


def elapsed_s(job: Job) -> float:
    """Wall seconds since a job began, by this machine's clock; until it ended, if it has."""
    import datetime as dt

    if job.started_at is None:
        return 0.0
    return max(0.0, ((job.finished_at or dt.datetime.now(dt.UTC)) - job.started_at).total_seconds())

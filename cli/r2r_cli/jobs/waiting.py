"""Wait for jobs: keep the sweep going and a local worker alive, and show how far they are."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import psycopg

from r2r_cli import render
from r2r_cli.jobs import job_progress
from r2r_cli.jobs.idle_queues import IdleQueues
from r2r_cli.jobs.job_progress import ENDED, MOST_BARS, Reporter
from r2r_shared import dispatch, names
from r2r_shared.errors import NotFound, Unavailable
from r2r_shared.local.worker import LocalWorker
from r2r_shared.queries import job_counts, job_parts, jobs, setbacks
from r2r_shared.queries.job_counts import Counts, Ranges

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.queries.jobs import Job

describe = job_progress.describe

POLL_S, LONGEST_POLL_S = 0.25, 2.0
MANY_POLL_S, MANY_LONGEST_POLL_S = 1.0, 5.0
SWEEP_S = 2.0
GRACE_S = 3.0
AWAY_LIMIT_S = 120.0


class Watched(Protocol):
    """The jobs that a command waits for."""

    going_on: Ranges

    def look(self) -> object:
        """Ask for them once and show them; the same answer twice means that nothing moved."""
        ...


def wait_for_jobs(
    opened: Session,
    job_ids: Sequence[int],
    *,
    quiet: bool = False,
    worker: LocalWorker | None = None,
    unserved_limit_s: float | None = None,
    parts: bool = False,
) -> list[Job]:
    """Wait until all jobs have ended; on this machine's own stack a worker runs for as long.

    A server that goes away meanwhile is waited for, and this machine's own is started again: what was finished
    is in the rows. A queue that no worker serves is named, and waited for. Ctrl-C ends the waiting and the local
    worker, not the jobs: they go on where they were.

    Args:
        worker: one that was started early; it is ended here all the same.
        unserved_limit_s: how long to wait where no worker serves the jobs' queue; None: until one does.
        parts: show the running segments of each job, too.

    Returns:
        The jobs in the order they were asked for, without those that were removed meanwhile.

    Raises:
        NotFound: all of them were removed.
        Unavailable: a server stayed away, or no worker served the queue for `unserved_limit_s`.
    """
    with job_progress.reporter(quiet=quiet) as reporter:
        few = _Few(opened, job_ids, reporter, parts=parts)
        pace = _Pace(POLL_S, LONGEST_POLL_S)
        _wait(opened, few, pace, worker=worker, unserved_limit_s=unserved_limit_s)
    if not few.ended:
        raise NotFound("nothing is left to wait for", "what was removed takes its jobs with it")
    return [few.ended[job_id] for job_id in job_ids if job_id in few.ended]


def wait_for_many(
    opened: Session, job_ids: Sequence[int], *, noun: str, quiet: bool = False, worker: LocalWorker | None = None
) -> Counts:
    """As `wait_for_jobs`, for any number of jobs: they are counted, and some of those that run are shown.

    Args:
        noun: what the jobs are about: films.

    Raises:
        NotFound, Unavailable: as `wait_for_jobs`.
    """
    with job_progress.reporter(quiet=quiet) as reporter:
        many = _Many(opened, Ranges.of(job_ids), reporter, noun)
        pace = _Pace(MANY_POLL_S, MANY_LONGEST_POLL_S)
        _wait(opened, many, pace, worker=worker, unserved_limit_s=None)
    assert many.counts is not None
    if not many.counts.jobs:
        raise NotFound("nothing is left to wait for", "what was removed takes its jobs with it")
    return many.counts


class _Few:
    """Each job by itself."""

    def __init__(self, opened: Session, job_ids: Sequence[int], reporter: Reporter, *, parts: bool) -> None:
        self._opened = opened
        self._reporter = reporter
        self._parts = parts
        self._left = list(dict.fromkeys(job_ids))
        self.ended: dict[int, Job] = {}
        self.going_on = Ranges.of(self._left)

    def look(self) -> object:
        found = jobs.several(self._opened.conn, self._left)
        seen: list[object] = []
        for job in found:
            running = self._parts and job.state == "running"
            parts = job_parts.running(self._opened.conn, job.id, limit=MOST_BARS) if running else ()
            self._reporter.update(job, parts)
            seen.append((job.id, job.state, job.stage, job.progress, job.segments_done, job.frames))
            if job.state in ENDED:
                self.ended[job.id] = job
        _say_removed(set(self._left) - {job.id for job in found})
        self._left = [job.id for job in found if job.state not in ENDED]
        self.going_on = Ranges.of(self._left)
        return seen


class _Many:
    """All jobs in one line."""

    def __init__(self, opened: Session, meant: Ranges, reporter: Reporter, noun: str) -> None:
        self._opened = opened
        self._meant = meant
        self._reporter = reporter
        self._noun = noun
        self._began: tuple[float, float] | None = None  # when we first looked, and how much was through then
        self.going_on = meant
        self.counts: Counts | None = None

    def look(self) -> object:
        conn = self._opened.conn
        counts = self.counts = job_counts.count(conn, self._meant)
        ids = job_counts.ids(conn, self._meant, "running", limit=MOST_BARS) if counts.running else []
        running = jobs.several(conn, ids)
        if counts.ended == counts.jobs:
            self.going_on = Ranges.of([])
        self._reporter.overall(self._said(counts), counts.ended / max(1, counts.jobs), running)
        return counts, [(job.id, job.stage, job.progress, job.frames) for job in running]

    def _said(self, counts: Counts) -> str:
        """ "3,120 of 10,000 films, 12 running, 3 failed, 2:10:00 left"."""
        said = [f"{counts.ended:,} of {counts.jobs:,} {self._noun}"]
        for state in ("running", "failed", "cancelled"):
            if number := getattr(counts, state):
                said.append(f"{number:,} {state}")
        if removed := self._meant.jobs - counts.jobs:
            said.append(f"{removed:,} removed meanwhile")
        through, whole = (counts.ended_s, counts.film_s) if counts.film_s else (counts.ended, counts.jobs)
        now = time.monotonic()
        began_at, had = self._began = self._began or (now, through)
        if through > had and counts.ended < counts.jobs:
            said.append(f"{render.timecode((now - began_at) * (whole - through) / (through - had))} left")
        return ", ".join(said)


class _Pace:
    """How long to wait before the next look: a tenth of the time that nothing has moved, and twenty looks at least."""

    def __init__(self, shortest_s: float, longest_s: float) -> None:
        self._shortest_s, self._longest_s = shortest_s, longest_s
        self._seen: object = None
        self._moved = 0.0

    def after(self, seen: object, *, took_s: float) -> float:
        now = time.monotonic()
        if seen != self._seen:
            self._seen, self._moved = seen, now
        still_s = min(max((now - self._moved) / 10, self._shortest_s), self._longest_s)
        return max(still_s, min(20 * took_s, 10.0))


def _wait(
    opened: Session, watched: Watched, pace: _Pace, *, worker: LocalWorker | None, unserved_limit_s: float | None
) -> None:
    workers = [worker] if worker is not None else local_workers(opened, watched.going_on)
    idle = IdleQueues(opened, limit_s=unserved_limit_s)
    last_sweep = -SWEEP_S
    away_since: float | None = None
    pause_s = POLL_S
    try:
        while True:
            try:
                for one in workers:
                    one.ensure()
                if time.monotonic() - last_sweep > SWEEP_S:
                    last_sweep = time.monotonic()
                    sweep(opened)
                began = time.monotonic()
                seen = watched.look()
                pause_s = pace.after(seen, took_s=time.monotonic() - began)
                idle.look(seen, watched.going_on)
                away_since = None
            except (Unavailable, psycopg.OperationalError) as error:
                away_since = away_since or time.monotonic()
                _wait_for_servers(opened, error, time.monotonic() - away_since)
            if not watched.going_on.jobs:
                return
            idle.check()
            time.sleep(pause_s)
    finally:
        for one in workers:
            end_worker(opened, one)


def _say_removed(job_ids: set[int]) -> None:
    for job_id in sorted(job_ids):
        render.note(f"job {job_id} was removed meanwhile, with its film or collection")


def local_worker(opened: Session) -> LocalWorker | None:
    """A worker for this machine's own stack, not started yet; None where others serve the queues."""
    return LocalWorker(opened.settings, opened.stack) if opened.stack.local else None


def local_workers(opened: Session, jobs_at_hand: Ranges) -> list[LocalWorker]:
    """Those that this machine's own stack needs for some jobs: training has a worker of its own."""
    if not opened.stack.local:
        return []
    queues = set(job_counts.open_queues(opened.conn, jobs_at_hand))
    training = [LocalWorker(opened.settings, opened.stack, training=True)] if names.TRAIN in queues else []
    return training if queues == {names.TRAIN} else [LocalWorker(opened.settings, opened.stack), *training]


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
        setbacks.hand_back_of(opened.conn, f"{socket.gethostname()}:{pid}/")


def sweep(opened: Session) -> None:
    """Send what was never sent, or lost its message or its worker.

    Raises:
        Unavailable: a server does not answer.
    """
    dispatch.sweep(opened.conn, opened.post, opened.settings)

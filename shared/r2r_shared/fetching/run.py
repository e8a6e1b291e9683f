"""A collection's awaited pictures, fetched by several threads, and written in batches as they come.

Safe to end at any moment and to run again: what has come is a painting, or lies in the cache; what has not is still
awaited. Memory holds the ids, the works in flight and one batch; no picture outside the thread that looks at it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import Connection

from r2r_shared.errors import Stopped
from r2r_shared.fetching import addresses, client, storing
from r2r_shared.fetching.storing import FetchSummary
from r2r_shared.fetching.works import Fetcher, Missed, Outcome
from r2r_shared.queries import awaited, painting_import
from r2r_shared.queries.awaited import AwaitedWork

BATCH = 50  # pictures a transaction, or
BATCH_S = 2.0  # those of so many seconds: what a kill can cost, though not their bytes: the cache has them
QUEUE_EVERY = 256  # pictures: then a worker can begin with them
QUEUE_EVERY_S = 300.0
MOST_THREADS = 32
SILENT_WORKS = 20
"""So many works in a row that got no answer from a server, and it is left alone for a while."""
SILENT_FOR = dt.timedelta(minutes=15)

_NO_ANSWER = frozenset({client.NO_ANSWER, client.FAILED, client.BUSY, client.UNTRUSTED, addresses.UNKNOWN_HOST})


def threads_for(rate: float) -> int:
    """Enough that answers may take four seconds before they, and not the rate, are what limits."""
    return min(MOST_THREADS, max(4, math.ceil(4 * rate)))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: works of `works` that are through, pictures that came and that did not."""

    works: int
    through: int
    came: int
    missed: int


def fetch_awaited(
    conn: Connection[Any],
    fetcher: Fetcher,
    *,
    collection_id: int,
    profile_id: int,
    licences: list[str] | None = None,
    limit: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_queued: Callable[[int], None] = lambda job_id: None,
) -> FetchSummary:
    """Ask for every awaited picture of a collection that may be asked for now, and queue the measuring of what comes.

    Args:
        conn: in autocommit; `awaited.hold_fetching` has been called on it.
        licences: only works under one of these, as the rows spell them; None: any.
        limit: ask for the pictures of so many works at most.
        on_queued: called with a job's id whenever some pictures are queued for measuring.

    Raises:
        UserError: cache or media store take no more; what has come is stored.
    """
    ids = awaited.pending(conn, collection_id, licences=licences)
    if limit is not None:
        ids = ids[:limit]
    run = _Run(conn, fetcher, collection_id, profile_id, on_queued)
    began = time.monotonic()
    try:
        run.go(ids, on_progress)
    finally:
        run.summary.seconds = time.monotonic() - began
        run.summary.requests = fetcher.client.pace.asked
    run.queue(at_last=True)
    run.summary.left = awaited.left(conn, collection_id)
    return run.summary


@dataclass
class _Run:
    conn: Connection[Any]
    fetcher: Fetcher
    collection_id: int
    profile_id: int
    on_queued: Callable[[int], None]
    summary: FetchSummary = field(default_factory=FetchSummary)
    _outcomes: list[Outcome] = field(default_factory=list[Outcome])
    _written_at: float = field(default_factory=time.monotonic)
    _queued: int = 0
    _queued_at: float = field(default_factory=time.monotonic)
    _silent: Counter[str] = field(default_factory=Counter[str])

    def go(self, ids: array[int], on_progress: Callable[[Progress], None]) -> None:
        threads = threads_for(self.fetcher.client.pace.rate)
        works = self._works(ids)
        flying: set[Future[Outcome]] = set()
        through = 0
        pool = ThreadPoolExecutor(threads, thread_name_prefix="r2r-fetch")
        try:
            while True:
                while len(flying) < 2 * threads and (work := next(works, None)) is not None:
                    flying.add(pool.submit(self.fetcher.fetch, work))
                if not flying:
                    break
                done, flying = wait(flying, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    self._take(future.result())
                through += len(done)
                self.fetcher.client.reap()
                if len(self._outcomes) >= BATCH or time.monotonic() - self._written_at >= BATCH_S:
                    self._write()
                    self.queue()
                on_progress(Progress(len(ids), through, self.summary.fetched, self.summary.missed))
            self._write()
        except BaseException:
            self._end(pool, flying)
            raise
        finally:
            self._end(pool, set())

    def queue(self, *, at_last: bool = False) -> None:
        """Queue what has come for measuring, if that is enough, or all there will be."""
        new = self.summary.fetched - self._queued
        waited_s = time.monotonic() - self._queued_at
        if at_last or new >= QUEUE_EVERY or (new and waited_s >= QUEUE_EVERY_S):
            self._queued, self._queued_at = self.summary.fetched, time.monotonic()
            job_id = painting_import.queue_measurement(self.conn, self.collection_id, self.profile_id)
            if job_id is not None and job_id not in self.summary.jobs:
                self.summary.jobs.append(job_id)
                self.on_queued(job_id)

    def _works(self, ids: array[int]) -> Iterator[AwaitedWork]:
        for start in range(0, len(ids), BATCH):
            yield from awaited.due(self.conn, ids[start : start + BATCH].tolist())

    def _take(self, outcome: Outcome) -> None:
        """Keep an outcome; leave a server alone that answers nobody."""
        self._outcomes.append(outcome)
        work = outcome.work
        host = storing.netloc_of(work)
        if not isinstance(outcome, Missed) or outcome.reason not in _NO_ANSWER:
            self._silent.pop(host, None)
            return
        self._silent[host] += 1
        if self._silent[host] == SILENT_WORKS:
            self.fetcher.client.pace.close(host, dt.datetime.now(dt.UTC) + SILENT_FOR)

    def _write(self) -> None:
        self._written_at = time.monotonic()
        outcomes, self._outcomes = self._outcomes, []
        if outcomes:
            storing.store(self.conn, self.collection_id, outcomes, self.summary)

    def _end(self, pool: ThreadPoolExecutor, flying: set[Future[Outcome]]) -> None:
        """Let the threads go, and keep what they have."""
        if flying:
            self.fetcher.client.pace.stop.set()
            self.fetcher.client.close()
        pool.shutdown(cancel_futures=True)
        for future in flying:
            if not future.cancelled():
                with contextlib.suppress(Exception):  # that which ends the run is raised; these are its echoes
                    self._outcomes.append(future.result())
        if flying:
            with contextlib.suppress(psycopg.Error, Stopped):  # then the cache keeps them
                self._write()

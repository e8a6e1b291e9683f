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
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import Connection

from r2r_shared.errors import Stopped
from r2r_shared.fetching import addresses, client, connections, download, records, storing, works
from r2r_shared.fetching.storing import FetchSummary
from r2r_shared.fetching.works import Fetcher, Missed, Outcome, PutOff
from r2r_shared.queries import awaited, painting_import
from r2r_shared.queries.awaited import AwaitedWork

BATCH = 50  # pictures a transaction, or
BATCH_S = 2.0  # those of so many seconds: what a kill can cost, though not their bytes: the cache has them
QUEUE_EVERY = 256  # pictures: then a worker can begin with them
QUEUE_EVERY_S = 300.0
MOST_THREADS = 32
ALIKE_WORKS = 20
"""So many works in a row of which a server gave none, all for one reason, and nothing is concluded about any of them:
it may ban us, or ask everybody to log in. Where the reason is one of those, it is left alone for a while."""
CLOSED_FOR = dt.timedelta(minutes=15)

_TO_NOBODY = frozenset(
    {
        *(connections.NO_ANSWER, connections.UNTRUSTED, addresses.UNKNOWN_HOST),
        *(client.FAILED, client.BUSY, client.CUT_OFF),
        *(client.NOT_ALLOWED, client.REFUSED, download.WEB_PAGE, records.WEB_PAGE, works.NOT_A_PICTURE),
    }
)
"""What a server may do to all who ask it, or to us, whatever is asked for."""


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
    began, asked = time.monotonic(), fetcher.client.pace.asked
    try:
        run.go(ids, on_progress)
    finally:
        run.summary.seconds = time.monotonic() - began
        run.summary.requests = fetcher.client.pace.asked - asked
    run.queue(at_last=True)
    run.summary.left = awaited.left(conn, collection_id)
    return run.summary


@dataclass(slots=True)
class _Alike:
    """Works in a row that a server gave nothing of.

    Attributes:
        kind: the reason; empty for any of _TO_NOBODY.
        ids: the first of them, of which a few may have been taken to be gone for good.
    """

    kind: str
    count: int = 0
    ids: list[int] = field(default_factory=list[int])


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
    _closed: dict[str, dt.datetime] = field(default_factory=dict[str, dt.datetime])
    _alike: dict[str, _Alike] = field(default_factory=dict[str, "_Alike"])

    def go(self, ids: array[int], on_progress: Callable[[Progress], None]) -> None:
        threads = threads_for(self.fetcher.client.pace.rate)
        todo = self._works(ids)
        flying: set[Future[Outcome]] = set()
        through = 0
        pool = ThreadPoolExecutor(threads, thread_name_prefix="r2r-fetch")
        try:
            while True:
                while len(flying) < 2 * threads and (work := next(todo, None)) is not None:
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
            for host, until in self._closed.items():
                awaited.postpone(self.conn, self.collection_id, (), host, until)
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
        """Keep an outcome; believe no server that gives nothing to anybody, and leave it alone."""
        host = storing.netloc_of(outcome.work)
        if not isinstance(outcome, Missed):
            self._outcomes.append(outcome)
            if not isinstance(outcome, PutOff):
                self._alike.pop(host, None)
            return
        kind = "" if outcome.reason in _TO_NOBODY else outcome.reason
        alike = self._alike.get(host)
        if alike is None or alike.kind != kind:
            alike = self._alike[host] = _Alike(kind)
        alike.count += 1
        self._outcomes.append(outcome if alike.count < ALIKE_WORKS else replace(outcome, final=False))
        if alike.count < ALIKE_WORKS:
            alike.ids.append(outcome.work.id)
        elif alike.count == ALIKE_WORKS:
            if not kind:
                self._closed[host] = dt.datetime.now(dt.UTC) + CLOSED_FOR
                self.fetcher.client.pace.close(host, self._closed[host])
            self._write()
            awaited.reopen(self.conn, alike.ids)

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

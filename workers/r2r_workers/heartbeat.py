"""A lease's heartbeat, in a thread of its own while decoders and models keep the main one busy."""

from __future__ import annotations

import _thread
import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import Connection

from r2r_shared.errors import Cancelled, LeaseLost, R2RError
from r2r_shared.operating import logs
from r2r_shared.queries import segments
from r2r_shared.records import Lease
from r2r_workers import runtime

log = logging.getLogger(__name__)

START_S = 10.0


class Heartbeat:
    """Beats for a lease until it is left; tells the work when to stop.

    The work reports through `progress` and `stats`, polls `stopped()`, and calls `check()` before it stores
    anything. A worker that cannot reach the database for most of a lease stops itself: by then another may
    hold the segment.
    """

    def __init__(self, held: Lease, *, lease_s: float) -> None:
        self.held = held
        self.progress = 0.0
        self.stats: dict[str, Any] = {}
        self._every_s = min(lease_s / 5, 2.0)
        self._silence_s = lease_s * 0.7
        self._left = threading.Event()
        self._reason: R2RError | None = None
        self._heard_at = time.monotonic()
        self._statement: Connection[Any] | None = None
        self._begun = threading.Event()
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        # Thread.start() waits for ever for a thread that dies for want of memory before it says that it has begun.
        _thread.start_new_thread(self._live, ())
        if not self._begun.wait(min(START_S, self._silence_s)):
            self._left.set()
            raise MemoryError("the heartbeat's thread does not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._ended.wait(timeout=10)

    def stopped(self) -> bool:
        """True when the work is to end: the lease is lost or the job cancelled.

        Also where the heartbeat itself hangs: a server that is cut off answers neither yes nor no.
        """
        if self._reason is None and time.monotonic() - self._heard_at > self._silence_s:
            self._reason = LeaseLost(f"segment {self.held.id}: the database has not answered for a lease")
        return self._reason is not None

    def check(self) -> None:
        """Raise what `stopped()` is about."""
        if self.stopped():
            assert self._reason is not None
            raise self._reason

    @contextmanager
    def breaking_off(self, conn: Connection[Any]) -> Generator[None]:
        """Within it, a statement that computes for minutes is broken off when the work is to end."""
        self._statement = conn
        try:
            yield
        finally:
            self._statement = None

    def _live(self) -> None:
        self._begun.set()
        try:
            self._run()
        finally:
            self._ended.set()

    def _run(self) -> None:
        self._heard_at = time.monotonic()
        while not self._left.wait(self._every_s):
            try:
                with runtime.connection(autocommit=True) as conn:
                    while True:
                        segments.beat(conn, self.held, progress=self.progress, stats=self.stats, log=logs.tail.lines())
                        self._heard_at = time.monotonic()
                        if self._left.wait(self._every_s):
                            return
            except (Cancelled, LeaseLost) as reason:
                self._reason = reason
                self._break_off()
                return
            except Exception as error:  # noqa: BLE001  (whatever it is: a lease without a heartbeat is a lost lease)
                log.warning("segment %s: no heartbeat: %s", self.held.id, error)
                if self.stopped():
                    return

    def _break_off(self) -> None:
        statement = self._statement
        if statement is not None:
            with suppress(psycopg.Error):
                statement.cancel_safe(timeout=5)

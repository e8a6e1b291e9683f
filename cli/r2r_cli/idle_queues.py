"""Notices that nobody works on what a command waits for, and says which queue has no worker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from r2r_cli import render
from r2r_shared import broker, names
from r2r_shared.errors import Unavailable
from r2r_shared.queries import segments

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.queries.jobs import Job

FIRST_S = 10.0
"""Jobs that stand still for so long are looked into."""
EVERY_S = 30.0
_REMEDY = "start `r2r worker` on a machine that sees the films"


class IdleQueues:
    """Watches the jobs that a command waits for. This machine's own stack has a worker as long as anyone waits.

    Args:
        limit_s: how long a queue may be without a worker before `check` gives up; None: for ever.
    """

    def __init__(self, opened: Session, *, limit_s: float | None) -> None:
        self._opened = opened
        self._limit_s = limit_s
        self._seen: object = None
        self._since = 0.0  # when they began to stand still
        self._due = 0.0  # when to look into it
        self._asked = float("-inf")
        self._unserved: list[str] = []

    def look(self, waited: Sequence[Job]) -> None:
        """Call it at every poll: cheap while the jobs go on.

        Raises:
            Unavailable: the broker does not answer.
        """
        if self._opened.stack.local or not waited:
            return
        now = time.monotonic()
        seen = [(job.id, job.state, job.stage, job.progress, job.segments_done, job.frames) for job in waited]
        if seen != self._seen:
            self._seen, self._since, self._unserved = seen, now, []
            self._due = max(now + FIRST_S, self._asked + EVERY_S)
        elif now >= self._due:
            queues, leased = self._wanted(waited)
            # A lease says that someone is at work, quietly: until it must have run out.
            if leased and now - self._since < FIRST_S + self._opened.settings.lease_s:
                self._due = now + 2
            else:
                self._ask(queues, now)

    def check(self) -> None:
        """Give up where that is wanted.

        Raises:
            Unavailable: no worker has served a queue for `limit_s`.
        """
        if self._unserved and self._limit_s is not None and time.monotonic() - self._since >= self._limit_s:
            queues = " and ".join(self._unserved)
            raise Unavailable(f"no worker has served the queue {queues} for {self._limit_s:.0f} s", _REMEDY)

    def _wanted(self, waited: Sequence[Job]) -> tuple[set[str], bool]:
        """The queues that the jobs wait in, and whether a worker holds any part of them."""
        kinds = {job.stage for job in waited if job.state == "queued"}  # nothing of these was ever begun
        leased = False
        for job in waited:
            for part in segments.listed(self._opened.conn, job.id) if job.state == "running" else ():
                leased = leased or part.state == "running"
                if part.state in ("queued", "running"):
                    kinds.add(part.kind)
        return {names.QUEUE_OF[kind] for kind in kinds if kind in names.QUEUE_OF}, leased

    def _ask(self, queues: set[str], now: float) -> None:
        self._unserved = []
        self._asked, self._due = now, now + EVERY_S
        if self._limit_s is not None and now < self._since + self._limit_s:
            self._due = min(self._due, self._since + self._limit_s)
        self._unserved = sorted(queues - broker.served_queues(self._opened.app))
        for queue in self._unserved:
            render.note(f"no worker serves the queue {queue}: {_REMEDY}")
        if not self._unserved:
            self._since = now  # served, but busy with something else

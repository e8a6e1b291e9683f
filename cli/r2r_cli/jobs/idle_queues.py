"""Notices that nobody works on what a command waits for, and says which queue has no worker."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from r2r_cli import render
from r2r_shared import broker, names
from r2r_shared.errors import Unavailable
from r2r_shared.queries import job_counts

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.queries.job_counts import Ranges

FIRST_S = 10.0
"""Jobs that stand still for so long are looked into."""
EVERY_S = 30.0
_REMEDY = "start `r2r worker` on a machine that sees the films"
_TRAIN_REMEDY = "start `r2r worker --queues train` on a machine to train on"


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

    def look(self, seen: object, going_on: Ranges) -> None:
        """Call it at every poll: cheap while the jobs go on.

        Args:
            seen: what was seen of the jobs; as long as it is the same they stand still.
            going_on: those that have not ended.

        Raises:
            Unavailable: the broker does not answer.
        """
        if self._opened.stack.local or not going_on.jobs:
            return
        now = time.monotonic()
        if seen != self._seen:
            self._seen, self._since, self._unserved = seen, now, []
            self._due = max(now + FIRST_S, self._asked + EVERY_S)
        elif now >= self._due:
            queues = job_counts.open_queues(self._opened.conn, going_on)
            # A lease says that someone is at work, quietly: until it must have run out.
            if any(queues.values()) and now - self._since < FIRST_S + self._opened.settings.lease_s:
                self._due = now + 2
            else:
                self._ask(set(queues), now)

    def check(self) -> None:
        """Give up where that is wanted.

        Raises:
            Unavailable: no worker has served a queue for `limit_s`.
        """
        if self._unserved and self._limit_s is not None and time.monotonic() - self._since >= self._limit_s:
            queues = " and ".join(self._unserved)
            raise Unavailable(f"no worker has served the queue {queues} for {self._limit_s:.0f} s", _REMEDY)

    def _ask(self, queues: set[str], now: float) -> None:
        self._unserved = []
        self._asked, self._due = now, now + EVERY_S
        if self._limit_s is not None and now < self._since + self._limit_s:
            self._due = min(self._due, self._since + self._limit_s)
        apps = {id(app): app for app in map(self._opened.post.app_of, queues)}  # training has one of its own
        self._unserved = sorted(queues.difference(*map(broker.served_queues, apps.values())))
        for queue in self._unserved:
            render.note(f"no worker serves the queue {queue}: {_TRAIN_REMEDY if queue == names.TRAIN else _REMEDY}")
        if not self._unserved:
            self._since = now  # served, but busy with something else

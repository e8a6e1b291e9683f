"""A rate limit for each host, shared by all threads, and by all commands where they have a common clock.

Requests to one host are let go one by one, 1/rate seconds apart. A thread that wakes late is forgiven `_FORGIVEN_S`,
so that the rate asked for is reached; more is never caught up, so that it is never exceeded: of any T seconds there are
at most rate × (T + _FORGIVEN_S) + 1 requests. Several commands take turns (`Shared`): together they ask no more often
than the quickest of them would alone, and a host that asks one of them to wait is left alone by all.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from typing import Protocol

from r2r_shared.errors import AskedToWait, Stopped

_FORGIVEN_S = 0.02
_MOST_HOSTS = 1000


class Shared(Protocol):
    """What commands that ask the same hosts keep together, by one clock (queries.asked_hosts). All are in seconds."""

    def reserve(self, host: str, interval_s: float, forgiven_s: float, /) -> float:
        """Take a turn, so long before the one after it; how long until it comes."""
        ...

    def hold(self, host: str, seconds: float, /) -> None:
        """The host wants to be left alone for so long."""
        ...

    def rest(self, host: str, /) -> float:
        """How long it still wants to be."""
        ...


class _Host:
    """One host's turn: whoever holds it sleeps until the next request may go."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.next = 0.0
        self.held_until = 0.0
        self.closed_until: dt.datetime | None = None


class Pace:
    """When to ask a host next.

    Args:
        rate: requests a second to one host.
        stop: set from outside, all waiting ends.
        shared: with other commands; None: there are none.

    Attributes:
        asked: requests that were let go, of all hosts.
    """

    def __init__(self, rate: float, *, stop: threading.Event | None = None, shared: Shared | None = None) -> None:
        self.rate = rate
        self._shared = shared
        self.stop = stop or threading.Event()
        self.asked = 0
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def wait(self, host: str, *, longest_s: float = math.inf) -> None:
        """Return when a request to `host` may go.

        Args:
            longest_s: a host that asked another command to be left alone for longer is not waited for.

        Raises:
            AskedToWait: the host has asked to be left alone for longer than a command waits.
            Stopped: `stop` was set.
        """
        mine = self._host(host)
        interval = 1 / self.rate
        with mine.turn:
            now = self._until_due(host, mine)
            if self._shared is not None:
                now = self._until_turn(host, mine, self._shared, interval, longest_s)
            mine.next = max(mine.next, now - min(_FORGIVEN_S, interval)) + interval
        with self._lock:
            self.asked += 1

    def hold(self, host: str, seconds: float) -> None:
        """No request to `host` for so long, by any thread, nor by any other command."""
        if self._shared is not None:
            self._shared.hold(host, seconds)
        mine = self._host(host)
        mine.held_until = max(mine.held_until, time.monotonic() + seconds)

    def close(self, host: str, until: dt.datetime) -> None:
        """Whichever thread wants to ask `host` before `until` (with a time zone) gets AskedToWait."""
        mine = self._host(host)
        mine.closed_until = max(mine.closed_until, until) if mine.closed_until else until

    def sleep(self, seconds: float) -> None:
        """Sleep.

        Raises:
            Stopped: `stop` was set before or meanwhile.
        """
        if self.stop.wait(seconds):
            raise Stopped

    def _until_turn(self, host: str, mine: _Host, shared: Shared, interval: float, longest_s: float) -> float:
        """Sleep until the turn comes that is ours among all commands; the time then.

        While we slept another may have been told to wait: then a turn after that is taken, for all come back at once.
        """
        while True:
            mine.next = max(mine.next, time.monotonic() + shared.reserve(host, interval, _FORGIVEN_S))
            self._until_due(host, mine)
            rest_s = shared.rest(host)
            now = time.monotonic()
            if rest_s <= 0:
                return now
            if rest_s > longest_s:
                self.close(host, dt.datetime.now(dt.UTC) + dt.timedelta(seconds=rest_s))
            mine.held_until = max(mine.held_until, now + rest_s)
            self._until_due(host, mine)

    def _until_due(self, host: str, mine: _Host) -> float:
        """Sleep until a host may be asked; the time then."""
        while True:
            self._require_open(host, mine)
            now = time.monotonic()
            due = max(mine.next, mine.held_until)
            if now >= due:
                return now
            self.sleep(due - now)

    @staticmethod
    def _require_open(host: str, mine: _Host) -> None:
        if mine.closed_until is not None and mine.closed_until > dt.datetime.now(dt.UTC):
            raise AskedToWait(host, mine.closed_until)

    def _host(self, host: str) -> _Host:
        with self._lock:
            if host not in self._hosts and len(self._hosts) >= _MOST_HOSTS:
                now = time.monotonic()
                self._hosts = {
                    name: one
                    for name, one in self._hosts.items()
                    if one.turn.locked() or one.closed_until or max(one.next, one.held_until) > now
                }
            return self._hosts.setdefault(host, _Host())

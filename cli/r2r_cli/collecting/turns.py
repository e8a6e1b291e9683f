"""Turns at museums' servers, shared with every other command that works on the same database."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from r2r_shared import db
from r2r_shared.errors import Stopped
from r2r_shared.queries import asked_hosts

if TYPE_CHECKING:
    from r2r_shared.db import Connection


class Turns:
    """What `Pace` shares, on a connection of its own: threads ask while the command's own one writes.

    Args:
        afresh: a person wants servers asked again: what they asked for before this command does not count.

    All of it raises Stopped where the command is ending.
    """

    def __init__(self, database_url: str, *, afresh: bool = False) -> None:
        self._url = database_url
        self._afresh = afresh
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self._conn: Connection | None = None
        self._over = False

    def reserve(self, host: str, interval_s: float, forgiven_s: float) -> float:
        """See asked_hosts.reserve."""
        with self._connected() as conn:
            if self._afresh and host not in self._known:
                self._known.add(host)
                asked_hosts.lift(conn, host)
            return asked_hosts.reserve(conn, host, interval_s, forgiven_s)

    def hold(self, host: str, seconds: float) -> None:
        """See asked_hosts.hold."""
        with self._connected() as conn:
            asked_hosts.hold(conn, host, seconds)

    def rest(self, host: str) -> float:
        """See asked_hosts.rest."""
        with self._connected() as conn:
            return asked_hosts.rest(conn, host)

    def close(self) -> None:
        """Let the connection go."""
        with self._lock:
            self._over = True
            if self._conn is not None:
                self._conn.close()

    @contextmanager
    def _connected(self) -> Generator[Connection]:
        """The first call connects: most commands ask nobody."""
        with self._lock:
            if self._over:
                raise Stopped
            if self._conn is None:
                self._conn = db.connect(self._url, autocommit=True)
                asked_hosts.forget(self._conn)
            yield self._conn

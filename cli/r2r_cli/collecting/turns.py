"""Turns at museums' servers, shared with every other command that works on the same database."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from r2r_shared import db
from r2r_shared.errors import Stopped
from r2r_shared.queries import asked_hosts

if TYPE_CHECKING:
    from r2r_shared.db import Connection


class Turns:
    """What `Pace` takes turns with, on a connection of its own: threads ask while the command's own one writes."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._lock = threading.Lock()
        self._conn: Connection | None = None
        self._over = False

    def reserve(self, host: str, interval_s: float, forgiven_s: float) -> float:
        """See asked_hosts.reserve. The first call connects: most commands ask nobody.

        Raises:
            Stopped: the command is ending.
        """
        with self._lock:
            if self._over:
                raise Stopped
            if self._conn is None:
                self._conn = db.connect(self._url, autocommit=True)
                asked_hosts.forget(self._conn)
            return asked_hosts.reserve(self._conn, host, interval_s, forgiven_s)

    def close(self) -> None:
        """Let the connection go."""
        with self._lock:
            self._over = True
            if self._conn is not None:
                self._conn.close()

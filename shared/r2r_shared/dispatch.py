"""Rows put right and messages sent: what commands that wait, workers and `r2r beat` all do now and then."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg

from r2r_shared import db
from r2r_shared.errors import R2RError
from r2r_shared.queries import sweeping

if TYPE_CHECKING:
    from psycopg import Connection

    from r2r_shared.broker import Post
    from r2r_shared.settings import Settings

log = logging.getLogger(__name__)

COMPLAIN_EVERY_S = 30.0


def sweep(conn: Connection[Any], post: Post, settings: Settings) -> None:
    """Sweep once, and send what is to be sent. Any number of processes may do so at once.

    Args:
        conn: in autocommit: rows are put right whether or not the broker answers.

    Raises:
        Unavailable: a server does not answer.
    """
    with db.translated():
        post.send(sweeping.sweep(conn, max_attempts=settings.max_attempts, depth_of=post.depth))


class Sweeper:
    """Sweeps for as long as its process lives, over one connection, and outlives the servers' absence.

    Args:
        beat_as: the name under which `r2r beat` notes that it sweeps; None: nobody counts on this one.
    """

    def __init__(self, settings: Settings, database_url: str, post: Post, *, beat_as: str | None = None) -> None:
        self._settings = settings
        self._database_url = database_url
        self._post = post
        self._beat_as = beat_as
        self._conn: Connection[Any] | None = None
        self._complained_at: float | None = None

    def sweep(self) -> None:
        """Sweep once; where that does not work it is logged, now and then, and the next one tries again."""
        try:
            if self._conn is None:
                self._conn = db.connect(self._database_url, autocommit=True)
                # A row that a stopped client holds, or a server that answers no more, must not stop every sweep.
                self._conn.execute("SET lock_timeout = '2s'; SET statement_timeout = '60s'")
            sweep(self._conn, self._post, self._settings)
            if self._beat_as is not None:
                with db.translated():
                    sweeping.note_beat(self._conn, self._beat_as)
        except R2RError as error:
            self._complain(error)
        except Exception:  # whatever it is: without a sweep, lost messages stay lost
            log.exception("no sweep")
            self._drop_connection()
        else:
            self._complained_at = None

    def _complain(self, error: R2RError) -> None:
        self._drop_connection()
        now = time.monotonic()
        if self._complained_at is None or now - self._complained_at > COMPLAIN_EVERY_S:
            self._complained_at = now
            log.warning("no sweep: %s", error)

    def _drop_connection(self) -> None:
        if self._conn is not None:
            with suppress(psycopg.Error):
                self._conn.close()
        self._conn = None

"""Every worker sweeps now and then, so that a cluster without `r2r beat` loses nothing either."""

from __future__ import annotations

import logging
import threading

from r2r_shared.dispatch import Sweeper
from r2r_shared.errors import R2RError
from r2r_shared.queries import setbacks
from r2r_workers import runtime

log = logging.getLogger(__name__)

EVERY_S = 4.0
"""An idle worker asks the database this often: one small query."""


def start() -> None:
    """Sweep in a thread of the worker's main process for as long as it lives. Any number of them do no harm."""
    threading.Thread(target=_run, name="sweeper", daemon=True).start()


def hand_back(worker_pid: int) -> None:
    """Put back what the children of a worker held that has ended its pool: stopping it was nobody's failure.

    Where the database does not answer, or has not noticed the end of a child, the leases run out instead.
    """
    try:
        with runtime.connection(autocommit=True) as conn:
            conn.execute("SET lock_timeout = '5s'")
            setbacks.hand_back_of(conn, runtime.worker_name(worker_pid))
    except R2RError as error:
        log.warning("what was held is not handed back: %s", error)


def _run() -> None:
    settings = runtime.settings()
    assert settings.database_url is not None
    sweeper = Sweeper(settings, settings.database_url, runtime.post())
    pause = threading.Event()
    while not pause.wait(min(EVERY_S, settings.lease_s / 2)):
        sweeper.sweep()

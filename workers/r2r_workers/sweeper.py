"""Every worker sweeps now and then, so that a queue without anyone waiting at it loses nothing either."""

from __future__ import annotations

import logging
import threading

from r2r_shared.errors import R2RError
from r2r_shared.queries import segments, sweeping
from r2r_workers import runtime

log = logging.getLogger(__name__)

EVERY_S = 5.0


def start() -> None:
    """Sweep in a thread of the worker's main process for as long as it lives. Any number of them do no harm."""
    threading.Thread(target=_run, name="sweeper", daemon=True).start()


def hand_back(worker_pid: int) -> None:
    """Put back what the children of a worker held that has ended its pool: stopping it was nobody's failure."""
    with runtime.connection(autocommit=True) as conn:
        segments.hand_back_of(conn, runtime.worker_name(worker_pid))


def _run() -> None:
    settings = runtime.settings()
    pause = threading.Event()
    while not pause.wait(min(EVERY_S, settings.lease_s / 2)):
        try:
            with runtime.connection(autocommit=True) as conn:
                messages = sweeping.sweep(conn, lease_s=settings.lease_s, max_attempts=settings.max_attempts)
            runtime.send(messages)
        except R2RError as error:
            log.warning("no sweep: %s", error)
        except Exception:  # whatever it is: without a sweep, lost messages stay lost
            log.exception("no sweep")

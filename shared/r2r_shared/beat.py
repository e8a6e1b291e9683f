"""`r2r beat`: Celery's beat, with the sweep as its one entry.

The sweep runs in this process instead of being sent as a task: a sweep that travelled through Redis could be lost with
the messages that it is to restore, or wait behind an hour of matching. Its pace is kept by the monotonic clock, because
Celery's own heap of wall-clock times stands still for an hour when the clock is set back by one. Any number of beats
may run at once: each sweep skips what another holds.
"""
# Celery carries no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUntypedBaseClass=false, reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, Any

from celery.beat import Scheduler
from celery.signals import setup_logging

from r2r_shared.broker import Post, make_app
from r2r_shared.dispatch import Sweeper
from r2r_shared.operating import logs

if TYPE_CHECKING:
    from r2r_shared.local.stack import Stack
    from r2r_shared.settings import Settings

EVERY_S = 2.0

log = logging.getLogger(__name__)


def run(settings: Settings, stack: Stack, *, every_s: float) -> None:
    """Sweep every `every_s` seconds until SIGTERM or SIGINT ends this process."""
    logs.configure(settings)
    log.info("sweeping every %g s; Ctrl-C ends it", every_s)
    app = make_app(settings, stack.broker_url)
    post = Post(settings, stack.broker_url)
    sweeper = Sweeper(settings, stack.database_url, post, beat_as=socket.gethostname())

    class SweepScheduler(Scheduler):
        """Celery's loop asks `tick` what is due, and sleeps for as long as it says."""

        def setup_schedule(self) -> None:
            pass

        def tick(self, *args: Any, **kwargs: Any) -> float:
            del args, kwargs
            sweeper.sweep()
            return every_s

    def begin_log(**_: object) -> None:
        logs.configure(settings)

    setup_logging.connect(begin_log)  # instead of Celery's own
    app.Beat(scheduler=SweepScheduler, max_interval=every_s, loglevel="INFO", quiet=True).run()

"""An idle worker ends at once. Celery's own way out polls for two seconds, and each local command waits for it."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

from billiard.process import active_children
from celery.worker import state


def install() -> None:
    """Take SIGTERM over from Celery, which has it back as long as there is a task at hand.

    For the main thread of a worker's main process, once it is ready.
    """
    softly: Any = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        if state.reserved_requests:  # received and not through yet: at work, or about to be
            softly(number, frame)
            return
        for child in active_children():
            if child.pid is not None:
                os.kill(child.pid, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)

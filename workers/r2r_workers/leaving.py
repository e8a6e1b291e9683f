"""A worker that is told to end: at once if it is idle, else when what it holds is done, or handed back after its grace.

Celery's own ways out do not fit. Its soft shutdown sleeps to the end of its time in the main thread however soon the
work is done, a second signal does not shorten it, and it ends with an error; its warm one waits without a limit; and an
idle worker's polls for two seconds, for which each local command would wait.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType

from billiard.process import active_children
from celery.worker import state

from r2r_workers import sweeper

_lock = threading.Lock()


def install(grace_s: float) -> None:
    """Take SIGTERM and SIGINT over from Celery.

    The first one stops the worker from taking more; the second one, or the end of the grace, hands back what it holds.
    For the main thread of a worker's main process, when Celery has put its own in place.
    """
    told = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        if not state.reserved_requests:
            _kill_children()
            os._exit(0)
        if told.is_set() or not state.active_requests:  # received, and with no child yet: nothing is held
            threading.Thread(target=_hand_back, name="leaving").start()
            return
        told.set()
        grace = threading.Timer(grace_s, _hand_back)
        grace.daemon = True
        grace.start()
        state.should_stop = os.EX_OK  # Celery's warm shutdown: it takes no more, and waits for its children

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _hand_back() -> None:
    """End now, with what the children held back in the queue and no attempt counted."""
    with _lock:
        _kill_children()
        sweeper.hand_back(os.getpid())
        _kill_children()  # the pool may have put others in their place
        os._exit(0)


def _kill_children() -> None:
    """The decoders below them end with them."""
    for child in active_children():
        if child.pid is not None:
            os.kill(child.pid, signal.SIGKILL)
    # One that is being started is not in that list yet; left behind, it says in a traceback that its parent is gone.
    for listed in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            for pid in listed.read_text().split():
                if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(int(pid), signal.SIGKILL)

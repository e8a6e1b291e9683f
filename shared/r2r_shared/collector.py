"""Python's cycle collector, told to wait."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def paused() -> Generator[None]:
    """No collection while very many small records are made that hold no cycles.

    Each few hundred of them would start one, and the larger of those walk all that has been made so far: a third
    of the time a long film's timeline took.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()

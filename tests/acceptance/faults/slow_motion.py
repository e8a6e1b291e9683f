"""Slow motion: a worker's children run a few hundredths of a second at a time, so that no stage goes by unseen.

A heartbeat that fell due while its process stood still is sent as soon as it goes on: each slice of work comes with
one, and the lease lives.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
from types import TracebackType
from typing import Self

import psutil

from tests.acceptance.faults.cluster import children

RUN_S, STAND_S = 0.03, 0.65
"""A lease of 3 s has a heartbeat every 0.6 s."""


class SlowMotion:
    """Stops and continues a worker's pool children while its body runs. Decoders go on at their own pace."""

    def __init__(self, worker: subprocess.Popen[bytes]) -> None:
        self._worker = worker
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=10)
        self._each(psutil.Process.resume)

    def _run(self) -> None:
        while not self._over.is_set():
            self._each(psutil.Process.suspend)
            self._over.wait(STAND_S)
            self._each(psutil.Process.resume)
            self._over.wait(RUN_S)

    def _each(self, what: object) -> None:
        for child in children(self._worker):
            with contextlib.suppress(psutil.NoSuchProcess):
                what(child)  # type: ignore[operator]

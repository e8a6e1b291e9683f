"""Looks into films a little ahead of whoever takes them in: a few threads, and never more than a window of films.

A look is a probe in a process of its own and a SHA-256, which lets other threads run: as many looks as cores at once.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from r2r_shared.film import probe_server

From = TypeVar("From")
To = TypeVar("To")

CORES = os.cpu_count() or 1
WINDOW = 2 * CORES + 2
"""Films that are looked into, or have been, and not taken in yet."""


class Ahead(Generic[From, To]):
    """Runs `work` on what it is given, in threads that end with the process: Ctrl-C need not wait for a long hash."""

    def __init__(self, work: Callable[[From], To], *, threads: int = CORES) -> None:
        self._work = work
        self._todo: queue.SimpleQueue[tuple[From, Future[To]] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._run, name=f"look-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, what: From) -> Future[To]:
        """Ask for a look; its result or its error is in the Future when it is there."""
        future: Future[To] = Future()
        self._todo.put((what, future))
        return future

    def close(self) -> None:
        """Begin nothing more; a look that is under way ends by itself."""
        with contextlib.suppress(queue.Empty):
            while True:
                if (item := self._todo.get_nowait()) is not None:
                    item[1].cancel()
        for _ in self._threads:
            self._todo.put(None)

    def _run(self) -> None:
        with probe_server.serving():
            self._work_off()

    def _work_off(self) -> None:
        while (item := self._todo.get()) is not None:
            what, future = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._work(what))
            except BaseException as error:  # noqa: BLE001  (it is raised where the result is asked for)
                future.set_exception(error)

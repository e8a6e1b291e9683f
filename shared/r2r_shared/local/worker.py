"""One worker process for this machine's own stack, alive while some command waits for its work; another for training.

The worker process itself holds a lock, so there is one per home however many shells wait. A shell that waits
calls `ensure` every moment: when another shell's worker ends, this shell's starts.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from r2r_shared import names
from r2r_shared.errors import Unavailable
from r2r_shared.local import locks
from r2r_shared.local.stack import Stack
from r2r_shared.processes import MALLOC, private_directory, rotate
from r2r_shared.settings import Settings

COMMAND = (sys.executable, "-m", "r2r_workers", "--local")
TRAINING = (f"--queues={names.TRAIN}",)
EXIT_ANOTHER_HOLDS_THE_LOCK = 75  # EX_TEMPFAIL of sysexits.h
_EARLY_S = 20.0  # a worker that ends this soon after its start did not start
_TRIES = 3


def hold_lock(home: Path, *, training: bool = False, wait_s: float = 2.0) -> TextIO | None:
    """For the worker: be the one of `home` (or the one that trains) for as long as the returned file stays open.

    None where another is: then exit with EXIT_ANOTHER_HOLDS_THE_LOCK.
    """
    file = _lock_file(home, training=training).open("a")
    deadline = time.monotonic() + wait_s
    while not locks.try_lock(file):
        if time.monotonic() > deadline:
            file.close()
            return None
        time.sleep(0.05)
    return file


class LocalWorker:
    """The worker that a waiting command sees to. Started on demand, stopped with the command.

    Its standard input is a pipe from here: when this process dies, however it dies, the worker reads its end
    and stops.
    """

    def __init__(
        self, settings: Settings, stack: Stack, *, command: Sequence[str] = COMMAND, training: bool = False
    ) -> None:
        self._settings = settings
        self._stack = stack
        self._training = training
        self._command = (*command, *TRAINING) if training else command
        self._child: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._early_deaths = 0
        self.log = private_directory(settings.home / "logs") / ("train-worker.log" if training else "worker.log")

    @property
    def pid(self) -> int | None:
        """The process id of our own worker while it lives; None while it is another shell's, or none."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def ensure(self) -> None:
        """Start the worker unless one lives, ours or another shell's. Cheap: call it as often as you like.

        Raises:
            Unavailable: it died right after its start, several times in a row; the line has its last word.
        """
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return
            self._bury(code)
        if not locks.is_locked(_lock_file(self._settings.home, training=self._training)):
            self._start()

    def stop(self, *, grace_s: float = 10.0) -> None:
        """End our worker: an idle one ends at once. Past the grace it and its children are killed, and what
        they held is leased again when its lease has run out.
        """
        child = self._child
        if child is None:
            return
        self._child = None
        child.terminate()
        try:
            child.wait(grace_s)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        finally:
            assert child.stdin is not None
            child.stdin.close()

    def _start(self) -> None:
        rotate(self.log)
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**MALLOC, **os.environ, **self._stack.environ()},
                start_new_session=True,  # a Ctrl-C here is for us; we then stop it softly
            )
        self._started_s = time.monotonic()

    def _bury(self, code: int) -> None:
        """Count a child that ended; one that found another in its place, or was killed at work, is no worry."""
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child = None
        early = time.monotonic() - self._started_s < _EARLY_S
        if not early or code == EXIT_ANOTHER_HOLDS_THE_LOCK:
            self._early_deaths = 0
            return
        self._early_deaths += 1
        if self._early_deaths >= _TRIES:
            raise Unavailable(f"the local worker does not start: {self._last_word()}", f"its log is {self.log}")

    def _last_word(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"


def _lock_file(home: Path, *, training: bool) -> Path:
    return private_directory(home / "run") / ("train-worker.lock" if training else "worker.lock")

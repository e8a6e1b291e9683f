"""Probes many files quickly: a process that has loaded the demuxer, and forks a child for each file.

What an untrusted file may do is what it may with a process of its own: its child is bounded in memory, ends by an alarm
of its own at the limit, and takes nothing with it. Starting Python and PyAV anew for each costs ten times as much as a
look into a short film.

    parent → server   {"path": …, "limit_s": …}        one line each
    server → parent   what the child printed, then {"ended": its exit status, negative for a signal}
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

TIMED_OUT = -signal.SIGALRM if hasattr(signal, "SIGALRM") else -14
"""The exit status of a child that its alarm ended."""
_SLACK_S = 5.0
_ENDED = b'{"ended": '

_here = threading.local()


@contextmanager
def serving() -> Generator[None]:
    """Within it, `probe.probe` in this thread asks one server, started when it is first needed."""
    if not hasattr(os, "fork"):  # Windows: each file its own process, as ever
        yield
        return
    _here.server = server = ProbeServer()
    try:
        yield
    finally:
        _here.server = None
        server.close()


def of_this_thread() -> ProbeServer | None:
    """The server of the `serving` that this thread is in."""
    return getattr(_here, "server", None)


class ProbeServer:
    """The parent's end. For one thread: a file at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, path: Path, limit_s: float) -> tuple[bytes, int]:
        """What a child that looked into a file printed, and its exit status; TIMED_OUT past the limit.

        A server that died, or does not answer, is replaced: one file costs no other its look.
        """
        if self._process is not None and self._process.poll() is not None:
            self.close()
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        question = json.dumps({"path": str(path), "limit_s": limit_s})  # in ASCII: bytes that are no text stay so
        try:
            process.stdin.write(question.encode() + b"\n")
            process.stdin.flush()
            return self._answer(process, time.monotonic() + limit_s + _SLACK_S)
        except OSError:  # it died as we asked: the same as a child that did
            self.close()
            return b"", -signal.SIGKILL

    def close(self) -> None:
        """End the server, and the child it may have."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):  # a disk that hangs holds even what was killed
            process.wait(1)

    def _start(self) -> subprocess.Popen[bytes]:
        from r2r_shared.film.probe import child_environment

        return subprocess.Popen(
            [sys.executable, "-m", "r2r_shared.film.probe_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Threads do not survive a fork, and none is needed.
            env=child_environment() | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )

    def _answer(self, process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, int]:
        assert process.stdout is not None
        out = bytearray()
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([process.stdout], [], [], left)[0]:
                continue
            read = os.read(process.stdout.fileno(), 1 << 20)
            if not read:  # the server is gone, and its child with it
                self.close()
                return b"", -signal.SIGKILL
            out += read
            _, mark, tail = bytes(out[-64:]).rpartition(_ENDED)
            if mark and tail.endswith(b"}\n"):
                del out[len(out) - len(tail) - len(mark) :]
                return bytes(out), int(tail[:-2])
        self.close()
        return b"", TIMED_OUT


def serve() -> None:
    """The server: answers until its parent closes the pipe or dies."""
    from r2r_shared.film.probe import main

    # Once, for every child; numpy loads its masked arrays when it is first asked for a quantile.
    for module in ("av", "numpy.ma", "r2r_shared.film.packets", "r2r_shared.film.scan"):
        import_module(module)
    gc.freeze()  # so that children share the memory
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                signal.setitimer(signal.ITIMER_REAL, asked["limit_s"])  # ends it, whatever the demuxer is at
                status = main(asked["path"])
                sys.stdout.flush()
            finally:
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        # On a line of its own, whatever a child that died had begun.
        os.write(sys.stdout.fileno(), b"\n" + _ENDED + str(status).encode() + b"}\n")


if __name__ == "__main__":
    serve()

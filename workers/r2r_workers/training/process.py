"""Runs a training in processes of its own, one for each GPU, and hears what it says."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from r2r_shared.errors import Cancelled, PermanentError, TransientError

POLL_S = 0.5
SILENCE_S = 1800.0
"""A training that says nothing for so long hangs: a step, a look at the held-out works or a checkpoint takes less."""

LOG = "training.log"
_LAST_WORDS = 2000


class TrainingProcess:
    """The training of a folder (see `python -m r2r_workers.training`), from its start to its end."""

    def __init__(self, folder: Path, *, device: str, gpus: int, threads: int, lineage: Path | None = None) -> None:
        """`gpus`: how many processes share the batches, where more than one; `threads`: of a process on a CPU."""
        module = ["r2r_workers.training", str(folder), f"--device={device}", "--owned"]
        module += [] if lineage is None else [f"--lineage={lineage}"]
        if gpus > 1:
            launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={gpus}", "-m"]
        else:
            launcher = ["-m"]
        self._log = (folder / LOG).open("ab")
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, *launcher, *module],
            stdin=subprocess.PIPE,  # it ends with us, however we end
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={
                **os.environ,
                "OMP_NUM_THREADS": str(threads),
                # Two threads that wait for each other by spinning take ten times as long where a third wants a core.
                "OMP_WAIT_POLICY": "PASSIVE",
                "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # without it cuBLAS is not deterministic
            },
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            assert stream is not None
            stream.close()

    def events(self, should_stop: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        """What it says, until it says that it is done.

        Raises:
            Cancelled: should_stop said so.
            PermanentError: it said what a person has to mend.
            TransientError: another process is still at it.
            MemoryError: it was killed, as the kernel does where memory ends.
            RuntimeError: it died or hangs.
        """
        out = self._process.stdout
        assert out is not None
        os.set_blocking(out.fileno(), False)
        heard_at, rest = time.monotonic(), b""
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            while True:
                if should_stop():
                    raise Cancelled("the job is over")
                if selector.select(POLL_S):
                    data = os.read(out.fileno(), 1 << 16)
                    if not data:
                        raise self._death()
                    heard_at = time.monotonic()
                    *lines, rest = (rest + data).split(b"\n")
                    for line in lines:
                        event = _parsed(line)
                        if event.get("event") == "error" and event.get("retry"):
                            raise TransientError(event["message"])
                        if event.get("event") == "error":
                            raise PermanentError("; ".join(filter(None, (event["message"], event["hint"]))))
                        if event:
                            yield event
                        if event.get("event") == "done":
                            return
                elif time.monotonic() - heard_at > SILENCE_S:
                    raise RuntimeError(f"the training has said nothing for {SILENCE_S:.0f} s: {self._last_words()}")

    def _death(self) -> Exception:
        code = self._process.wait()
        if code == -signal.SIGKILL:
            return MemoryError("the training's process was killed")
        return RuntimeError(f"the training ended with code {code}: {self._last_words()}")

    def _last_words(self) -> str:
        said = (self._folder / LOG).read_bytes()[-_LAST_WORDS:].decode(errors="replace")
        return (said.strip().splitlines() or ["it said nothing"])[-1]


def _parsed(line: bytes) -> dict[str, Any]:
    """One event; {} for what a library printed."""
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}

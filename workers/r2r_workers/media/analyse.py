"""The parent's side of a span's analysis: start the decoding child, listen, and kill it when it has to be.

A decoder can hang in a way that no signal handler and no Python time limit ends, so the child sits in a process
group of its own, and SIGKILL is what ends it: on silence, at the overall limit, or when the job is cancelled.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from r2r_shared.errors import AnalysisFailed, Cancelled, TransientError, UserError
from r2r_shared.film.probe import child_environment, probe_to_json
from r2r_shared.processes import MALLOC
from r2r_shared.records import FilmProbe, FoundShot, SpanAnalysis
from r2r_workers.media import wire
from r2r_workers.media.settings import DetectorSettings

CHILD = (sys.executable, "-m", "r2r_workers.media.child")
POLL_S = 0.25
START_S = 30.0
"""Silence that is a child's own before its first frame: a loaded machine imports slowly."""
CHILD_MEMORY_BYTES = 12 << 30
MOST_KILLS = 2
ATTEMPTS = {"decord": ("decord", "decord", "pyav"), "pyav": ("pyav", "pyav")}
"""By the probe's reader: who reads a span, at most so often."""


def analyse_span(
    path: Path,
    *,
    probe: FilmProbe,
    start_frame: int,
    end_frame: int,
    detector: DetectorSettings,
    threads: int,
    stall_s: float,
    limit_s: float,
    on_progress: Callable[[int, int], None],
    should_stop: Callable[[], bool],
    memory_bytes: int = CHILD_MEMORY_BYTES,
    child: tuple[str, ...] = CHILD,
) -> SpanAnalysis:
    """Find the shots that begin in frames start_frame..end_frame−1 of a film, with their keyframes.

    The probe's reader is used. A child that dies or stalls says nothing against its reader, so another one is started
    with the same, once: what comes out is then what an undisturbed run gives. Where decord says that it cannot read
    the span, or two of its children crash or hang, PyAV reads it instead; the answer says which did. A child that was
    killed from outside, as by a machine short of memory, is no reason for another reader, however often.

    Args:
        threads: of the decoder; 0: one a core, at most 8.
        stall_s: the child is killed after this long without a word; before its first one it has START_S at least.
        limit_s: and after this long altogether.
        on_progress: called with frames and shots so far; at most about four times a second.
        should_stop: asked at least twice a second.
        child: the command that is started; tests put another in its place.

    Raises:
        Cancelled: should_stop said so.
        TransientError: two children were killed from outside.
        AnalysisFailed: the child died, stalled, ran into its limit, or could not read the film.
        UserError: something that the person at the keyboard can mend.
    """
    job: dict[str, Any] = {
        "path": str(path.resolve()),
        "probe": probe_to_json(probe),
        "start_frame": start_frame,
        "end_frame": end_frame,
        "detector": asdict(detector),
        "threads": threads or min(8, os.cpu_count() or 1),
        "memory_bytes": memory_bytes,
    }
    deadline = time.monotonic() + limit_s
    readers = list(ATTEMPTS[probe.reader])
    kills = 0
    while readers:
        reader = readers.pop(0)
        run = _ChildRun(child, {**job, "reader": reader})
        try:
            answer = run.listen(stall_s, deadline, on_progress, should_stop)
        except _ChildFailed as exc:
            if exc.killed:
                kills += 1
                if kills == MOST_KILLS:
                    raise TransientError(f"{path.name}, frames {start_frame} to {end_frame}: {exc}, twice") from exc
                readers.insert(0, reader)
                continue
            if exc.unreadable:
                readers = [other for other in readers if other != reader]
            if exc.final or not readers:
                raise AnalysisFailed(f"{path.name}, frames {start_frame} to {end_frame}: {exc}") from exc
            continue
        finally:
            run.kill()
        return SpanAnalysis(
            shots=tuple(run.shots),
            frames_read=answer["read"],
            frames_missing=answer["missing"],
            reader=reader,
            decode_s=answer["seconds"],
        )
    raise AssertionError("unreachable")


class _ChildFailed(Exception):
    """Why a child gave no shots: `unreadable` where its reader would fail again, `final` where any would, `killed`
    where that says nothing of the film or the reader."""

    def __init__(self, reason: str, *, unreadable: bool = False, final: bool = False, killed: bool = False) -> None:
        super().__init__(reason)
        self.killed = killed
        self.unreadable = unreadable
        self.final = final


class _ChildRun:
    """One decoding child, from start to end."""

    def __init__(self, command: tuple[str, ...], job: dict[str, Any]) -> None:
        self.shots: list[FoundShot] = []
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  (closed in kill)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**MALLOC, **child_environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        self._job = json.dumps(job).encode() + b"\n"
        self._unpacker = wire.Unpacker()

    def listen(
        self,
        stall_s: float,
        deadline: float,
        on_progress: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> dict[str, Any]:
        """The child's closing message.

        Raises:
            _ChildFailed, Cancelled, UserError
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        os.set_blocking(stdin.fileno(), False)
        unsent = memoryview(self._job)
        heard_at = time.monotonic()
        patience_s = max(stall_s, START_S)
        with selectors.DefaultSelector() as selector:
            selector.register(stdin, selectors.EVENT_WRITE)
            selector.register(stdout, selectors.EVENT_READ)
            while True:
                if should_stop():
                    raise Cancelled("the job was cancelled")
                for key, _ in selector.select(POLL_S):
                    if key.fileobj is stdin:
                        unsent = _send(stdin.fileno(), unsent)
                        if not unsent:
                            selector.unregister(stdin)  # but left open: its end would end the child
                        continue
                    heard_at, patience_s = time.monotonic(), stall_s  # every message means that it is at work
                    done = self._take(os.read(stdout.fileno(), 1 << 20), on_progress)
                    if done is not None:
                        return done
                now = time.monotonic()
                if now > deadline:
                    raise _ChildFailed("the decoder ran into its time limit and was killed", final=True)
                if now - heard_at > patience_s:
                    raise _ChildFailed(f"the decoder hung: no frame for {patience_s:.0f} s, so it was killed")

    def _take(self, data: bytes, on_progress: Callable[[int, int], None]) -> dict[str, Any] | None:
        """Handle what the child wrote; its closing message, if that is among it."""
        if not data:
            raise self._died()
        try:
            for head, blobs in self._unpacker.feed(data):
                if head["kind"] == "done":
                    return head
                if head["kind"] == "failed":
                    if head["hint"]:
                        raise UserError(head["reason"], head["hint"])
                    raise _ChildFailed(head["reason"], unreadable=True, final=not head["retry"])
                if head["kind"] == "shot":
                    self.shots.append(wire.unpack_shot(head, blobs))
                else:
                    on_progress(head["frames"], head["shots"])
        except (ValueError, KeyError, TypeError) as exc:
            raise _ChildFailed(f"the decoder answered nonsense ({exc})") from exc
        return None

    def kill(self) -> None:
        """End the child and whatever it started; harmless if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._stderr):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _died(self) -> _ChildFailed:
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return _ChildFailed("the decoder closed its output and went on")
        self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, self._stderr.tell() - 4096))
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        last = f": {lines[-1].strip()[:200]}" if lines else ""
        if status < 0:
            killer = signal.Signals(-status)
            outside = killer in (signal.SIGKILL, signal.SIGTERM)
            return _ChildFailed(f"the decoder was killed by {killer.name}{last}", killed=outside)
        return _ChildFailed(f"the decoder ended with status {status}{last}")


def _send(pipe: int, unsent: memoryview) -> memoryview:
    """Write what fits; what is left."""
    try:
        return unsent[os.write(pipe, unsent[: 1 << 16]) :]
    except BrokenPipeError:
        return memoryview(b"")  # the child died: reading will tell how

"""The process that touches a film's bytes: `python -m r2r_workers.media.child`.

Reads one job (JSON) from stdin, writes messages (see `wire`) to stdout, and dies when its parent does: stdin stays
open as long as the parent lives, and its end ends the child, even in the middle of a decoder's call.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from r2r_shared.errors import UserError
from r2r_shared.film.index import FilmIndex
from r2r_shared.film.probe import limit_child, probe_from_json
from r2r_workers.media import wire
from r2r_workers.media.settings import DetectorSettings

PROGRESS_S = 0.25


def main() -> int:
    """Do one job; the exit status is 0 if it was answered, with shots or with a reason."""
    out = _own_stdout()
    job: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    limit_child(int(job["memory_bytes"]))
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        _analyse(job, out)
    except UserError as exc:
        out.write(wire.pack({"kind": "failed", "reason": exc.message, "hint": exc.hint, "retry": False}))
    except MemoryError:
        limit = int(job["memory_bytes"]) >> 20
        out.write(wire.pack({"kind": "failed", "reason": f"needs more than {limit} MB", "hint": "", "retry": False}))
    out.flush()
    return 0


def _analyse(job: dict[str, Any], out: BinaryIO) -> None:
    # Heavy imports come after the limits are set.
    import cv2

    from r2r_workers.media.geometry import plan_geometry
    from r2r_workers.media.reader import ReaderFailed, open_reader
    from r2r_workers.media.span import Tally, find_shots

    cv2.setNumThreads(1)  # the decoder has the cores
    began = time.monotonic()
    film = probe_from_json(job["probe"])
    index = FilmIndex.from_bytes(film.index)
    geometry = plan_geometry(film)
    tally = Tally()
    shots = 0
    told = 0.0

    def alive() -> None:
        """Tell the parent, for frames that are only passed over as well: it kills a child that is silent."""
        nonlocal told
        now = time.monotonic()
        if now - told >= PROGRESS_S:
            told = now
            out.write(wire.pack({"kind": "progress", "frames": tally.read, "shots": shots}))
            out.flush()

    threads = int(job["threads"])
    reader = open_reader(job["reader"], Path(job["path"]), index, geometry, threads=threads, alive=alive)
    try:
        for shot in find_shots(
            reader,
            index,
            geometry,
            DetectorSettings(**job["detector"]),
            start_frame=int(job["start_frame"]),
            end_frame=int(job["end_frame"]),
            threads=threads,
            tally=tally,
            on_frame=lambda _frame: alive(),
        ):
            shots += 1
            out.write(wire.pack_shot(shot))
    except ReaderFailed as exc:
        out.write(wire.pack({"kind": "failed", "reason": str(exc), "hint": "", "retry": True}))
        return
    seconds = time.monotonic() - began
    out.write(wire.pack({"kind": "done", "read": tally.read, "missing": tally.missing, "seconds": seconds}))


def _own_stdout() -> BinaryIO:
    """Stdout for messages alone: whatever a C library prints goes to stderr from here on."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "wb")


def _die_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())

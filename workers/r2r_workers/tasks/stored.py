"""Stored pictures to features under a profile: all of it, or where another profile knows the rest, the embedding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from r2r_shared.records import Features
from r2r_workers import runtime
from r2r_workers.heartbeat import Heartbeat

Row = tuple[int, str]
"""A painting's or keyframe's id, and its picture's key in the media store."""

_AT_ONCE = 32


def measure(
    rows: Sequence[Row],
    read: Callable[[Row], bytes],
    profile_id: int,
    pulse: Heartbeat,
    *,
    known: Mapping[int, Features],
) -> tuple[dict[int, Features], float]:
    """Features by id, and the wall seconds that took, loading the models aside.

    Args:
        read: a picture's bytes; called from several threads.
        known: of some, everything but the embedding: see queries/measured.py.

    Raises:
        Cancelled: the pulse said so.
    """

    def on_progress(done: int) -> None:
        pulse.progress = done / len(rows)

    ready = [row for row in rows if row[0] in known]
    vectors, seconds = runtime.embed(ready, read, profile_id, should_stop=pulse.stopped, on_progress=on_progress)
    found = {
        row[0]: replace(known[row[0]], embedding=tuple(vector.tolist()))
        for row, vector in zip(ready, vectors, strict=True)
    }
    others = [row for row in rows if row[0] not in known]
    for start in range(0, len(others), _AT_ONCE):
        some = others[start : start + _AT_ONCE]
        numbers, took_s = runtime.measure([read(row) for row in some], profile_id, should_stop=pulse.stopped)
        found |= {row[0]: features for row, features in zip(some, numbers, strict=True)}
        seconds += took_s
        on_progress(len(found))
    return found, seconds

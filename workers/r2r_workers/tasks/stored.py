"""Stored pictures to features under a profile: all of it, or where another profile knows the rest, the embedding."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from psycopg import Connection

from r2r_shared.queries import profiles
from r2r_shared.records import Features
from r2r_shared.storage import depth_maps
from r2r_workers import runtime
from r2r_workers.heartbeat import Heartbeat

Row = tuple[int, str]
"""A painting's or keyframe's id, and its picture's key in the media store."""

_AT_ONCE = 32


@contextmanager
def maps_of(
    rows: Sequence[Row], profile_id: int, gone: Callable[[Connection[Any], Sequence[Row]], Sequence[str]]
) -> Generator[None]:
    """While these pictures are measured, however that ends: no depth map stays whose picture was removed meanwhile.

    Args:
        gone: the keys of those pictures that no row has any more.
    """
    try:
        yield
    finally:
        with runtime.connection() as conn:
            digest = profiles.get(conn, profile_id).depth_digest
            orphans = gone(conn, rows)
        for key in depth_maps.of_pictures(orphans, [digest]):
            runtime.store().delete_prefix(key)


def measure(
    rows: Sequence[Row],
    read: Callable[[Row], bytes],
    profile_id: int,
    pulse: Heartbeat,
    *,
    known: Mapping[int, Features],
) -> tuple[dict[int, Features], float]:
    """Features by id, and the wall seconds that took, loading the models aside.

    The depth map of each is kept in the media store. Of those that are known another profile has kept it: what does
    not know the encoder is the same there.

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
        numbers, took_s = runtime.measure(
            [read(row) for row in some], profile_id, should_stop=pulse.stopped, images=[row[1] for row in some]
        )
        found |= {row[0]: features for row, features in zip(some, numbers, strict=True)}
        seconds += took_s
        on_progress(len(found))
    return found, seconds

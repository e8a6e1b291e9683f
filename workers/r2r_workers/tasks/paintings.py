"""Segments of a collection: measure a batch of stored pictures; then the ranges that the score divides by."""

from __future__ import annotations

from dataclasses import asdict

from r2r_shared.errors import PermanentError
from r2r_shared.queries import features, indexes, paintings, ranges, segments
from r2r_shared.records import Lease
from r2r_workers import runtime
from r2r_workers.heartbeat import Heartbeat


def measure_batch(held: Lease, pulse: Heartbeat) -> None:
    """Measure one batch of paintings from the media store and store their features.

    A painting that was removed or given another picture meanwhile is left out: its numbers would be another's.
    Whoever replaced its picture has queued it again.
    """
    with runtime.connection() as conn:
        rows = paintings.images(conn, held.items)
    pulse.stats = {"stage": "measure"}
    there, jpegs = _stored(rows)
    numbers, model_s = runtime.measure(jpegs, held.profile_id, should_stop=pulse.stopped)
    pulse.check()
    with runtime.connection() as conn, conn.transaction():
        segments.hold(conn, held)
        same = paintings.unchanged(conn, there)
        measured = [(row[0], found) for row, found in zip(there, numbers, strict=True) if row[0] in same]
        features.write_paintings(conn, profile_id=held.profile_id, rows=measured)
        messages = segments.finish(conn, held, stats={"stage": "done", "model_s": round(model_s, 3)})
    runtime.send(messages)


def _stored(rows: list[tuple[int, str]]) -> tuple[list[tuple[int, str]], list[bytes]]:
    """The paintings whose pictures the media store has, and the pictures.

    Raises:
        PermanentError: it has lost one whose painting still is as it was.
    """
    store = runtime.store()
    there: list[tuple[int, str]] = []
    jpegs: list[bytes] = []
    lost: list[tuple[int, str]] = []
    for row in rows:
        try:
            jpegs.append(store.get(row[1]))
        except FileNotFoundError:
            lost.append(row)
        else:
            there.append(row)
    if lost:
        with runtime.connection() as conn:
            still = paintings.unchanged(conn, lost)
        if still:
            raise PermanentError(
                f"the media store has lost the pictures of {len(still)} paintings, the first is {min(still)}: "
                "remove these and import them again"
            )
    return there, jpegs


def measure_picture(held: Lease, pulse: Heartbeat) -> None:
    """Measure one picture that a person asks about; its numbers are the segment's answer."""
    jpeg = runtime.store().get(held.options["image"])
    numbers, model_s = runtime.measure([jpeg], held.profile_id, should_stop=pulse.stopped)
    pulse.check()
    stats = {"stage": "done", "model_s": round(model_s, 3), "features": asdict(numbers[0])}
    with runtime.connection() as conn, conn.transaction():
        segments.finish(conn, held, stats=stats)


def refresh_ranges(held: Lease, pulse: Heartbeat) -> None:
    """Take the collection's ranges anew, count its revision, and see to the indexes of a large one."""
    pulse.stats = {"stage": "ranges"}
    with runtime.connection() as conn, pulse.breaking_off(conn), conn.transaction():
        segments.bound_silence(conn)
        ranges.refresh(conn, held.profile_id)
        indexes.ensure_indexes(conn, held.profile_id)
        pulse.check()
        messages = segments.finish(conn, held, stats={"stage": "done"})
    runtime.send(messages)

"""Segments of a collection: measure a batch of stored pictures; then what scores are divided by, and judged by."""

from __future__ import annotations

from dataclasses import asdict

from r2r_shared.errors import PermanentError
from r2r_shared.queries import activation, features, indexes, measured, paintings, ranges, segments, unrelated
from r2r_shared.records import Lease
from r2r_workers import runtime
from r2r_workers.heartbeat import Heartbeat
from r2r_workers.tasks import stored


def measure_batch(held: Lease, pulse: Heartbeat) -> None:
    """Measure one batch of paintings from the media store and store their features.

    A painting that was removed or given another picture meanwhile is left out: its numbers would be another's.
    Whoever replaced its picture has queued it again.
    """
    with runtime.connection() as conn:
        rows = paintings.images(conn, held.items)
        known = measured.metrics_of_paintings(conn, profile_id=held.profile_id, ids=[row[0] for row in rows])
    pulse.stats = {"stage": "measure"}
    jpegs = _stored(rows)
    there = list(jpegs)
    with stored.maps_of(there, held.profile_id, paintings.orphaned):
        found, model_s = stored.measure(there, lambda row: jpegs[row], held.profile_id, pulse, known=known)
        pulse.check()
        with runtime.connection() as conn, conn.transaction():
            segments.hold(conn, held)
            same = sorted(paintings.unchanged(conn, there))
            features.write_paintings(
                conn, profile_id=held.profile_id, rows=[(painting_id, found[painting_id]) for painting_id in same]
            )
            messages = segments.finish(conn, held, stats={"stage": "done", "model_s": round(model_s, 3)})
    runtime.send(messages)


def _stored(rows: list[stored.Row]) -> dict[stored.Row, bytes]:
    """The pictures that the media store has, by painting and key.

    Raises:
        PermanentError: it has lost one whose painting still is as it was.
    """
    store = runtime.store()
    jpegs: dict[stored.Row, bytes] = {}
    lost: list[stored.Row] = []
    for row in rows:
        try:
            jpegs[row] = store.get(row[1])
        except FileNotFoundError:
            lost.append(row)
    if lost:
        with runtime.connection() as conn:
            still = paintings.unchanged(conn, lost)
        if still:
            raise PermanentError(
                f"the media store has lost the pictures of {len(still)} paintings, the first is {min(still)}: "
                "remove these and import them again"
            )
    return jpegs


def measure_picture(held: Lease, pulse: Heartbeat) -> None:
    """Measure one picture that a person asks about; its numbers are the segment's answer."""
    jpeg = runtime.store().get(held.options["image"])
    numbers, model_s = runtime.measure([jpeg], held.profile_id, should_stop=pulse.stopped)
    pulse.check()
    stats = {"stage": "done", "model_s": round(model_s, 3), "features": asdict(numbers[0])}
    with runtime.connection() as conn, conn.transaction():
        segments.finish(conn, held, stats=stats)


def refresh_ranges(held: Lease, pulse: Heartbeat) -> None:
    """Take the collection's ranges anew, count its revision, see to the indexes of a large one, and to the null.

    The null, what unrelated pictures reach, is of the ranges as they are stored: those come first, in a transaction
    of their own, so that nobody who matches a film waits for it. It is measured again only where something has changed.
    An import that outlived its profile's time has its paintings measured under the one that is active now, too.
    """
    pulse.stats = {"stage": "ranges"}
    if held.collection_id is not None:
        with runtime.connection() as conn:
            activation.catch_up_collection(conn, held.collection_id, held.profile_id)
    with runtime.connection() as conn, pulse.breaking_off(conn), conn.transaction():
        segments.bound_silence(conn)
        ranges.refresh(conn, held.profile_id)
        indexes.ensure_indexes(conn, held.profile_id)
        pulse.check()

    def on_progress(paintings_done: int, every: int) -> None:
        pulse.progress = paintings_done / every
        pulse.check()

    pulse.stats = {"stage": "null"}
    with runtime.connection() as conn, pulse.breaking_off(conn), conn.transaction():
        segments.bound_silence(conn)
        unrelated.refresh(conn, held.profile_id, on_progress=on_progress)
        pulse.check()
        messages = segments.finish(conn, held, stats={"stage": "done"})
    runtime.send(messages)

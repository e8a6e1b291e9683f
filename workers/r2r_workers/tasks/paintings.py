"""Segments of a collection: measure a batch of stored pictures; then the ranges that the score divides by."""

from __future__ import annotations

from dataclasses import asdict

from r2r_shared.queries import features, indexes, paintings, ranges, segments
from r2r_shared.records import Lease
from r2r_workers import pipeline, runtime
from r2r_workers.heartbeat import Heartbeat


def measure_batch(held: Lease, pulse: Heartbeat) -> None:
    """Measure one batch of paintings from the media store and store their features."""
    with runtime.connection() as conn:
        rows = paintings.images(conn, held.items)  # those removed meanwhile are not among them
    pulse.stats = {"stage": "measure"}
    store = runtime.store()
    jpegs = [store.get(image) for _, image in rows]
    numbers, model_s = pipeline.measure_pictures(jpegs, lambda: runtime.models(held.profile_id))
    pulse.check()
    ids = [painting_id for painting_id, _ in rows]
    with runtime.connection() as conn, conn.transaction():
        features.write_paintings(conn, profile_id=held.profile_id, rows=list(zip(ids, numbers, strict=True)))
        messages = segments.finish(conn, held, stats={"stage": "done", "model_s": round(model_s, 3)})
    runtime.send(messages)


def measure_picture(held: Lease, pulse: Heartbeat) -> None:
    """Measure one picture that a person asks about; its numbers are the segment's answer."""
    jpeg = runtime.store().get(held.options["image"])
    numbers, model_s = pipeline.measure_pictures([jpeg], lambda: runtime.models(held.profile_id))
    pulse.check()
    stats = {"stage": "done", "model_s": round(model_s, 3), "features": asdict(numbers[0])}
    with runtime.connection() as conn, conn.transaction():
        segments.finish(conn, held, stats=stats)


def refresh_ranges(held: Lease, pulse: Heartbeat) -> None:
    """Take the collection's ranges anew, count its revision, and see to the indexes of a large one."""
    pulse.stats = {"stage": "ranges"}
    with runtime.connection() as conn, conn.transaction():
        ranges.refresh(conn, held.profile_id)
        indexes.ensure_indexes(conn, held.profile_id)
        pulse.check()
        messages = segments.finish(conn, held, stats={"stage": "done"})
    runtime.send(messages)

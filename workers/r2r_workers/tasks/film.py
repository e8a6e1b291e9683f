"""Segments of film: decode, cut into shots, measure; or measure stored keyframes again under another profile."""

from __future__ import annotations

import hashlib
import json

from r2r_shared.errors import AnalysisFailed, PermanentError
from r2r_shared.film.file import Here
from r2r_shared.film.stamps import check_unchanged
from r2r_shared.queries import features, films, measured, segments, shots
from r2r_shared.records import Lease
from r2r_workers import pipeline, runtime
from r2r_workers.heartbeat import Heartbeat
from r2r_workers.media.settings import DetectorSettings
from r2r_workers.tasks import stored


def analyse(held: Lease, pulse: Heartbeat) -> None:
    """Analyse one span of a film and store all of it in one transaction."""
    assert held.film_id is not None
    assert held.start_frame is not None
    assert held.end_frame is not None
    settings = runtime.settings()
    with runtime.connection() as conn:
        probe = films.probe_of(conn, held.film_id)
        file = films.file_of(conn, held.film_id)
    detector = DetectorSettings.from_options(held.options["detector"])
    # The same film under the same settings has the same keyframes: a second attempt writes the same bytes.
    recipe = hashlib.sha256(json.dumps(held.options["detector"], sort_keys=True).encode()).hexdigest()[:8]
    prefix = films.media_prefix(file.sha256.hex())

    def image_key(frame: int) -> str:
        return f"{prefix}/{recipe}/{frame:08d}.jpg"

    length = held.end_frame - held.start_frame

    def on_progress(stage: str, frames: int, found: int) -> None:
        pulse.progress = 0.9 * min(1.0, frames / length) if stage == "decode" else 0.9
        pulse.stats = {"stage": stage, "frames": min(frames, length), "shots": found}

    def on_bytes(_: int) -> None:
        pulse.stats = {"stage": "fetch", "frames": 0, "shots": 0}

    runtime.store().require_writable()  # before the film is decoded for a store that will not take its pictures
    with file.locate(Here.of(settings), should_stop=pulse.stopped, on_bytes=on_bytes) as (path, stamp):
        try:
            span = pipeline.analyse_film(
                path,
                probe=probe,
                start_frame=held.start_frame,
                end_frame=held.end_frame,
                detector=detector,
                threads=settings.decode_threads,
                stall_s=settings.stall_s,
                limit_s=settings.task_limit_s * 0.9,
                models=lambda: runtime.models(held.profile_id),
                store=runtime.store(),
                image_key=image_key,
                on_progress=on_progress,
                should_stop=pulse.stopped,
            )
        except AnalysisFailed:
            check_unchanged(path, stamp)  # a file that changed, or a share that went, is the better reason
            raise
        pulse.check()
        check_unchanged(path, stamp)
    found = span.analysis
    stats = {
        "stage": "done",
        "frames": length,
        "shots": len(found.shots),
        "missing": found.frames_missing,
        "reader": found.reader,
        "decode_s": round(found.decode_s, 3),
        "model_s": round(span.model_s, 3),
    }
    with runtime.connection() as conn, conn.transaction():  # opened anew: nothing is held while models run
        segments.hold(conn, held)
        ids = shots.write(
            conn,
            film_id=held.film_id,
            job_id=held.job_id,
            segment_id=held.id,
            shots=found.shots,
            image_key=image_key,
        )
        every = [shot for shot in found.shots for _ in shot.keyframes]
        matchable = [kept for kept, shot in zip(ids, every, strict=True) if shot.blank is None]
        features.write_keyframes(
            conn, profile_id=held.profile_id, rows=list(zip(matchable, span.features, strict=True))
        )
        messages = segments.finish(conn, held, stats=stats)
    runtime.send(messages)


def measure_again(held: Lease, pulse: Heartbeat) -> None:
    """Measure stored keyframes under the job's profile. No film is decoded.

    What is gone meanwhile, with a film or an analysis, is left out, and so is what someone else has measured.
    """
    with runtime.connection() as conn:
        rows = shots.images(conn, held.items, unmeasured_by=held.profile_id)
        known = measured.metrics_of_keyframes(conn, profile_id=held.profile_id, ids=[row[0] for row in rows])
    pulse.stats = {"stage": "measure", "frames": 0}
    store = runtime.store()
    try:
        with stored.maps_of(rows, held.profile_id, shots.orphaned):
            found, model_s = stored.measure(rows, lambda row: store.get(row[1]), held.profile_id, pulse, known=known)
    except FileNotFoundError as error:
        with runtime.connection() as conn:
            still = shots.images(conn, held.items, unmeasured_by=held.profile_id)
        if still != rows:  # an analysis was replaced, and its pictures have gone with it
            measure_again(held, pulse)
            return
        raise PermanentError(
            f"the media store has lost a keyframe ({error.filename}): ingest the film again with --force"
        ) from error
    pulse.check()
    with runtime.connection() as conn, conn.transaction():
        segments.hold(conn, held)
        there = shots.hold(conn, list(found))
        features.write_keyframes(
            conn, profile_id=held.profile_id, rows=[(keyframe_id, found[keyframe_id]) for keyframe_id in there]
        )
        measured.outdate_matches(conn, profile_id=held.profile_id, keyframe_ids=there)
        messages = segments.finish(conn, held, stats={"stage": "done", "model_s": round(model_s, 3)})
    runtime.send(messages)

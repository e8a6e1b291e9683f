"""A training: its pictures and triplets from the database, its epochs in a process of its own, a model in the end."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared import registering
from r2r_shared.errors import Cancelled, PermanentError
from r2r_shared.processes import private_directory
from r2r_shared.queries import ranges, segments, training, works
from r2r_shared.queries.training import Run
from r2r_shared.records import METRICS, Lease
from r2r_shared.train_spec import TrainSpec
from r2r_shared.triplets import held_out
from r2r_shared.triplets.form import Rule, form
from r2r_shared.triplets.works import Works
from r2r_workers import gpus, runtime
from r2r_workers.heartbeat import Heartbeat
from r2r_workers.models import registry
from r2r_workers.training import checkpointing
from r2r_workers.training.feed import METRIC_COLUMNS, write_pictures
from r2r_workers.training.process import TrainingProcess

log = logging.getLogger(__name__)

COMPLETE = "complete.json"


def train(held: Lease, pulse: Heartbeat) -> None:
    """Train what the job's run says, from its last whole epoch on, and register the model.

    What lies in the run's folder on this machine may go at any time: the checkpoint is in the media store, and
    pictures are read anew.
    """
    with runtime.connection() as conn:
        run = training.of_job(conn, held.job_id)
    spec = TrainSpec.of_json(run.spec["train"])
    folder = folder_of(run)
    _feed(held, pulse, run, spec, folder)
    _fetch(run, folder)
    (folder / "spec.json").write_text(json.dumps(spec.to_json()))
    lineage = {"name": run.name, "run": run.id, "spec": {k: v for k, v in run.spec.items() if k != "train"}}
    (folder / "lineage.json").write_text(json.dumps(lineage))
    model = _run(run, spec, folder, pulse)
    pulse.check()
    description = registry.describe(str(model))
    with runtime.connection(autocommit=True) as conn:
        registering.register(
            conn,
            runtime.store(),
            path=model,
            description=description,
            name=run.name,
            lineage=description["lineage"] or {},
            run_id=run.id,
        )
        with conn.transaction():
            messages = segments.finish(conn, held, stats={"stage": "done", "said": f"model {run.name}"})
    runtime.store().delete_prefix(_checkpoint_key(run))
    shutil.rmtree(folder / "feed", ignore_errors=True)  # what TensorBoard reads stays
    runtime.send(messages)


def folder_of(run: Run) -> Path:
    """Where a run's files lie on this machine; the time tells apart runs of other databases."""
    return private_directory(runtime.settings().home / "training" / f"{run.name}-{run.created_at:%Y%m%d-%H%M%S}")


def _feed(held: Lease, pulse: Heartbeat, run: Run, spec: TrainSpec, folder: Path) -> None:
    """Bring the pictures, and what is known of them, onto this machine's disk, unless they are there."""
    feed = private_directory(folder / "feed")
    if (feed / COMPLETE).is_file():
        return
    with runtime.connection() as conn:
        found = works.load(conn, held.profile_id, run.spec["collections"])
        divisors = ranges.widths(ranges.of_profile(conn, held.profile_id)) if len(found.ids) else {}
        known = _digest(found)
        frozen = training.freeze(conn, run.id, known)
    if frozen != known:
        raise PermanentError(
            "the collection has changed since this training began: go on with it as it was, or train anew"
        )
    outside = _outside(found, run.spec["held_out"])
    triplets = _triplets(found, run, spec, inside=~outside)
    held_triplets = _triplets(found, run, spec, inside=outside) if outside.any() else triplets[:0]
    _check(found, spec, triplets, outside)
    store = runtime.store()

    def jpegs() -> Iterator[bytes]:
        for image in found.images:
            if pulse.stopped():
                raise Cancelled("the job is over")
            yield store.get(image)

    def on_picture(done: int) -> None:
        pulse.stats = {"stage": "read", "said": f"{done:,} of {len(found.ids):,} pictures"}

    try:
        threads = runtime.settings().decode_threads
        write_pictures(feed, jpegs(), len(found.ids), spec.config.side_px, threads=threads, on_picture=on_picture)
    except (FileNotFoundError, ValueError) as error:
        raise PermanentError(f"a painting's picture cannot be read ({error}): import its collection again") from error
    np.save(feed / "metrics.npy", metric_columns(found, divisors))
    np.save(feed / "labels.npy", _labels(found))
    np.save(feed / "held.npy", outside)
    np.save(feed / "triplets.npy", triplets)
    np.save(feed / "held_triplets.npy", held_triplets)
    counts = {"works": len(found.ids), "triplets": len(triplets), "held_triplets": len(held_triplets)}
    (feed / COMPLETE).write_text(json.dumps(counts))
    log.info("the feed of training %s is on disk: %s", run.name, counts)


def _check(found: Works, spec: TrainSpec, triplets: NDArray[np.int64], outside: NDArray[np.bool_]) -> None:
    """Say what is too little to train on."""
    count = len(triplets) if spec.fixed_triplets else int((~outside).sum())
    what = "triplets could be formed" if spec.fixed_triplets else "paintings are measured"
    if count < 2:
        raise PermanentError(
            f"only {count} {what} outside of the held-out artists, of {len(found.ids)} paintings in all: import more "
            "works with artist and movement, or form them by a wider rule (r2r triplets form says why)"
        )


def _digest(found: Works) -> str:
    """Of the works that a training is made of: their numbers and pictures."""
    rows = (f"{number} {image}\n" for number, image in zip(found.ids.tolist(), found.images, strict=True))
    return hashlib.sha256("".join(rows).encode()).hexdigest()


def _outside(found: Works, rule: dict[str, Any]) -> NDArray[np.bool_]:
    """The works of artists who are kept out of training; those without an artist are in it."""
    named = np.array([bool(artist.strip()) for artist in found.artists], np.bool_)
    return named & held_out.mask(found.artists, share=rule["share"], salt=rule["salt"])


def _triplets(found: Works, run: Run, spec: TrainSpec, *, inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Triplets among some of the works, as rows of all. Mined ones are judged by fixed ones, too."""
    if not spec.triplet_weight or run.spec["rule"] is None:
        return np.zeros((0, 3), np.int64)
    rows = np.flatnonzero(inside)
    return rows[form(found.take(rows), Rule.of_json(run.spec["rule"])).rows]


def metric_columns(found: Works, divisors: dict[str, float]) -> NDArray[np.float32]:
    """(n, 24): each metric's values divided by its range, in METRICS order, as `training.loss` reads them."""
    columns = [found.metrics[metric].reshape(len(found.ids), -1) / divisors[metric] for metric in METRICS]
    joined = np.concatenate(columns, axis=1).astype(np.float32)
    assert joined.shape[1] == METRIC_COLUMNS
    return joined


def _labels(found: Works) -> NDArray[np.int32]:
    """(n, 2) numbers of artist and movement; -1 for a work whose artist is not known."""
    artists: dict[str, int] = {"": -1}
    movements: dict[str, int] = {"": -1}
    rows = [
        (
            artists.setdefault(artist.strip().casefold(), len(artists)),
            movements.setdefault(movement.strip().casefold(), len(movements)),
        )
        for artist, movement in zip(found.artists, found.movements, strict=True)
    ]
    return np.array(rows, np.int32).reshape(-1, 2)


def _checkpoint_key(run: Run) -> str:
    return f"training/{run.id}-{run.created_at:%Y%m%d%H%M%S}"


def _fetch(run: Run, folder: Path) -> None:
    """The last whole epoch, where another machine was further than this one; and the weights it begins with."""
    initial = run.spec.get("initial")
    if initial and not (folder / Path(initial).name).is_file():
        _bring(initial, folder / Path(initial).name)
    if run.checkpoint is None or checkpointing.Checkpoint(folder).epoch() >= run.epochs:
        return
    for name in (checkpointing.BEST, checkpointing.LAST):
        _bring(f"{run.checkpoint}/{name}", folder / name)


def _bring(key: str, path: Path) -> None:
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(runtime.store().get(key))
    except FileNotFoundError as error:
        raise PermanentError(f"the media store has lost {key}: train anew") from error
    partial.replace(path)


def _run(run: Run, spec: TrainSpec, folder: Path, pulse: Heartbeat) -> Path:
    """Train in a process of its own; the finished model's file."""
    settings = runtime.settings()
    found = [] if settings.device == "cpu" else gpus.visible(os.environ)
    pulse.stats = {"stage": "train", "said": "starting"}
    held = ""
    with TrainingProcess(
        folder,
        device=settings.device,
        gpus=len(found),
        threads=settings.decode_threads,
        lineage=folder / "lineage.json",
    ) as process:
        for event in process.events(pulse.stopped):
            if event["event"] == "step":
                pulse.progress = (event["epoch"] - 1 + event["step"] / event["steps"]) / event["epochs"]
                said = (
                    f"epoch {event['epoch']} of {event['epochs']} · loss {event['loss']:.4f} · rate {event['rate']:.2g}"
                )
                pulse.stats = {"stage": "train", **_numbers(event), "said": said + held}
            elif event["event"] == "epoch":
                held = "" if event["held_loss"] is None else f" · held out {event['held_loss']:.4f}"
                _keep(run, folder, event)
                log.info("training %s: epoch %s: %s", run.name, event["epoch"], _numbers(event))
            elif event["event"] == "done":
                return Path(event["weights"])
    raise RuntimeError("the training ended without a word")


def _numbers(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "event"}


def _keep(run: Run, folder: Path, event: dict[str, Any]) -> None:
    """An epoch's checkpoint into the media store, then its row: any machine can go on from there."""
    key = _checkpoint_key(run)
    for name in (checkpointing.BEST, checkpointing.LAST):
        path = folder / name
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        runtime.store().put_file(f"{key}/{name}", path, sha256=digest)
    with runtime.connection() as conn:
        training.add_epoch(conn, run.id, event, checkpoint=key)

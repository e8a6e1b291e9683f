"""A training: its pictures and triplets from the database, its epochs in a process of its own, a model in the end."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared import registering
from r2r_shared.errors import Cancelled, PermanentError, TransientError, UserError
from r2r_shared.local import locks
from r2r_shared.processes import private_directory
from r2r_shared.queries import ranges, segments, training, works
from r2r_shared.queries.training import Run
from r2r_shared.records import METRICS, Lease
from r2r_shared.train_spec import TrainSpec
from r2r_shared.triplets import held_out
from r2r_shared.triplets.form import Rule, form
from r2r_shared.triplets.kinship import Kinship
from r2r_shared.triplets.works import Works
from r2r_workers import gpus, runtime
from r2r_workers.heartbeat import Heartbeat
from r2r_workers.models import registry
from r2r_workers.models.checkpoint import read_lineage
from r2r_workers.models.weights import IMAGENET
from r2r_workers.tasks import training_files
from r2r_workers.training.feed import METRIC_COLUMNS, side_of, write_pictures
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
    folder = training_files.folder_of(run)
    _require(spec)
    _feed(held, pulse, run, spec, folder)
    training_files.fetch(run, folder)
    training_files.catch_up(run, folder)
    (folder / "spec.json").write_text(json.dumps(spec.to_json()))
    lineage = {"name": run.name, "run": run.id, "spec": {k: v for k, v in run.spec.items() if k != "train"}}
    if spec.initial.endswith(".safetensors"):  # what that was trained on, this one has seen, too
        lineage["began_with"] = read_lineage(folder / spec.initial)
    (folder / "lineage.json").write_text(json.dumps(lineage))
    model = _run(run, spec, folder, pulse)
    pulse.check()
    training_files.catch_up(run, folder)
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
    runtime.send(messages)
    training_files.tidy(run, folder)
    training_files.clear_given_up()


def _require(spec: TrainSpec) -> None:
    """Have ImageNet's weights here before hours of reading pictures, and fetched once.

    Raises:
        PermanentError: they are not here, and cannot be fetched.
    """
    if spec.initial == "imagenet" and not IMAGENET[spec.config.backbone].present:
        try:
            IMAGENET[spec.config.backbone].pull(progress=False)
        except UserError as error:
            raise PermanentError(
                f"{error.message}; fetch it where there is a network and put it at "
                f"{IMAGENET[spec.config.backbone].path}, or train with --weights none or --recipe starter"
            ) from error


def _feed(held: Lease, pulse: Heartbeat, run: Run, spec: TrainSpec, folder: Path) -> None:
    """Bring the pictures, and what is known of them, onto this machine's disk, unless they are there."""
    feed = private_directory(folder / "feed")
    if (feed / COMPLETE).is_file():
        return
    with (folder / "feed.lock").open("a") as file:  # of one whose lease was lost, and who has not noticed yet
        if not locks.try_lock(file):
            raise TransientError("another process reads the pictures of this training")
        known = _known(held, run, spec)
        _check(known, spec)
        images: list[str] = known.pop("images").tolist()
        store = runtime.store()

        def jpegs() -> Iterator[bytes]:
            for image in images:
                if pulse.stopped():
                    raise Cancelled("the job is over")
                yield store.get(image)

        def on_picture(done: int) -> None:
            pulse.stats = {"stage": "read", "said": f"{done:,} of {len(images):,} pictures"}

        try:
            threads = runtime.settings().decode_threads
            write_pictures(
                feed,
                jpegs(),
                len(images),
                spec.config.side_px,
                fine=spec.blend > 0,
                threads=threads,
                on_picture=on_picture,
            )
        except (FileNotFoundError, ValueError) as error:
            raise PermanentError(
                f"a painting's picture is gone or damaged ({error}): import its collection again, and train anew"
            ) from error
        except OSError as error:
            size_gb = len(images) * side_of(spec.config.side_px, fine=spec.blend > 0) ** 2 * 3 / 1e9
            raise PermanentError(
                f"{feed} has no room for {size_gb:.1f} GB of pictures ({error.strerror}): free it, r2r jobs retry"
            ) from error
        for name, array in known.items():
            np.save(feed / f"{name}.npy", array)
        counts = {"works": len(images), "triplets": len(known["triplets"])}
        (feed / COMPLETE).write_text(json.dumps(counts))
    log.info("the feed of training %s is on disk: %s", run.name, counts)


def _known(held: Lease, run: Run, spec: TrainSpec) -> dict[str, NDArray[Any]]:
    """What is known of the works: as it was when the training first began, whatever has become of them since.

    Triplets, artists that are kept out and ranges all come from rows that may change while a training waits for its
    next machine; so the first attempt puts them into the media store, and every later one reads them there.
    """
    store, key = runtime.store(), f"{training_files.checkpoint_key(run)}/works.npz"
    if store.exists(key):
        with np.load(io.BytesIO(store.get(key)), allow_pickle=False) as written:
            return dict(written)
    with runtime.connection() as conn:
        found = works.load(conn, held.profile_id, run.spec["collections"], pictured=True)
        divisors = ranges.widths(ranges.of_profile(conn, held.profile_id)) if len(found) else {}
    if not len(found):
        raise PermanentError("no painting with a picture is measured: r2r paintings import brings some in")
    rule = run.spec["held_out"]
    outside = held_out.mask(found.artists, share=rule["share"], salt=rule["salt"])
    labels, sharing = label_numbers(found)
    known: dict[str, NDArray[Any]] = {
        "ids": found.ids,
        "images": np.array(found.images),
        "metrics": metric_columns(found, divisors),
        "labels": labels,
        "sharing": sharing,
        "held": outside,
        "triplets": _triplets(found, run, spec, inside=~outside),
        "held_triplets": _triplets(found, run, spec, inside=outside),
    }
    out = io.BytesIO()
    np.savez_compressed(out, **known)  # pyright: ignore[reportArgumentType]
    store.put(key, out.getvalue())
    return known


def _check(known: dict[str, NDArray[Any]], spec: TrainSpec) -> None:
    """Say what is too little to train on."""
    outside = known["held"]
    count = len(known["triplets"]) if spec.fixed_triplets else int((~outside).sum())
    what = "triplets could be formed" if spec.fixed_triplets else "paintings are measured"
    if count < 2:
        raise PermanentError(
            f"only {count} {what} outside of the held-out artists, of {len(outside)} paintings in all: import more "
            "works with artist and movement, or form them by a wider rule (r2r triplets form says why)"
        )
    if spec.triplet_weight and not len(known["held_triplets"]):
        log.warning("no triplet of the held-out artists could be formed: nothing tells which epoch is the best")


def _triplets(found: Works, run: Run, spec: TrainSpec, *, inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Triplets among some of the works, as rows of all. Mined ones are judged by fixed ones, too."""
    if not spec.triplet_weight or run.spec["rule"] is None or not inside.any():
        return np.zeros((0, 3), np.int64)
    rows = np.flatnonzero(inside)
    return rows[form(found.take(rows), Rule.of_json(run.spec["rule"])).rows]


def metric_columns(found: Works, divisors: dict[str, float]) -> NDArray[np.float32]:
    """(n, 24): each metric's values divided by its range, in METRICS order, as `training.loss` reads them."""
    columns = [found.metrics[metric].reshape(len(found.ids), -1) / divisors[metric] for metric in METRICS]
    joined = np.concatenate(columns, axis=1).astype(np.float32)
    assert joined.shape[1] == METRIC_COLUMNS
    return joined


def label_numbers(found: Works) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """(n, 2) numbers of artist and of movements, -1 where nobody knows; (k, k) which movements have one in common."""
    kinship = Kinship(found)
    kinds, sharing = kinship.kinds()
    return np.stack([kinship.artists, kinds], axis=1).astype(np.int32), sharing


def _run(run: Run, spec: TrainSpec, folder: Path, pulse: Heartbeat) -> Path:
    """Train in a process of its own; the finished model's file."""
    settings = runtime.settings()
    found = [] if settings.device == "cpu" else gpus.visible(os.environ)
    found = found[: max(1, spec.batch // 2)]  # batch norm needs two pictures in each process
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
                training_files.keep(run, folder, event)
                log.info("training %s: epoch %s: %s", run.name, event["epoch"], _numbers(event))
            elif event["event"] == "blend":
                said = f"statistics of {event['done']:,} of {event['of']:,} pictures"
                pulse.stats = {"stage": "train", "said": said + held}
            elif event["event"] == "done":
                return Path(event["weights"])
    raise RuntimeError("the training ended without a word")


def _numbers(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "event"}

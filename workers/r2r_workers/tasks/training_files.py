"""What a training leaves on this machine's disk and in the media store: put there, fetched again, and cleared away."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from r2r_shared.errors import PermanentError, Unavailable
from r2r_shared.processes import private_directory
from r2r_shared.queries import training
from r2r_shared.queries.training import Run
from r2r_workers import runtime
from r2r_workers.training import checkpointing
from r2r_workers.training.process import LOG

log = logging.getLogger(__name__)

GIVEN_UP_DAYS = 14.0
"""So long what a failed or cancelled training has got to is kept for `jobs retry`."""


def folder_of(run: Run) -> Path:
    """Where a run's files lie on this machine; the time tells apart runs of other databases."""
    return private_directory(runtime.settings().home / "training" / f"{run.name}-{run.created_at:%Y%m%d-%H%M%S}")


def checkpoint_key(run: Run) -> str:
    return f"training/{run.id}-{run.created_at:%Y%m%d%H%M%S}"


def fetch(run: Run, folder: Path) -> None:
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


def keep(run: Run, folder: Path, event: dict[str, Any]) -> None:
    """An epoch's checkpoint into the media store, then its row: any machine can go on from there.

    Where the store or the database is away that is made up for after the next epoch, or at the end: a training of days
    does not end for it.
    """
    try:
        _upload(run, folder)
        with runtime.connection() as conn:
            training.add_epoch(conn, run.id, event, checkpoint=checkpoint_key(run))
    except Unavailable as error:
        log.warning("epoch %s of training %s is not kept yet: %s", event["epoch"], run.name, error)


def catch_up(run: Run, folder: Path) -> None:
    """Rows for epochs that are whole on this disk and were not kept: a worker was killed, or a server away."""
    with runtime.connection() as conn:
        there = training.epochs(conn, run.id)
    lacking = [epoch for epoch in checkpointing.Checkpoint(folder).history() if epoch.epoch not in there]
    if not lacking:
        return
    _upload(run, folder)
    with runtime.connection() as conn:
        for epoch in lacking:
            training.add_epoch(conn, run.id, asdict(epoch), checkpoint=checkpoint_key(run))


def _upload(run: Run, folder: Path) -> None:
    """The checkpoint into the media store. The training goes on and replaces its files: links hold on to these.

    The last epoch's state first: should the best weights then be of a later one, going on makes them again.
    """
    for name in (checkpointing.LAST, checkpointing.BEST):
        held_on_to = folder / f".{name}.sent"
        held_on_to.unlink(missing_ok=True)
        os.link(folder / name, held_on_to)
        try:
            with held_on_to.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
            runtime.store().put_file(f"{checkpoint_key(run)}/{name}", held_on_to, sha256=digest)
        finally:
            held_on_to.unlink(missing_ok=True)


def tidy(run: Run, folder: Path) -> None:
    """Of a training that is through only what TensorBoard reads is kept, and its log."""
    runtime.store().delete_prefix(checkpoint_key(run))
    for path in folder.iterdir():
        if path.is_dir() and path.name != "tensorboard":
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_file() and path.name != LOG:
            path.unlink(missing_ok=True)


def clear_given_up(days: float = GIVEN_UP_DAYS) -> None:
    """Free what old failed trainings take: their checkpoints, first weights, and pictures on this machine's disk."""
    with runtime.connection() as conn, conn.transaction():
        given_up, unneeded = training.give_up_old(conn, days=days)
    for run in given_up:
        runtime.store().delete_prefix(checkpoint_key(run))
        shutil.rmtree(folder_of(run), ignore_errors=True)
    for key in unneeded:
        runtime.store().delete_prefix(key)

"""`python -m r2r_workers.training FOLDER`: train what the folder says; one JSON object a line on stdout.

    FOLDER/spec.json     a TrainSpec
    FOLDER/feed/         what feed.py describes
    FOLDER/              checkpoints, in the end model.safetensors; tensorboard/ beside them

A process of its own, because it may be one of several: `python -m torch.distributed.run --nproc-per-node 4 -m
r2r_workers.training FOLDER` trains on four GPUs. Killed and called again, it goes on after the last whole epoch.
Events: step (at most two a second), epoch, blend (pictures done, of how many), done, error. Exit code 0; 1 where a
person has to do something.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r2r_shared.errors import UserError
from r2r_shared.local import locks
from r2r_shared.train_spec import TrainSpec

if TYPE_CHECKING:
    from torch import Tensor

    from r2r_workers.training.loop import Epoch, Training

EVERY_S = 0.5
ALONE_S = 30.0


class Reporter:
    """Says how far the training is, to who started it and to TensorBoard. Of a company, the first process does."""

    def __init__(self, folder: Path, training: Training) -> None:
        self._training = training
        self._board = _board(folder / "tensorboard")
        self._said_at = 0.0

    def step(self, epoch: int, step: int, value: Tensor, rate: float) -> None:
        now = time.monotonic()
        if now - self._said_at < EVERY_S:
            return
        self._said_at = now
        loss, of = float(value), self._training.steps
        if not math.isfinite(loss):  # the epoch's end says so
            return
        say("step", epoch=epoch, step=step, steps=of, epochs=self._training.spec.epochs, loss=loss, rate=rate)
        number = (epoch - 1) * of + step
        self._board.add_scalar("step/loss", loss, number)
        self._board.add_scalar("step/learning rate", rate, number)

    def epoch(self, done: Epoch) -> None:
        say("epoch", **asdict(done))
        for name in ("loss", "held_loss", "held_right", "held_first", "rate", "seconds"):
            value = getattr(done, name)
            if value is not None:
                self._board.add_scalar(f"epoch/{name}", value, done.epoch)
        self._board.flush()

    def close(self) -> None:
        self._board.close()


def _board(folder: Path) -> Any:
    """What writes curves for TensorBoard; where that is not installed, a stand-in that writes none, and a word."""
    try:
        from torch.utils.tensorboard.writer import SummaryWriter
    except ImportError:
        sys.stderr.write("no curves for TensorBoard: pip install 'reel-to-real[train]'\n")
        return _NoBoard()
    return SummaryWriter(str(folder), max_queue=1000)


class _NoBoard:
    def add_scalar(self, name: str, value: float, step: int) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


def say(event: str, **values: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m r2r_workers.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--lineage", type=Path, help="JSON to keep in the weights' header")
    parser.add_argument("--owned", action="store_true", help="end when stdin does: whoever holds it is gone")
    args = parser.parse_args(arguments)
    if args.owned:
        threading.Thread(target=_end_with_owner, daemon=True).start()
    try:
        with _alone(args.folder):
            _train(args.folder, args.device, args.lineage)
    except Occupied:
        say("error", message="another process trains in this folder", hint="it is tried again", retry=True)
        return 1
    except UserError as error:
        say("error", message=error.message, hint=error.hint)
        return 1
    return 0


class Occupied(Exception):
    """Another process holds the folder."""


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Be the training of this folder: one whose lease was lost may not have noticed yet. Of a company the first is."""
    if os.environ.get("RANK", "0") != "0":
        yield
        return
    with (folder / "lock").open("a") as file:
        deadline = time.monotonic() + ALONE_S
        while not locks.try_lock(file):
            if time.monotonic() > deadline:
                raise Occupied
            time.sleep(0.2)
        yield


def _end_with_owner() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def _train(folder: Path, device: str, lineage: Path | None) -> None:
    import torch
    from safetensors.torch import load_file

    from r2r_workers.models import tcn
    from r2r_workers.models.device import place
    from r2r_workers.training import blending
    from r2r_workers.training.company import Company
    from r2r_workers.training.feed import Feed
    from r2r_workers.training.loop import Training

    spec = TrainSpec.of_json(json.loads((folder / "spec.json").read_text()))
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    company = Company.joined(device)
    training = Training(spec, Feed.open(folder / "feed"), place(device), company, beside=folder)
    reporter = Reporter(folder, training) if company.first else None
    best = training.run(
        folder,
        on_step=reporter.step if reporter else lambda *_: None,
        on_epoch=reporter.epoch if reporter else lambda _: None,
    )
    if reporter:
        reporter.close()
        if best is not None:
            training.network.load_state_dict(load_file(best))
        written = json.loads(lineage.read_text()) if lineage else {}
        whole = {**written.get("spec", {}), "train": spec.to_json()}
        written |= {"spec": whole, "epochs": [_without_time(epoch) for epoch in training.history]}
        blend = blending.fitted(training, folder, on_pictures=_say_blend) if spec.blend else None
        model = folder / "model.safetensors"
        tcn.save(training.network, spec.config, model, blend=blend, half=spec.half, lineage=written)
        say("done", weights=str(model))


def _say_blend(done: int, of: int) -> None:
    say("blend", done=done, of=of)


def _without_time(epoch: Epoch) -> dict[str, Any]:
    """So that the same training makes the same file."""
    return {name: value for name, value in asdict(epoch).items() if name != "seconds"}


if __name__ == "__main__":
    sys.exit(main())

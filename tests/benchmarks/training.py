"""A training's step against the same network and batch fed with tensors that are in memory already.

    python -m tests.benchmarks.training [--steps 6] [--batch 32] [--device cpu]

What a step takes beyond that is the data path: pictures gathered from the feed, windows, colours, a film's look. Both
are timed turn by turn in one run; the aim is 1.15. Pictures are noise: their content costs nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch  # noqa: TID253

from r2r_shared.encoder_config import TcnConfig
from r2r_shared.recipes import STARTER
from r2r_shared.train_spec import TrainSpec
from r2r_workers.models.device import place
from r2r_workers.training.company import Company
from r2r_workers.training.feed import METRIC_COLUMNS, Feed, side_of
from r2r_workers.training.loop import Training

PAPER = TrainSpec(TcnConfig("resnet50", (1024, 256), 224), triplet_weight=1.0, self_weight=0.0)
SPECS = {
    "resnet50, 224 px, triplets": PAPER,
    "resnet50, 224 px, triplets and renditions": dataclasses.replace(PAPER, self_weight=1.0),
    "resnet18, 224 px, triplets and renditions": dataclasses.replace(
        PAPER, config=TcnConfig("resnet18", (512, 256), 224), self_weight=1.0
    ),
    "starter: resnet14 of width 32, 128 px, renditions": dataclasses.replace(STARTER, blend=0),
}


def feed(folder: Path, side_px: int, count: int) -> Feed:
    """Noise, as a feed on disk would bring it."""
    side = side_of(side_px)
    rng = np.random.default_rng(0)
    np.save(folder / f"pictures{side}.npy", rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8))
    pictures = np.load(folder / f"pictures{side}.npy", mmap_mode="r")
    labels = np.stack([np.arange(count) // 3] * 2, 1).astype(np.int32)
    metrics = rng.uniform(0, 1, (count, METRIC_COLUMNS)).astype(np.float32)
    triplets = np.arange(count // 3 * 3).reshape(-1, 3)
    nobody = np.zeros(count, bool)
    return Feed(
        pictures,
        rng.uniform(0.6, 1.8, count).astype(np.float32),
        metrics,
        labels,
        np.eye(count, dtype=bool),
        nobody,
        triplets,
        triplets,
    )


def compare(spec: TrainSpec, found: Feed, device: str, steps: int) -> tuple[float, float, float]:
    """Median seconds of a whole step and of one from memory, and the median of their ratios."""
    placement = place(device)
    training = Training(spec, found, placement, Company())
    training.network.train()
    generator = torch.Generator().manual_seed(1)
    rows = found.triplets[: spec.batch] if spec.fixed_triplets else np.arange(spec.batch)
    batch, paintings = training.shown(rows, generator)

    def timed(what: Callable[[], object]) -> float:
        _settle(placement.device)
        began = time.perf_counter()
        what()
        _settle(placement.device)
        return time.perf_counter() - began

    pairs = [
        (
            timed(lambda: training.step(training.network, rows, generator)),
            timed(lambda: training.learn(training.network, batch, paintings, rows)),
        )
        for _ in range(steps + 1)
    ][1:]  # the first of all chooses its kernels
    whole, memory = (statistics.median(column) for column in zip(*pairs, strict=True))
    return whole, memory, statistics.median(a / b for a, b in pairs)


def _settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print("network | whole step | from memory | ratio")
    with tempfile.TemporaryDirectory() as scratch:
        for name, spec in SPECS.items():
            sized = dataclasses.replace(spec, batch=args.batch)
            found = feed(Path(scratch), spec.config.side_px, 3 * args.batch)
            whole, memory, ratio = compare(sized, found, args.device, args.steps)
            print(f"{name} | {whole * 1e3:.0f} ms | {memory * 1e3:.0f} ms | {ratio:.3f}", flush=True)


if __name__ == "__main__":
    main()

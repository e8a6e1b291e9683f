"""Naive against constrained triplets, score against latent distance, several seeds: the paper's comparison.

    python -m tests.benchmarks.triplet_study [HOME] [--seeds 1,2,3] [--epochs 20] [--threads 1]

HOME is an R2R_HOME in which `paintings_small` has been imported as the collection `small` (`python -m
tests.benchmarks.train_starter HOME --only-import` does that). Each network is small and trained from nothing, on as
many triplets under every policy (the largest number that all of them reach), by `python -m r2r_workers.training`, which
is what the job of `r2r train` starts. Then it embeds the works of the artists that were kept out, and is asked which of
two works is the anchor's positive: of naive and of constrained triplets of those works, by latent distance and by the
score. Chance is one half. Figure 8's correlation is of 1,000 pairs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from r2r_shared import db
from r2r_shared.encoder_config import TcnConfig
from r2r_shared.local.stack import open_stack
from r2r_shared.queries import profiles, ranges, works
from r2r_shared.settings import Settings
from r2r_shared.storage.media_store import MediaStore
from r2r_shared.train_spec import TrainSpec
from r2r_shared.triplets import held_out
from r2r_shared.triplets.form import Rule, form
from r2r_shared.triplets.thresholds import paper
from r2r_shared.triplets.works import Works
from r2r_workers.evaluation import figure8, sums, triplet_test
from r2r_workers.evaluation.likeness import Measured
from r2r_workers.measure import embed
from r2r_workers.models.device import place
from r2r_workers.models.tcn import TcnEncoder
from r2r_workers.tasks.train import label_numbers, metric_columns
from r2r_workers.training.feed import write_pictures
from tests.benchmarks.train_starter import HOME

SHARE = 0.25
POLICIES = ("naive", "constrained")
DISTANCES = ("latent", "score")
SPEC = TrainSpec(TcnConfig("resnet14", (256, 128), 96, width=32), epochs=20, batch=32, rate=1e-3, margin=0.2)


@dataclass(frozen=True, slots=True)
class Material:
    """The collection: what is known of its works, their pictures, and which of them are kept out."""

    found: Works
    outside: np.ndarray
    divisors: dict[str, float]
    depth_model: str
    store: MediaStore


def read(home: Path) -> Material:
    """What the stack at HOME has measured of the collection `small`."""
    settings = Settings(home=home)
    with open_stack(settings) as stack, db.connect(stack.database_url, autocommit=True) as conn:
        profile = profiles.active(conn)
        assert profile is not None, "nothing has been imported there"
        found = works.load(conn, profile.id, ["small"])
        divisors = ranges.widths(ranges.of_profile(conn, profile.id))
    outside = held_out.mask(found.artists, share=SHARE)
    return Material(found, outside, divisors, profile.depth, MediaStore(settings.media_root))


def train(
    material: Material, pictures: Path, spec: TrainSpec, triplets: np.ndarray, *, threads: int, into: Path
) -> Path:
    """One network; its file."""
    feed = into / "feed"
    feed.mkdir(parents=True)
    for name in ("pictures", "aspects"):
        (feed / f"{name}.npy").symlink_to(pictures / f"{name}.npy")
    np.save(feed / "metrics.npy", metric_columns(material.found, material.divisors))
    for name, array in zip(("labels", "sharing"), label_numbers(material.found), strict=True):
        np.save(feed / f"{name}.npy", array)
    np.save(feed / "held.npy", np.zeros(len(material.found.ids), bool))  # it is judged below, not while it learns
    np.save(feed / "triplets.npy", triplets)
    np.save(feed / "held_triplets.npy", triplets[:0])
    (into / "spec.json").write_text(json.dumps(spec.to_json()))
    command = [sys.executable, "-m", "r2r_workers.training", str(into), "--device=cpu"]
    env = os.environ | {"OMP_NUM_THREADS": str(threads)}
    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)
    return into / "model.safetensors"


def judge(material: Material, model: Path) -> dict[str, Any]:
    """Accuracy on held-out triplets by policy and distance, and Figure 8's r."""
    rows = np.flatnonzero(material.outside)
    test = material.found.take(rows)
    encoder = TcnEncoder.from_checkpoint(model, place("cpu"))
    measured = Measured(test.metrics, embed(test.images, material.store.get, encoder))
    made = triplet_test.rounds(test, material.found, depth_model=material.depth_model, seed=1, count=3)
    found = {
        f"{row['policy']} by {row['distance']}": row["accuracy"]
        for row in triplet_test.judge(made, measured, material.divisors)
    }
    totals = sums.weighted(material.found.metrics)[rows]
    for row in figure8.correlate(measured, totals, material.divisors, seed=1):
        if row["pairs"] > 100:
            found[f"r of {row['of']}"] = row["result"]["r"]
    return found


def study(home: Path, seeds: list[int], epochs: int, threads: int) -> None:
    """Train and judge every combination; print each, then means and deviations."""
    material = read(home)
    rows = np.flatnonzero(~material.outside)
    inside = material.found.take(rows)
    thresholds = paper(inside, depth_model=material.depth_model)
    formed = {
        (policy, seed): rows[form(inside, Rule(policy, 4, 3, thresholds, seed)).rows]
        for policy in POLICIES
        for seed in seeds
    }
    count = min(map(len, formed.values()))
    artists = len({material.found.artists[row] for row in np.flatnonzero(material.outside)})
    print(f"{count} triplets each, of {len(inside.ids)} works; tested on {int(material.outside.sum())} by {artists}")
    scratch = Path(tempfile.mkdtemp(prefix="r2r-study-"))
    results: dict[tuple[str, str], list[dict[str, Any]]] = {}
    try:
        (scratch / "pictures").mkdir()
        jpegs = map(material.store.get, material.found.images)
        write_pictures(scratch / "pictures", jpegs, len(material.found.ids), SPEC.config.side_px)
        for seed in seeds:
            for policy in POLICIES:
                for distance in DISTANCES:
                    spec = dataclasses.replace(SPEC, epochs=epochs, distance=distance, seed=seed)
                    into = scratch / f"{policy}-{distance}-{seed}"
                    model = train(
                        material, scratch / "pictures", spec, formed[policy, seed][:count], threads=threads, into=into
                    )
                    found = judge(material, model)
                    results.setdefault((policy, distance), []).append(found)
                    print(seed, policy, distance, {key: round(value, 3) for key, value in found.items()}, flush=True)
    finally:
        shutil.rmtree(scratch)
    columns = list(next(iter(results.values()))[0])
    print("\ntrained on | with distance | " + " | ".join(columns))
    for (policy, distance), found in results.items():
        cells = [np.array([one[column] for one in found]) for column in columns]
        said = [f"{cell.mean():.3f} ± {cell.std(ddof=1) if len(cell) > 1 else 0:.3f}" for cell in cells]
        print(f"{policy} | {distance} | " + " | ".join(said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path, nargs="?", default=HOME)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--epochs", type=int, default=SPEC.epochs)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if not args.home.is_dir():
        subprocess.run([sys.executable, "-m", "tests.benchmarks.train_starter", args.home, "--only-import"], check=True)
    study(args.home, [int(seed) for seed in args.seeds.split(",")], args.epochs, args.threads)


if __name__ == "__main__":
    main()

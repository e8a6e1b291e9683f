"""How well the starter network finds paintings again, beside the hand-made descriptor.

    python -m tests.benchmarks.starter [--films] [--seeds 1,2,3,4,5] [--profiles starter,descriptor]

Without --films: single frames as ../shared/tools/make_film.py makes them, at strength 0.5 and 1.0, found among

* all 72 of `paintings`: the 52 that the network was trained on, and the 20 that it was not (see kept_out.py);
* the works of `paintings_small` by artists that the network was not trained on.

With --films: films of 60 s through the whole command line, ranked by `timeline`; of all 72, and of the 20 alone.

The descriptor's constants were fitted on renditions of all of `paintings_small`, artists that are kept out of the
network included: among those works it has seen what it is asked for.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from r2r_shared import pictures
from r2r_workers.measure import measure
from r2r_workers.models import load
from r2r_workers.models.protocols import Models
from tests.benchmarks import frames, kept_out, scoring
from tests.benchmarks.films import known_film
from tests.benchmarks.pipeline import Found, accuracy
from tests.benchmarks.scoring import Numbers

STRENGTHS = (0.5, 1.0)
FRAMES_OF_ONE = {"seen": 3, "unseen": 8, "strangers": 1}
"""Frames that are made of each painting, so that a share has a few hundred behind it."""


def single_frames(profile: str, first_seed: int) -> Iterator[tuple[str, ...]]:
    """Rows of the table: who was asked for, among how many, strength, frames, found first by score and by V_r, in 5."""
    models = load(profile)
    seventy_two, strangers = _gallery("paintings", models), _gallery("strangers", models)
    twenty = {work.file for work in kept_out.twenty()}
    files = [work.path for work in kept_out.paintings()]
    unseen = [number for number, path in enumerate(files) if path.name in twenty]
    seen = [number for number, path in enumerate(files) if path.name not in twenty]
    abroad = [work.path for work in kept_out.strangers()]
    for strength in STRENGTHS:
        for name, gallery, paths, rows in (
            ("seen", seventy_two, files, seen),
            ("unseen", seventy_two, files, unseen),
            ("strangers", strangers, abroad, list(range(len(abroad)))),
        ):
            truth, jpegs = _frames(tuple(paths), tuple(rows), strength, FRAMES_OF_ONE[name], first_seed)
            probes = Numbers(measure(list(jpegs), models))
            whole, visual = scoring.whole(probes, gallery), scoring.visual(probes, gallery)
            by_score, by_latent = (scoring.rank_of(scores, truth) for scores in (whole, visual))
            shares = [f"{(ranks < k).mean():.3f}" for ranks, k in ((by_score, 1), (by_latent, 1), (by_score, 5))]
            yield profile, name, str(len(gallery)), f"{strength:g}", str(len(truth)), *shares


def _gallery(name: str, models: Models) -> Numbers:
    works = kept_out.paintings() if name == "paintings" else kept_out.strangers()
    return Numbers(measure([pictures.intake(work.path).jpeg for work in works], models))


@cache
def _frames(
    paths: tuple[Path, ...], rows: tuple[int, ...], strength: float, each: int, first_seed: int
) -> tuple[NDArray[np.int64], tuple[bytes, ...]]:
    """Frames of some paintings, and which of `paths` each is of; the seed is the painting's number and the frame's."""
    asked = [(row, first_seed + number) for row in rows for number in range(each)]
    jpegs = tuple(frames.frame(paths[row], strength, row * 1000 + number) for row, number in asked)
    return np.array([row for row, _ in asked]), jpegs


def films(profile: str, seeds: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Rows of the table: which paintings the films are of, strength, shots, true painting first, in the first five."""
    only = [work.path for work in kept_out.twenty()]
    for name, of in (("all 72", ()), ("the 20 kept out", only)):
        for strength in STRENGTHS:
            found = sum(accuracy(seeds, strength=strength, only=of, profile=profile).values(), Found())
            shots = found.painting_shots
            shares = f"{found.first / shots:.3f} ({found.first}/{shots})", f"{found.first_five / shots:.3f}"
            yield profile, name, f"{strength:g}", *shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", action="store_true")
    parser.add_argument("--render", action="store_true", help="make the films and nothing else")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--first-seed", type=int, default=500, help="of single frames; nothing was chosen on 500 on")
    parser.add_argument("--profiles", default="starter,descriptor")
    args = parser.parse_args()
    seeds = [int(seed) for seed in args.seeds.split(",")]
    if args.render:
        for strength in STRENGTHS:
            for only in ((), [work.path for work in kept_out.twenty()]):
                for seed in seeds:
                    print(known_film(seed, strength=strength, only=only).path, flush=True)
        return
    if args.films:
        print("profile | films of | strength | true painting first | in the first five", flush=True)
    else:
        print(
            "profile | frames of | among | strength | frames | first by score | first by V_r | in 5 by score",
            flush=True,
        )
    for profile in args.profiles.split(","):
        for row in films(profile, seeds) if args.films else single_frames(profile, args.first_seed):
            print(" | ".join(row), flush=True)


if __name__ == "__main__":
    main()

"""How long it takes to form triplets of a collection of the paper's size, by Algorithm 1, on one core.

    python -m tests.benchmarks.triplets [--paintings 21300] [--artists 1000]

The paintings are synthetic, as many as the paper has: artists are as unequal as those of WikiArt (the r-th has a share
in proportion to 1 / r), in 27 movements, one artist in five with two at once. Each k stands on both sides. Nothing
random is measured: the seed is the same every time.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from r2r_shared.triplets import thresholds
from r2r_shared.triplets.form import Rule, form
from r2r_shared.triplets.works import SHAPES, Works
from tests.synthetic import World, stack

MOVEMENTS = [f"Movement {number}" for number in range(27)]
AIM_S = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paintings", type=int, default=21_300)
    parser.add_argument("--artists", type=int, default=1000)
    asked = parser.parse_args()
    works = drawn(asked.paintings, asked.artists)
    began = time.perf_counter()
    chosen = thresholds.paper(works, depth_model="noise")
    print(f"  {'thresholds: Table 1, depth fitted':<36} {time.perf_counter() - began:6.1f} s")
    rules = [Rule("naive", thresholds=chosen), *(Rule("constrained", k, k, chosen) for k in range(1, 9))]
    worst = 0.0
    for rule in rules:
        began = time.perf_counter()
        formed = form(works, rule)
        took_s = time.perf_counter() - began
        worst = max(worst, took_s)
        name = "naive" if rule.policy == "naive" else f"constrained, k = {rule.k_pos}"
        print(f"  {name:<36} {took_s:6.1f} s  {len(formed):5,} triplets of {len(works):,} paintings", flush=True)
    print(f"  {'the slowest (under 60 s)':<36} {worst:6.1f} s")
    if worst > AIM_S:
        raise SystemExit(1)


def drawn(n: int, artists: int) -> Works:
    """Synthetic works, those of an artist in one or two movements."""
    world = World(seed=1)
    columns = stack(world.draw(n))
    shares = 1 / np.arange(1, artists + 1)
    artist = world.rng.choice(artists, n, p=shares / shares.sum())
    first = world.rng.integers(0, len(MOVEMENTS), artists)
    second = world.rng.integers(0, 5 * len(MOVEMENTS), artists)  # one in five is a movement's number
    named = [
        MOVEMENTS[a] if b >= len(MOVEMENTS) or a == b else f"{MOVEMENTS[a]},{MOVEMENTS[b]}"
        for a, b in zip(first, second, strict=True)
    ]
    return Works(
        np.arange(1, n + 1),
        [f"Artist {number}" for number in artist],
        [named[number] for number in artist],
        [f"paintings/{number}.jpg" for number in range(1, n + 1)],
        {metric: columns[metric].reshape(n, *shape) for metric, shape in SHAPES.items()},
    )


if __name__ == "__main__":
    main()

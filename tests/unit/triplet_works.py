"""Works made of numbers, and the paper's Algorithm 1 written out, one painting at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from r2r_shared.records import METRICS
from r2r_shared.triplets.form import Rule
from r2r_shared.triplets.works import SHAPES, Works

ARTISTS = ("Monet", "Manet", "Morisot", "Cassatt", "")
MOVEMENTS = ("Impressionism", "Realism", "Impressionism,Realism", "Ukiyo e", "")


def works(artists: Sequence[str], movements: Sequence[str], **metrics: object) -> Works:
    """Works with these values; a metric that is not named is 0 for all."""
    n = len(artists)
    values = {
        metric: np.broadcast_to(np.asarray(metrics.get(metric, 0.0), dtype=np.float64), (n, *shape)).copy()
        for metric, shape in SHAPES.items()
    }
    return Works(np.arange(100, 100 + n), list(artists), list(movements), [f"{i}.jpg" for i in range(n)], values)


def drawn(n: int, seed: int, *, artists: Sequence[str] = ARTISTS, movements: Sequence[str] = MOVEMENTS) -> Works:
    """Works by chance, with about the spread of real ones: every threshold of Table 1 is met by some pairs."""
    rng = np.random.default_rng(seed)
    spread = {
        "dc": 255.0, "avg_dof": 5000.0, "max_dof": 9000.0, "min_dof": 2500.0,
        "saturation": 255.0, "balance": 40.0, "shadow": 255.0, "contrast": 180.0,
    }  # fmt: skip
    return works(
        [artists[i] for i in rng.integers(0, len(artists), n)],
        [movements[i] for i in rng.integers(0, len(movements), n)],
        **{metric: rng.uniform(0, spread[metric], (n, *SHAPES[metric])) for metric in METRICS},
    )


def difference(all_of: Works, metric: str, a: int, b: int) -> float:
    """DESIGN 4.1 by the letter."""
    one, two = all_of.metrics[metric][a], all_of.metrics[metric][b]
    if metric == "dc":
        return sum(math.dist(one[rank], two[rank]) for rank in range(3))
    return math.dist(one, two) if metric == "shadow" else abs(one - two)


def near(all_of: Works, rule: Rule, a: int, b: int) -> int:
    """In how many metrics b is within the maxima."""
    return sum(difference(all_of, metric, a, b) <= rule.thresholds.positive[metric] for metric in METRICS)


def far(all_of: Works, rule: Rule, a: int, b: int) -> int:
    """In how many metrics b is beyond the minima."""
    return sum(difference(all_of, metric, a, b) >= rule.thresholds.negative[metric] for metric in METRICS)


def same(all_of: Works, a: int, b: int) -> bool:
    """The same artist, and a movement in common."""
    return all_of.artists[a] == all_of.artists[b] and bool(_movements(all_of, a) & _movements(all_of, b))


def other(all_of: Works, a: int, b: int) -> bool:
    """Another artist, and no movement in common."""
    return all_of.artists[a] != all_of.artists[b] and not _movements(all_of, a) & _movements(all_of, b)


def _movements(all_of: Works, row: int) -> set[str]:
    return set(filter(None, all_of.movements[row].split(",")))


def algorithm_1(all_of: Works, rule: Rule) -> list[tuple[int, int, int]]:
    """The paper's pseudocode line by line; "by chance" is a shuffle by the rule's seed, one as each is needed."""
    rng = np.random.default_rng(rule.seed)
    naive = rule.policy == "naive"
    available = [row for row in range(len(all_of)) if all_of.artists[row] and _movements(all_of, row)]
    chance = rng.permutation(available).tolist() if available else []
    triplets: list[tuple[int, int, int]] = []
    while len(available) > 3:
        anchor = next(row for row in chance if row in available)
        available.remove(anchor)
        triplet = [anchor]
        candidates = [row for row in available if same(all_of, anchor, row)]
        for candidate in rng.permutation(candidates).tolist() if candidates else []:
            if naive or near(all_of, rule, anchor, candidate) >= rule.k_pos:
                triplet.append(candidate)
                available.remove(candidate)
                break
        else:
            continue  # without a positive there is no use for a negative
        candidates = [row for row in available if other(all_of, anchor, row)]
        for candidate in rng.permutation(candidates).tolist() if candidates else []:
            if naive or far(all_of, rule, anchor, candidate) >= rule.k_neg:
                triplet.append(candidate)
                available.remove(candidate)
                break
        if len(triplet) == 3:
            triplets.append((triplet[0], triplet[1], triplet[2]))
        else:
            available.append(triplet[1])
            available.sort()
    return triplets

"""Forms triplets from stored metrics: the paper's Algorithm 1 (section 3.3), every pair of an anchor at once.

A pool holds all works. An anchor is taken from it by chance, never to return. Of the works of its artist and movement
that are still in the pool, in an order by chance, the first that meets the rule becomes the positive; of the works of
other artists and movements, the first that meets the rule becomes the negative. With both, the three are a triplet and
leave the pool; with one alone, that one goes back. It ends when the pool holds no more than three.

The paper's text and its pseudocode disagree on what meets the rule: all constraints, or the first that is tried. Here
it is "at least k of the 8 metrics", a k for each side (DESIGN 4.3): 8 is the text, 1 the pseudocode. Under the naive
policy any candidate meets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import METRICS
from r2r_shared.triplets.kinship import Kinship
from r2r_shared.triplets.search import Search
from r2r_shared.triplets.thresholds import PAPER, Thresholds
from r2r_shared.triplets.works import Works

Policy = Literal["naive", "constrained"]

SMALLEST_POOL = 3
"""The loop goes on while the pool holds more than these (Algorithm 1, line 5)."""

NO_ARTIST = "the artist is not known"
NO_MOVEMENT = "the movement is not known"
ALONE = "no other work of its artist and movement"
USED = "all others of its artist and movement were taken before"
NO_POSITIVE = "no work of its artist and movement near enough"
NO_OPPOSITE = "no work of another artist and movement left"
NO_NEGATIVE = "no work of another artist and movement far enough"
LEFT = "left in the pool at the end"
REASONS = (NO_ARTIST, NO_MOVEMENT, ALONE, USED, NO_POSITIVE, NO_OPPOSITE, NO_NEGATIVE, LEFT)
"""Why a work is in no triplet."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides which triplets are formed.

    Attributes:
        policy: "naive" looks at artist and movement alone, "constrained" at the metrics, too.
        k_pos, k_neg: so many of the 8 metrics have to hold for the positive and for the negative; 1 to 8.
        seed: of the order in which works are looked at.

    Raises:
        ValueError: an unknown policy, or a k that is no number of metrics.
    """

    policy: Policy = "constrained"
    k_pos: int = 4
    k_neg: int = 3
    thresholds: Thresholds = PAPER
    seed: int = 0

    def __post_init__(self) -> None:
        if self.policy not in ("naive", "constrained"):
            raise ValueError(f"policy {self.policy!r}: naive or constrained")
        for k in (self.k_pos, self.k_neg):
            if not 1 <= k <= len(METRICS):
                raise ValueError(f"k is {k}, not 1 to {len(METRICS)}")

    def to_json(self) -> dict[str, Any]:
        """As `of_json` reads it."""
        return {
            "policy": self.policy,
            "k_pos": self.k_pos,
            "k_neg": self.k_neg,
            "thresholds": self.thresholds.to_json(),
            "seed": self.seed,
        }

    @staticmethod
    def of_json(value: Mapping[str, Any]) -> Rule:
        """What `to_json` wrote.

        Raises:
            KeyError, ValueError: it is something else.
        """
        return Rule(
            cast(Policy, value["policy"]),
            int(value["k_pos"]),
            int(value["k_neg"]),
            Thresholds.of_json(value["thresholds"]),
            int(value["seed"]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Formed:
    """Triplets, and what became of the other works: 3 · len(rows) and `others` add up to the works.

    Attributes:
        rows: (t, 3) row numbers of anchor, positive and negative, in the order they were formed.
        others: how many works are in none, by reason, those of REASONS that occur.
    """

    rows: NDArray[np.int64]
    others: dict[str, int]

    def __len__(self) -> int:
        return len(self.rows)


def form(works: Works, rule: Rule) -> Formed:
    """Triplets of these works by Algorithm 1; the same works and rule give the same triplets."""
    rng = np.random.default_rng(rule.seed)
    kinship = Kinship(works)
    near = Search(works, rule.thresholds.positive, rule.k_pos if rule.policy == "constrained" else 0, nearer=True)
    far = Search(works, rule.thresholds.negative, rule.k_neg if rule.policy == "constrained" else 0, nearer=False)
    pool = kinship.placed.copy()
    others: dict[str, int] = dict.fromkeys(REASONS, 0)
    others[NO_ARTIST] = int(kinship.without_artist.sum())
    others[NO_MOVEMENT] = int((kinship.without_movement & ~kinship.without_artist).sum())
    size = int(pool.sum())
    rows: list[tuple[int, int, int]] = []

    def look(anchor: int) -> tuple[int, int] | str:
        kin = kinship.kin(anchor)
        candidates = kin[pool[kin]]
        if not len(candidates):
            return USED if len(kin) else ALONE
        positive = near.first(anchor, rng.permutation(candidates))
        if positive is None:
            return NO_POSITIVE
        candidates = np.flatnonzero(kinship.opposite(anchor) & pool)
        if not len(candidates):
            return NO_OPPOSITE
        negative = far.first(anchor, rng.permutation(candidates))
        return NO_NEGATIVE if negative is None else (positive, negative)

    # To pop by chance is to go through a shuffled list and pass over what has left the pool meanwhile.
    for anchor in rng.permutation(np.flatnonzero(pool)).tolist():
        if size <= SMALLEST_POOL:
            break
        if not pool[anchor]:
            continue
        pool[anchor] = False
        size -= 1
        found = look(anchor)
        if isinstance(found, str):
            others[found] += 1
        else:
            rows.append((anchor, *found))
            pool[list(found)] = False
            size -= 2
    others[LEFT] = size
    return Formed(
        np.array(rows, dtype=np.int64).reshape(-1, 3),
        {reason: count for reason, count in others.items() if count},
    )

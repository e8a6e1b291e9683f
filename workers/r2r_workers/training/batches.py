"""Which pictures a step sees: drawn anew for each epoch from the seed and the epoch's number alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from r2r_shared.train_spec import TrainSpec
from r2r_workers.training.feed import Feed

WORKS_OF_ONE = 4
"""Works of one artist and movement that come together where triplets are mined in batches."""

Rows = NDArray[np.int64]


def of_epoch(spec: TrainSpec, feed: Feed, epoch: int) -> Iterator[Rows]:
    """The steps of an epoch: rows of the feed; with fixed triplets (b, 3) of them, else (b,).

    Every step has a whole batch (all there is, where that is less); what is left over comes in another epoch.
    """
    rng = np.random.default_rng((spec.seed, epoch))
    items = _items(spec, feed, rng)
    size = min(spec.batch, len(items))
    for start in range(0, len(items) - size + 1, size):
        yield items[start : start + size]


def steps(spec: TrainSpec, feed: Feed) -> int:
    """Steps of one epoch."""
    count = len(feed.triplets) if spec.fixed_triplets else int((~feed.held).sum())
    return max(1, count // spec.batch) if count else 0


def _items(spec: TrainSpec, feed: Feed, rng: np.random.Generator) -> Rows:
    if spec.fixed_triplets:
        return feed.triplets[rng.permutation(len(feed.triplets))]
    rows = rng.permutation(np.flatnonzero(~feed.held))
    return rows if spec.triplet_weight == 0 else _together(rows, feed.labels, rng)


def _together(rows: Rows, labels: NDArray[np.int32], rng: np.random.Generator) -> Rows:
    """Put works of one artist and movement side by side, four at a time; the fours in random order."""
    waiting: dict[tuple[int, int], list[int]] = {}
    groups: list[list[int]] = []
    for row in rows.tolist():
        key = (int(labels[row, 0]), int(labels[row, 1]))
        group = waiting.setdefault(key, [])
        group.append(row)
        if len(group) == WORKS_OF_ONE:
            groups.append(waiting.pop(key))
    groups += waiting.values()
    return np.array([row for number in rng.permutation(len(groups)) for row in groups[number]], np.int64)

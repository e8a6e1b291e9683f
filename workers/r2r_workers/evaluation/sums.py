"""The paper's Figure 8, by its letter: weighted sums of normalised metrics, one number for each picture.

Equation 2 brings every value to 0..1 over the collection: (x − min) / (max − min). Dominant colours and the shadow
pattern are nine values each, and the paper does not say how they become one: here each of the nine is normalised by
its own smallest and largest value, and the nine are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from r2r_shared.score import DEFAULT

Floats = NDArray[np.float64]


def weighted(metrics: Mapping[str, Floats]) -> Floats:
    """(n,) Σ w · normalised metric, 0 to 1, with the weights of the paper's Table 2.

    Args:
        metrics: by name, (n, …): the works that smallest and largest values are taken from.
    """
    weights = DEFAULT.named()
    total = np.zeros(len(metrics["dc"]))
    for metric, values in metrics.items():
        flat = normalised(values.reshape(len(values), -1))
        total += weights[metric] * flat.mean(axis=1)
    return total


def normalised(values: Floats) -> Floats:
    """Equation 2, column by column of (n, c); a column that does not vary is 0."""
    if not len(values):
        return values
    low, high = values.min(axis=0), values.max(axis=0)
    return (values - low) / np.where(high > low, high - low, 1)


def pairs(works: int, count: int, *, seed: int) -> NDArray[np.int64]:
    """(p, 2) different pairs of different works, drawn at random; all of them where there are no more than `count`."""
    every = works * (works - 1) // 2
    drawn = np.random.default_rng([seed, 8]).choice(every, min(count, every), replace=False)
    # The pairs (0,1), (0,2), (1,2), (0,3) … are numbered so: pair n stands in the row whose triangle reaches n.
    second = ((1 + np.sqrt(1 + 8 * drawn.astype(np.float64))) // 2).astype(np.int64)
    first = drawn - second * (second - 1) // 2
    return np.stack([first, second], axis=1)

"""The paper's Figure 8: do pictures that differ in the metrics lie apart in the latent space?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import METRICS
from r2r_workers.evaluation import sums
from r2r_workers.evaluation.correlation import pearson
from r2r_workers.evaluation.likeness import Measured, affinity

PAIRS = (100, 1000)
"""The paper's number; and ten times that, because r over 100 pairs is uncertain by ± .2."""

_DIGITS = 4  # of the points that are drawn


def correlate(
    measured: Measured, totals: NDArray[np.float64], ranges: Mapping[str, float], *, seed: int
) -> list[dict[str, Any]]:
    """Pearson's r of random pairs of works between a difference in the metrics and the latent distance.

    of "sums": |difference of the two weighted sums of normalised metrics|, as in the paper.
    of "affinity": 1 − S_a, the weighted sum of the metrics' differences: what the score goes by, and not the paper's
    figure. Two works of the same sum can differ in every metric; those have an S_a below 1.

    Args:
        totals: (n,) each work's weighted sum.
    """
    found: list[dict[str, Any]] = []
    for count in PAIRS:
        first, second = sums.pairs(len(measured), count, seed=seed).T
        a, b = measured.take(first), measured.take(second)
        latent = sums.normalised(
            np.linalg.norm(a.embeddings.astype(np.float64) - b.embeddings, axis=1).reshape(-1, 1)
        ).ravel()
        semantic = 1 - affinity({m: (a.metrics[m], b.metrics[m]) for m in METRICS}, ranges)
        for of, difference in (("sums", np.abs(totals[first] - totals[second])), ("affinity", semantic)):
            result = pearson(difference, latent)
            found.append(
                {
                    "of": of,
                    "pairs": len(first),
                    "result": None if result is None else asdict(result),
                    "points": np.round(np.stack([difference, latent], axis=1), _DIGITS).tolist(),
                }
            )
    return found

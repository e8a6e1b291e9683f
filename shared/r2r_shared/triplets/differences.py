"""How far apart two paintings are in each metric (paper 3.1; DESIGN 4.1), many pairs at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import METRICS
from r2r_shared.triplets.works import Works

DEPTH = ("avg_dof", "max_dof", "min_dof")
"""The metrics in the depth estimator's own unit."""


def difference(metric: str, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """The difference of values, in the metric's unit; `a` and `b` broadcast.

    Dominant colours: the sum of three Euclidean distances, rank by rank. Shadow pattern: the Euclidean distance. The
    six others: the absolute difference.

    Args:
        a, b: (…, 3, 3) for the dominant colours, (…, 9) for the shadow pattern, (…) for the others.
    """
    away = a - b
    if metric == "dc":
        return np.sqrt(np.einsum("...ij,...ij->...i", away, away)).sum(axis=-1)
    if metric == "shadow":
        return np.sqrt(np.einsum("...i,...i->...", away, away))
    return np.abs(away)


def of_pairs(works: Works, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    """(p, 8): the differences of p pairs of rows, in METRICS order."""
    columns = ((works.metrics[metric][a], works.metrics[metric][b]) for metric in METRICS)
    return np.stack([difference(metric, *pair) for metric, pair in zip(METRICS, columns, strict=True)], axis=1)

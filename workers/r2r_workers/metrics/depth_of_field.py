"""Depth of field (AvgDoF, MaxDoF, MinDoF): three numbers of a depth map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class DepthOfField(NamedTuple):
    """Mean, largest and smallest value of a depth map, in its estimator's raw units."""

    avg: float
    max: float
    min: float


def depth_of_field(depth: NDArray[np.float32]) -> DepthOfField:
    """Mean, maximum and minimum of a depth map. Paper 3.1 and its Figure 4.

    Not normalised: the units are those of the estimator that made the map (for MiDaS, relative
    inverse depth, larger is nearer), so numbers of two estimators are never compared.

    Args:
        depth: (h, w), raw model units.

    Raises:
        ValueError: the map is empty or holds a value that is not finite.
    """
    if depth.size == 0 or not np.isfinite(depth).all():
        raise ValueError(f"a depth map of shape {depth.shape} is empty or not finite")
    return DepthOfField(float(depth.mean(dtype=np.float64)), float(depth.max()), float(depth.min()))

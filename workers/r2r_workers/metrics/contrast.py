"""Contrast (Co): the spread of light and dark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def contrast(luma: NDArray[np.uint8]) -> float:
    """95th minus 5th percentile of luminance, 0 to 255.

    Paper 3.1, metric Co. Percentiles, not extremes, so that a speck of light says nothing;
    linear interpolation between ranks (Hyndman and Fan's type 7, NumPy's default).

    Args:
        luma: (h, w), the active picture, 0 to 255.
    """
    # A percentile of 8-bit values is read from their cumulative histogram: no sort of 150,000 pixels.
    rank_below = np.cumsum(np.bincount(luma.ravel(), minlength=256))

    def percentile(share: float) -> float:
        position = share * (luma.size - 1)
        low = int(position)
        high = min(low + 1, luma.size - 1)
        a, b = np.searchsorted(rank_below, [low, high], side="right")
        return float(a + (b - a) * (position - low))

    return percentile(0.95) - percentile(0.05)

"""Shadow pattern (SP): how much of a picture is dark, and where."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHADOW_LUMA = 64
"""Luminance below which a pixel lies in shadow: the lowest quarter of the range."""


def shadow_pattern(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Share of pixels in shadow, × 255, in each cell of a 3 × 3 grid.

    Paper 3.1, metric SP ("relative darkness and positional aspects of shadows"). Two pictures
    differ by the Euclidean distance of these vectors, 0 to 765.

    Args:
        luma: (h, w), the active picture, 0 to 255.

    Returns:
        (9,) row by row from the upper left, each 0 (no shadow) to 255 (all shadow). Cell borders lie
        at ⌊i·h/3⌋ and ⌊j·w/3⌋; where a side is under three pixels long, cells share pixels.
    """
    dark = luma < SHADOW_LUMA
    rows, columns = (_thirds(length) for length in luma.shape)
    return np.array([255.0 * float(dark[y, x].mean()) for y in rows for x in columns])


def _thirds(length: int) -> list[slice]:
    starts = [min(i * length // 3, length - 1) for i in range(3)]
    return [slice(start, max(start + 1, (i + 1) * length // 3)) for i, start in enumerate(starts)]

"""Saturation (Sa): how vivid or muted the colours are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def saturation(rgb: NDArray[np.uint8]) -> float:
    """Mean HSV saturation, 0 (greys) to 255 (pure hues).

    Paper 3.1, metric Sa. Per pixel S = 255 · (max − min) / max over R, G, B; black has S = 0.

    Args:
        rgb: (h, w, 3), the active picture, 0 to 255.
    """
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    high = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    # Pixels are counted by (max, max − min) first: 65,536 divisions at most, and the sum's order is fixed.
    counts = np.bincount((high.astype(np.intp) << 8 | (high - low)).ravel(), minlength=1 << 16)
    codes = np.flatnonzero(counts)
    top, chroma = codes >> 8, codes & 255
    return float(np.sum(counts[codes] * (255.0 * chroma / np.maximum(top, 1))) / high.size)

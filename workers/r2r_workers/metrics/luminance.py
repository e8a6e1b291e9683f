"""Luminance: the one definition that every metric shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def luma(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """ITU-R BT.601 luma, Y' = 0.299 R' + 0.587 G' + 0.114 B', of gamma-encoded values.

    In 16-bit fixed point, rounded, so that it is exact everywhere (it is also Pillow's mode "L").

    Args:
        rgb: (h, w, 3), 0 to 255.

    Returns:
        (h, w), 0 to 255.
    """
    wide = rgb.astype(np.uint32)
    return ((19595 * wide[..., 0] + 38470 * wide[..., 1] + 7471 * wide[..., 2] + 32768) >> 16).astype(np.uint8)

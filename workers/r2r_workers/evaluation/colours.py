"""A colour scale for maps: from dark violet through green to yellow, evenly spaced to the eye and in grey."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

VIRIDIS = (
    (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141),
    (39, 173, 129), (92, 200, 99), (170, 220, 50), (253, 231, 37),
)  # fmt: skip
"""Nine stations of viridis (Smith and van der Walt 2015, CC0), RGB at 0, 1/8, … 1; between them linear."""


def coloured(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(…) shares, 0 to 1, to (…, 3) RGB."""
    stations = np.linspace(0, 1, len(VIRIDIS))
    channels = [np.interp(share, stations, [colour[channel] for colour in VIRIDIS]) for channel in range(3)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)

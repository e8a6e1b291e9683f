"""What is measured on every frame: all that boundaries, blanks, bars and keyframes are decided from.

Each value depends on one frame, or on it and the two either side of it, and sums are of integers, hence exact:
the same frame gives the same numbers wherever reading began and however frames were grouped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from r2r_workers.media.reader import Picture

SMALL_LONG_SIDE_PX = 256
THUMB_WIDTH, THUMB_HEIGHT = 32, 18
THUMB_VALUES = THUMB_WIDTH * THUMB_HEIGHT * 3


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """One frame's numbers.

    Attributes:
        thumb: (1728,) an 18 × 32 RGB thumbnail of the active picture, area-averaged.
        mean: mean of all three channels, 0..255.
        peak: the brightest luminance of the small picture, 0..255.
        sharpness: variance of the Laplacian of luminance.
        rows, columns: (h,), (w,) the brightest luminance of each row and column of the small picture.
    """

    thumb: NDArray[np.uint8]
    mean: float
    peak: int
    sharpness: float
    rows: NDArray[np.uint8]
    columns: NDArray[np.uint8]


def shrink(picture: Picture) -> Picture:
    """The picture at detection size, long side at most 256 px; area-averaged, so grain goes first."""
    import cv2

    height, width = picture.shape[:2]
    scale = min(1.0, SMALL_LONG_SIDE_PX / max(width, height))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)  # pyright: ignore[reportReturnType]


def measure(small: Picture) -> Signals:
    """Measure one small picture (h, w, 3)."""
    import cv2

    thumb = cv2.resize(small, (THUMB_WIDTH, THUMB_HEIGHT), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    edges = cv2.Laplacian(grey, cv2.CV_16S)
    rows = cv2.reduce(grey, 1, cv2.REDUCE_MAX).ravel()
    return Signals(
        thumb=thumb.ravel(),  # pyright: ignore[reportArgumentType]
        mean=int(thumb.sum(dtype=np.int64)) / thumb.size,
        peak=int(rows.max()),
        # Sums of whole numbers below 2^53, so exact; meanStdDev takes three times as long.
        sharpness=cv2.norm(edges, cv2.NORM_L2SQR) / edges.size - (cv2.sumElems(edges)[0] / edges.size) ** 2,
        rows=rows,  # pyright: ignore[reportArgumentType]
        columns=cv2.reduce(grey, 0, cv2.REDUCE_MAX).ravel(),  # pyright: ignore[reportArgumentType]
    )

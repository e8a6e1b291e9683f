"""Dissolves: frames that are, one after another, mixtures of the frame before them and the frame after them.

For a window from frame a to frame b, d = x_b − x_a. Under a dissolve every frame between is x_t = x_a + α_t·d with
α rising evenly from 0 to 1, so what is left of x_t after the projection on d is small:

    α_t = ⟨x_t − x_a, d⟩ / ‖d‖²        R = mean_t ‖x_t − x_a − α_t·d‖² / ‖d‖²

A moving camera gives such windows too, but only while its two ends look alike; the more the ends differ
(correlation ρ), the less a picture between them is their mixture. Hence the limit on R falls with ρ. All inner
products are of 8-bit values, so they are exact in float64 and no grouping of frames can change them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from r2r_workers.media.signals import THUMB_VALUES

MIN_CHANGE = 200.0  # mean squared difference of the ends: 14 grey levels
MIN_MEAN, MAX_MEAN = 10.0, 243.0  # an end beyond is black or white: that is a fade
MIN_RATIO = 0.15  # of the ends' means; so is one where either end is far darker than the other
MIN_CHANGED = 0.5  # of the thumbnail's cells, by 12 levels or more; fewer is a title laid over a picture
MAX_UNEVEN = 0.10
MAX_LIKENESS = 0.78


@dataclass(frozen=True, slots=True)
class Dissolve:
    """Frames start..end−1 are mixtures; `end` is the first that is all new. `score` grows with change and fit."""

    start: int
    end: int
    score: float


class DissolveFinder:
    """Fed with blocks of thumbnails, gives every window that fits, overlapping ones included."""

    def __init__(self, windows: tuple[int, ...]) -> None:
        self._windows = windows
        self._thumbs = np.empty((0, THUMB_VALUES), np.float64)
        self._first = 0

    def feed(self, first: int, thumbs: NDArray[np.uint8]) -> list[Dissolve]:
        """Windows that end within this block.

        Args:
            first: position of the block's first frame; blocks follow one another without a gap.
            thumbs: (n, 1728)
        """
        known = len(self._thumbs)
        if known == 0:
            self._first = first
        x = np.concatenate([self._thumbs, thumbs.astype(np.float64)])
        found = self._fit(x, known)
        keep = min(len(x), self._windows[-1])
        self._first += len(x) - keep
        self._thumbs = x[len(x) - keep :]
        return found

    def _fit(self, x: NDArray[np.float64], known: int) -> list[Dissolve]:
        gram = x @ x.T  # exact: integers below 2^53
        norm = np.diagonal(gram)
        total = x.sum(axis=1)
        spread = np.sqrt(np.maximum(norm - total**2 / THUMB_VALUES, 0.0) / THUMB_VALUES)
        usable = (total >= MIN_MEAN * THUMB_VALUES) & (total <= MAX_MEAN * THUMB_VALUES)
        found: list[Dissolve] = []
        for length in self._windows:
            b = np.arange(max(known, length), len(x))
            b = b[usable[b] & usable[b - length]]
            b = b[np.minimum(total[b], total[b - length]) >= MIN_RATIO * np.maximum(total[b], total[b - length])]
            a = b - length
            change = norm[a] + norm[b] - 2 * gram[a, b]
            product = gram[a, b] - total[a] * total[b] / THUMB_VALUES
            likeness = product / np.maximum(spread[a] * spread[b] * THUMB_VALUES, 1.0)  # 0 where an end is flat
            worth = (change >= MIN_CHANGE * THUMB_VALUES) & (likeness <= MAX_LIKENESS)
            a, b, change, likeness = a[worth], b[worth], change[worth], likeness[worth]
            left_over = np.zeros(len(a))
            uneven = np.zeros(len(a))
            for k in range(1, length):
                t = a + k
                along = (gram[t, b] - gram[t, a] - gram[a, b] + norm[a]) / change
                left_over += norm[t] + norm[a] - 2 * gram[t, a] - along**2 * change
                uneven = np.maximum(uneven, np.abs(along - k / length))
            residual = left_over / (length - 1) / change
            limit = np.minimum(0.05, 0.07 * (1 - likeness))
            fits = (residual <= limit) & (uneven <= MAX_UNEVEN)
            for i in np.flatnonzero(fits).tolist():
                cells = np.abs(x[b[i]] - x[a[i]]).reshape(-1, 3).max(axis=1)
                if float((cells >= 12).mean()) < MIN_CHANGED:
                    continue
                fit = (1 - uneven[i] / (2 * MAX_UNEVEN)) * (1 - residual[i] / (2 * limit[i]))
                start = self._first + int(a[i]) + 1
                found.append(Dissolve(start, start + length - 1, float(change[i] * fit)))
        return found


def strongest(candidates: list[Dissolve], reach: int) -> list[Dissolve]:
    """Those that no better one begins near: within `reach` frames (ties: the earlier, then the shorter)."""

    def order(c: Dissolve) -> tuple[float, int, int]:
        return (-c.score, c.start, c.end)

    return [c for c in candidates if all(order(c) <= order(o) for o in candidates if abs(o.start - c.start) <= reach)]

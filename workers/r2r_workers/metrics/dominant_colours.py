"""Dominant colours (DC): the three that a picture is mostly made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COLOURS = 3
ITERATIONS = 24
_CELL_BITS = 3  # a histogram cell spans 8 levels of each channel


def dominant_colours(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Three k-means colours, by falling share of the picture.

    Paper 3.1, metric DC. Lloyd's algorithm in RGB on the cells of a 32 × 32 × 32 histogram, each
    weighing its pixel count and standing at its pixels' mean colour, so that the cost does not
    depend on the picture's size. Nothing is random: the first seed is the heaviest cell, each next
    one the cell of largest count · squared distance to the seeds so far (k-means++ with its likeliest
    choice in place of a draw). Two pictures differ by the sum of the three Euclidean
    distances, rank by rank, 0 to 1325.

    Args:
        rgb: (h, w, 3), the active picture, 0 to 255.

    Returns:
        (9,) R, G, B of the largest cluster, then of the second and third; 0 to 255. Equal shares
        go darkest first (then by R, G, B). A picture with fewer than three colours (closer than a
        histogram cell counts as one) repeats its last.
    """
    colours, counts = _histogram(rgb)
    centres = _seeds(colours, counts)
    owner = _nearest(colours, centres)
    for _ in range(ITERATIONS):
        weight = np.bincount(owner, counts, minlength=len(centres))
        sums = np.stack([np.bincount(owner, counts * c, minlength=len(centres)) for c in colours.T], axis=1)
        centres = (sums / np.maximum(weight, 1)[:, None])[weight > 0]
        previous, owner = owner, _nearest(colours, centres)
        if np.array_equal(previous, owner):
            break
    share = np.bincount(owner, counts, minlength=len(centres))
    red, green, blue = centres.T
    ranked = centres[np.lexsort((blue, green, red, centres.sum(axis=1), -share))]
    return np.concatenate([ranked, np.repeat(ranked[-1:], COLOURS - len(ranked), axis=0)]).ravel()


def _histogram(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Occupied cells: mean colours (n, 3) and pixel counts (n,)."""
    planes = [rgb[..., c].ravel().astype(np.intp) for c in range(3)]
    red, green, blue = (plane >> _CELL_BITS for plane in planes)
    side = 8 - _CELL_BITS
    code = (red << 2 * side) | (green << side) | blue
    counts = np.bincount(code)
    occupied = np.flatnonzero(counts)
    # Sums of whole numbers below 2^53: exact, whatever the order of addition.
    sums = np.stack([np.bincount(code, plane)[occupied] for plane in planes], axis=1)
    weights = counts[occupied].astype(np.float64)
    return sums / weights[:, None], weights


def _seeds(colours: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Up to three starting centres (k, 3); fewer where there are fewer colours."""
    chosen = [int(np.argmax(counts))]
    while len(chosen) < COLOURS:
        spread = counts * _squared_distances(colours, colours[chosen]).min(axis=1)
        best = int(np.argmax(spread))
        if spread[best] == 0:
            break
        chosen.append(best)
    return colours[chosen]


def _nearest(colours: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.argmin(_squared_distances(colours, centres), axis=1)


def _squared_distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(len(a), len(b)), term by term: no BLAS, whose sums differ from machine to machine."""
    return sum((a[:, None, c] - b[None, :, c]) ** 2 for c in range(3))  # type: ignore[return-value]

"""CSLS: similarity corrected for how dense it is around both pictures (Conneau et al. 2018, Word Translation Without
Parallel Data, section 2.3). A hub is near to everything; measured against its own neighbourhood it is near to little.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

K = 10
"""Neighbours that a neighbourhood is measured by, as in the paper."""


def corrected(similarity: NDArray[np.float32], k: int = K) -> NDArray[np.float32]:
    """(n, n) 2·s(x, y) − r(x) − r(y), where r is a work's mean similarity to its k nearest others.

    One set of works is both sides here. The diagonal, each work with itself, is no neighbour; what stands in its
    place means nothing.
    """
    local = density(similarity, k)
    return (2 * similarity - local[:, None] - local[None, :]).astype(np.float32)


def density(similarity: NDArray[np.float32], k: int = K) -> NDArray[np.float64]:
    """(n,) mean similarity of each work to its k most similar others; to all others where there are fewer."""
    n = len(similarity)
    k = min(k, n - 1)
    out = np.zeros(n)
    for row in range(n if k > 0 else 0):
        others = np.delete(similarity[row], row)
        out[row] = np.partition(others, len(others) - k)[len(others) - k :].astype(np.float64).mean()
    return out

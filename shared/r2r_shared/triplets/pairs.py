"""Pairs of a collection's works: all of them, or as many by chance as a quantile needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import UserError
from r2r_shared.triplets.kinship import Kinship

PAIRS = 100_000
"""So many pairs at most are looked at: a quantile of them is within half a per cent of that of all, 999 times in
1000 (the binomial's spread at the median is 0.16 %)."""

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def positive(kinship: Kinship, rng: np.random.Generator, *, at_most: int = PAIRS) -> Pairs:
    """(p,), (p,) rows of pairs of the same artist and movement; every such pair once where there are few enough.

    Raises:
        UserError: there is none.
    """
    groups = [group for group in kinship.by_artist() if len(group) > 1]
    sizes = np.array([len(group) for group in groups], dtype=np.int64)
    total = int((sizes * (sizes - 1) // 2).sum())
    if total <= at_most:
        every = [_every(len(group)) for group in groups]
        a = _joined([group[i] for group, (i, _) in zip(groups, every, strict=True)])
        b = _joined([group[j] for group, (_, j) in zip(groups, every, strict=True)])
    else:
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        drawn = rng.choice(len(groups), at_most, p=sizes * (sizes - 1) / float((sizes * (sizes - 1)).sum()))
        i, j = _two_of(sizes[drawn], rng)
        rows = _joined(groups)
        a, b = rows[starts[drawn] + i], rows[starts[drawn] + j]
    kept = kinship.same(a, b)
    if not kept.any():
        raise UserError(
            "no two paintings are of the same artist and movement",
            "triplets need artists and movements: `r2r paintings list` counts them",
        )
    return a[kept], b[kept]


def negative(kinship: Kinship, rng: np.random.Generator, *, at_most: int = PAIRS) -> Pairs:
    """(p,), (p,) rows of pairs of different artists and movements, as `positive` gives them.

    Raises:
        UserError: there is none.
    """
    rows = np.flatnonzero(kinship.placed)
    n = len(rows)
    if n * (n - 1) // 2 <= at_most:
        i, j = _every(n)
    else:
        i, j = _two_of(np.full(at_most, n), rng)
    a, b = rows[i], rows[j]
    kept = kinship.other(a, b)
    if not kept.any():
        raise UserError(
            "no two paintings are of different artists and movements",
            "triplets need artists and movements: `r2r paintings list` counts them",
        )
    return a[kept], b[kept]


def _every(n: int) -> Pairs:
    i, j = np.triu_indices(n, k=1)
    return i.astype(np.int64), j.astype(np.int64)


def _two_of(sizes: NDArray[np.int64], rng: np.random.Generator) -> Pairs:
    """Two different numbers below each size, every pair as likely as the others."""
    i = rng.integers(0, sizes)
    j = rng.integers(0, sizes - 1)
    return i, j + (j >= i)


def _joined(groups: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(0, dtype=np.int64), *groups])

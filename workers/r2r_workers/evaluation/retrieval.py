"""Ranked lists against what is relevant: mean average precision, recall, and what chance would give.

Every work asks once, all other works answer, best first. Relevant are those that share its label (its artist, one of
its movements); a query without any is left out.

    AP@k     = 1 / min(k, R) · Σ_{i ≤ k} [i is relevant] · (relevant among the first i) / i       R: relevant in all
    recall@k = 1 where one of the first k is relevant, else 0

both averaged over the queries. So AP@1 = recall@1: the share of queries whose first answer is right. AP@k is 1 where
the first min(k, R) answers are all relevant, however many more there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Averages over queries, by k.

    Attributes:
        queries: how many had something to find.
        map: mean AP@k.   recall: of one relevant answer or more.
        chance_map, chance_recall: the same, expected of a random order.
    """

    queries: int
    map: dict[int, float]
    recall: dict[int, float]
    chance_map: dict[int, float]
    chance_recall: dict[int, float]


def nearest(similarity: NDArray[np.float32], k: int) -> Ints:
    """(n, k) columns of the k largest values in each row, best first; ties by column.

    Args:
        similarity: (n, n). Its diagonal, each work with itself, is not looked at.
        k: at most n − 1 are there.
    """
    n = len(similarity)
    k = min(k, n - 1)
    out = np.empty((n, max(k, 0)), np.int64)
    for row in range(n):
        value = similarity[row].copy()
        value[row] = -np.inf
        # Those above the k-th value are sorted; of those that equal it, the first by column fill what is left.
        if k > 0:
            edge = np.partition(value, n - k)[n - k]
            above = np.flatnonzero(value > edge)
            level = np.flatnonzero(value == edge)[: k - len(above)]
            out[row] = np.concatenate([above[np.argsort(-value[above], kind="stable")], level])
    return out


def by_labels(
    neighbours: Ints, labels: Sequence[frozenset[str]], *, ks: Sequence[int], recalls: Sequence[int]
) -> Retrieved:
    """mAP@k and recall@k of works that are relevant to one another where they share a label.

    Args:
        neighbours: (n, at least the largest k, or n − 1) from `nearest`.
        labels: (n) of each work: its artist, its movements. A work without any is relevant to nobody.
    """
    kinds: dict[frozenset[str], int] = {}
    kind = np.array([kinds.setdefault(label, len(kinds)) for label in labels], np.int64)
    share = np.array([[not a.isdisjoint(b) for b in kinds] for a in kinds], bool).reshape(len(kinds), len(kinds))
    sizes = np.bincount(kind, minlength=len(kinds))
    own = share.diagonal().astype(np.int64)  # a work shares its labels with itself, where it has any
    relevant = (share @ sizes - own)[kind]
    queries = np.flatnonzero(relevant > 0)
    hits = share[kind[queries][:, None], kind[neighbours[queries]]].astype(np.float64)  # (q, k)
    counts, others = relevant[queries], len(kind) - 1
    return Retrieved(
        queries=len(queries),
        map={k: _mean(average_precision(hits, counts, k)) for k in ks},
        recall={k: _mean(np.any(hits[:, :k], axis=1)) for k in recalls},
        chance_map={k: _mean(_each(counts, others, k, chance_average_precision)) for k in ks},
        chance_recall={k: _mean(_each(counts, others, k, chance_recall)) for k in recalls},
    )


def average_precision(hits: Floats, relevant: Ints, k: int) -> Floats:
    """(q,) AP@k from (q, at least k or all) hits, 1.0 or 0.0, best answer first, and (q,) numbers of relevant works."""
    first = hits[:, :k]
    precision = np.cumsum(first, axis=1) / np.arange(1, first.shape[1] + 1)
    return np.asarray((first * precision).sum(axis=1) / np.minimum(k, relevant), np.float64)


def chance_average_precision(relevant: int, others: int, k: int) -> float:
    """AP@k expected of a random order of `others` works, of which `relevant` are: exact.

    A place i holds a relevant work with probability R/N, and then (i − 1)·(R − 1)/(N − 1) of those before it are, too.
    """
    k_there = min(k, others)
    after = (relevant - 1) / (others - 1) if others > 1 else 0.0
    total = sum((1 + (i - 1) * after) / i for i in range(1, k_there + 1))
    return relevant / others * total / min(k, relevant)


def chance_recall(relevant: int, others: int, k: int) -> float:
    """Probability of one relevant work or more among the first k of a random order: 1 − C(N − R, k) / C(N, k)."""
    k = min(k, others)
    if relevant + k > others:
        return 1.0
    missed = (
        math.lgamma(others - relevant + 1)
        + math.lgamma(others - k + 1)
        - math.lgamma(others - relevant - k + 1)
        - math.lgamma(others + 1)
    )
    return 1 - math.exp(missed)


def ranks(similarity: NDArray[np.float32], truth: Ints) -> Ints:
    """(q,) rank of each query's true answer, from 1; whatever is as good as the truth counts as before it.

    Args:
        similarity: (q, n).   truth: (q,) columns.
    """
    own = similarity[np.arange(len(truth)), truth]
    return np.count_nonzero(similarity >= own[:, None], axis=1).astype(np.int64)


def _each(counts: Ints, others: int, k: int, chance: Callable[[int, int, int], float]) -> Floats:
    """(q,) `chance` of each count, worked out once for each value."""
    values, back = np.unique(counts, return_inverse=True)
    return np.array([chance(int(value), others, k) for value in values], np.float64)[back]


def _mean(values: Floats | NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else 0.0

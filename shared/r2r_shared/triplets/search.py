"""The first of many candidates that is near enough to an anchor, or far enough, in enough of the metrics."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import METRICS
from r2r_shared.triplets.differences import difference
from r2r_shared.triplets.works import Works

FIRST_BLOCK, GROWTH = 64, 4
"""So many candidates are compared at once at first, and so many times as many each time after."""

_SCALARS_FIRST = sorted(METRICS, key=lambda metric: metric in ("dc", "shadow"))  # cheap ones thin the candidates out


class Search:
    """Looks for partners of anchors: at least k of the 8 metrics have to hold for the pair.

    Args:
        limits: by metric, in its unit.
        k: 0 to 8; with 0 anyone will do.
        nearer: a metric holds where the difference is at most its limit; else, where it is at least that.
    """

    def __init__(self, works: Works, limits: Mapping[str, float], k: int, *, nearer: bool) -> None:
        self._values, self._limits, self._k, self._nearer = works.metrics, limits, k, nearer

    def first(self, anchor: int, candidates: NDArray[np.int64]) -> int | None:
        """The first of the candidates, which are rows, that will do; None where none does."""
        if self._k == 0:
            return int(candidates[0])
        start, length = 0, FIRST_BLOCK  # most searches end in the first
        while start < len(candidates):
            met = self._meeting(anchor, candidates[start : start + length])
            if len(met):
                return int(met[0])
            start, length = start + length, length * GROWTH
        return None

    def _meeting(self, anchor: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the rows that meet the rule, in their order; whoever can no longer reach k is not looked at on."""
        held = np.zeros(len(rows), dtype=np.int64)
        for number, metric in enumerate(_SCALARS_FIRST, 1):
            values = self._values[metric]
            away = difference(metric, values[anchor], values[rows])
            held += (away <= self._limits[metric]) if self._nearer else (away >= self._limits[metric])
            needed = self._k - (len(METRICS) - number)
            if needed > 0:
                reach = held >= needed
                rows, held = rows[reach], held[reach]
                if not len(rows):
                    break
        return rows

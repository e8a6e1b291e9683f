"""A confusion matrix of two classes, and how sure a share of right answers is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of answers: which class it was, then which was said.

    Attributes:
        first_first, second_second: right answers.
        first_second: it was the first, and the second was said; second_first: the other way round.
    """

    first_first: int
    first_second: int
    second_first: int
    second_second: int

    @staticmethod
    def of(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> Confusion:
        """From (n,) truths and answers; True is the first class."""
        return Confusion(
            int(np.count_nonzero(truth & said)),
            int(np.count_nonzero(truth & ~said)),
            int(np.count_nonzero(~truth & said)),
            int(np.count_nonzero(~truth & ~said)),
        )

    @property
    def total(self) -> int:
        return self.first_first + self.first_second + self.second_first + self.second_second

    @property
    def right(self) -> int:
        return self.first_first + self.second_second

    @property
    def accuracy(self) -> float | None:
        """Share of right answers; None of none."""
        return self.right / self.total if self.total else None

    def rows(self) -> list[list[int]]:
        """[[first said first, first said second], [second said first, second said second]]."""
        return [[self.first_first, self.first_second], [self.second_first, self.second_second]]


def wilson(right: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of a share (Wilson 1927): it never leaves 0 to 1, and holds near both ends."""
    if total == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = right / total
    middle = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)

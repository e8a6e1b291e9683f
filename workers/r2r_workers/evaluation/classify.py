"""The paper's test (4.4): of two pictures, which one belongs to the anchor?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """Triplets shown as a choice of two, and what was chosen.

    Attributes:
        first: (t,) bool, whether the positive was shown first.
        said_first: (t,) bool, whether the first one was chosen.
        ties: of equal distance: the first one is chosen, which is right in half of them.
    """

    first: NDArray[np.bool_]
    said_first: NDArray[np.bool_]
    ties: int


def choose(positive: Floats, negative: Floats, *, seed: int) -> Answers:
    """Show each triplet's positive and negative in a drawn order, and choose the one that is nearer to the anchor.

    The positive stands first in exactly half of the triplets (one more of an odd number), so that a model that always
    says "first" is right in half of them.

    Args:
        positive, negative: (t,) distances from the anchor.
        seed: of the order.
    """
    count = len(positive)
    first = np.zeros(count, bool)
    first[np.random.default_rng([seed, 1]).permutation(count)[: (count + 1) // 2]] = True
    nearer = positive <= negative  # at a tie the order alone decides
    said_first = np.where(positive == negative, True, nearer == first)
    return Answers(first, said_first, int(np.count_nonzero(positive == negative)))

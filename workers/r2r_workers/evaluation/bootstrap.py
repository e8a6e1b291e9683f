"""How sure a mean is: the percentile bootstrap (Efron 1979)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000


def interval(
    values: NDArray[np.float64], *, seed: int, level: float = 0.95, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Confidence interval of the mean of (n,) values: of `resamples` means of n values drawn with replacement.

    Where all values are equal its two ends are, too: the bootstrap knows nothing of what it has not seen.
    """
    if len(values) == 0:
        return 0.0, 1.0
    rng = np.random.default_rng([seed, 2])
    means = values[rng.integers(0, len(values), (resamples, len(values)))].mean(axis=1)  # some MB for 2,000 frames
    low, high = np.quantile(means, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)

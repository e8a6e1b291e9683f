"""Balance (Ba): how evenly light lies to the left and to the right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def balance(luma: NDArray[np.uint8]) -> float:
    """Left-right balance: |mean luminance of the left half − of the right half|, 0 to 255.

    Paper 3.1, metric Ba. 0 is a symmetric distribution of light.

    Args:
        luma: (h, w), the active picture, 0 to 255. An odd middle column belongs to neither half;
            a picture one column wide is balanced.
    """
    half = luma.shape[1] // 2
    if half == 0:
        return 0.0
    columns = luma.sum(axis=0, dtype=np.int64)
    difference = int(columns[:half].sum()) - int(columns[-half:].sum())
    return abs(difference) / (half * luma.shape[0])

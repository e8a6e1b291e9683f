"""The learning rate: up in a straight line, then down as half a cosine."""

from __future__ import annotations

import math

WARM = 0.05
"""Share of all steps in which it rises."""


def rate_at(step: int, steps: int, highest: float) -> float:
    """The rate of step 0, 1, … of `steps`. It ends at a thousandth of the highest."""
    rising = max(1, round(WARM * steps))
    if step < rising:
        return highest * (step + 1) / rising
    through = (step - rising) / max(1, steps - rising)
    return highest * (0.001 + 0.999 * 0.5 * (1 + math.cos(math.pi * through)))

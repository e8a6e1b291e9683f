"""Seeds of the faults: the same every time, or others by R2R_FAULT_SEED=100 (a number that they begin at)."""

from __future__ import annotations

import os


def seeds(count: int) -> list[int]:
    """Consecutive seeds; a test that is parametrised by one says it in its name."""
    first = int(os.environ.get("R2R_FAULT_SEED", "1"))
    return list(range(first, first + count))

"""The eight metrics of the paper's section 3.1, one module each. Arrays in, numbers out.

All are computed on the active picture, long side at most 512 px, 8-bit RGB, with NumPy's
integer and float64 arithmetic alone: the same pixels give the same numbers on every machine.
"""

from __future__ import annotations

from r2r_workers.metrics.balance import balance
from r2r_workers.metrics.contrast import contrast
from r2r_workers.metrics.depth_of_field import DepthOfField, depth_of_field
from r2r_workers.metrics.dominant_colours import dominant_colours
from r2r_workers.metrics.luminance import luma
from r2r_workers.metrics.saturation import saturation
from r2r_workers.metrics.shadow_pattern import shadow_pattern

METRICS_VERSION = 1
"""Raised whenever a definition changes: numbers of different versions are never compared."""

__all__ = [
    "METRICS_VERSION",
    "DepthOfField",
    "balance",
    "contrast",
    "depth_of_field",
    "dominant_colours",
    "luma",
    "saturation",
    "shadow_pattern",
]

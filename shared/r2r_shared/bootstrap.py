"""Intervals by resampling: how far a ratio would move had other shots, or other films, been looked at.

The percentile bootstrap (Efron and Tibshirani 1993, chapter 13): units are drawn by lot, with replacement, as many as
there are; a thousand times; of the thousand ratios the middle 95 % are the interval. It takes units for independent.
Shots of one scene are not: an interval over shots is rather too narrow than too wide.

What no unit has, no resample has either: all thousand ratios are 0, though by chance alone ten shots in four films of
ten miss a movement of a twelfth of the collection. There the upper end is the exact binomial one (Clopper and Pearson
1934): the share of which so many units have nothing once in forty times, 1 − .025^(1/n), about 3.7 / n. As n counts the
effective number of units, (Σ length)² / Σ length² (Kish 1965; so in Korn and Graubard 1998), which is the number of
units where all are of one length and less where a few long ones are most of the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1_000
UNITS_AT_LEAST = 5
"""Of fewer units there is no interval: one that fits four shots would say that it knows more than it does."""

_SEED = 0  # the same film has the same interval every time
_TAILS = (0.025, 0.975)

Floats = NDArray[np.float64]


def intervals(over: Floats, under: Floats, most: Floats) -> list[tuple[float, float] | None]:
    """95 % intervals of Σ over / Σ under, of each column; None of too few units, or where nothing is under.

    Args:
        over: (units, n); not negative.
        under: (units, n), or (units, 1) for all columns alike; not negative.
        most: what `over` may be at most, (units, n) or (units, 1); asked where over is 0 of every unit.
    """
    units, columns = over.shape
    if units < UNITS_AT_LEAST:
        return [None] * columns
    drawn = draws(units)
    below = np.broadcast_to(drawn @ under, (RESAMPLES, columns))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = (drawn @ over) / below
    found: list[tuple[float, float] | None] = [None] * columns
    counted = below > 0  # a resample without any chance of a name says nothing of it
    whole = np.flatnonzero(counted.all(axis=0))
    for column, low, high in zip(whole, *np.quantile(ratios[:, whole], _TAILS, axis=0), strict=True):
        found[column] = (float(low), float(high))
    for column in np.flatnonzero(counted.any(axis=0) & ~counted.all(axis=0)):
        low, high = np.quantile(ratios[counted[:, column], column], _TAILS)
        found[column] = (float(low), float(high))
    under, most = np.broadcast_to(under, over.shape), np.broadcast_to(most, over.shape)
    for column in np.flatnonzero(~over.any(axis=0) & under.any(axis=0)):
        found[column] = (0.0, _of_nothing(under[:, column], most[:, column]))
    return found


def _of_nothing(under: Floats, most: Floats) -> float:
    """The upper end of Σ over / Σ under where over is 0 of every unit. Units with nothing under could have had none."""
    could = most[under > 0]
    effective = could.sum() ** 2 / (could**2).sum()
    return float((1 - _TAILS[0] ** (1 / effective)) * could.sum() / under.sum())


def draws(units: int) -> Floats:
    """(RESAMPLES, units) how often each unit is drawn in each resample; rows sum to `units`."""
    rng = np.random.default_rng(_SEED)
    picked = rng.integers(0, units, (RESAMPLES, units))
    picked += np.arange(RESAMPLES)[:, None] * units
    return np.bincount(picked.ravel(), minlength=RESAMPLES * units).reshape(RESAMPLES, units).astype(np.float64)

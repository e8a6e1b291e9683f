"""Pearson's r: with its confidence interval, its p-value and its line. NumPy and the standard library alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_TERMS = 10_000


@dataclass(frozen=True, slots=True)
class Correlation:
    """How two quantities go together over n pairs.

    Attributes:
        r: Pearson's, −1 to 1.
        low, high: its 95 % confidence interval, by Fisher's z: atanh(r) is nearly normal with deviation 1/√(n − 3).
        p: two-sided, of t = r·√((n − 2)/(1 − r²)) under Student's distribution with n − 2 degrees of freedom.
        slope, intercept: of the least-squares line y = intercept + slope · x.
    """

    n: int
    r: float
    low: float
    high: float
    p: float
    slope: float
    intercept: float


def pearson(x: Floats, y: Floats, *, level: float = 0.95) -> Correlation | None:
    """The correlation of (n,) x and y; None where there are fewer than 4 pairs, or one of the two does not vary.

    Interval and p-value take the pairs for independent, and the two quantities for about normal together. Pairs of
    pictures share pictures: both are then somewhat too sure of themselves.
    """
    n = len(x)
    if n < 4:
        return None
    dx, dy = x - x.mean(), y - y.mean()
    xx, yy, xy = float(dx @ dx), float(dy @ dy), float(dx @ dy)
    if xx <= 1e-24 * n * max(1.0, float(x @ x)) or yy <= 1e-24 * n * max(1.0, float(y @ y)):
        return None  # a constant, to rounding
    r = max(-1.0, min(1.0, xy / math.sqrt(xx * yy)))
    low, high = fisher(r, n, level=level)
    slope = xy / xx
    return Correlation(n, r, low, high, p_value(r, n), slope, float(y.mean() - slope * x.mean()))


def fisher(r: float, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of a correlation over n pairs (Fisher 1921)."""
    if abs(r) >= 1 - 1e-15:
        return r, r
    half = NormalDist().inv_cdf(0.5 + level / 2) / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def p_value(r: float, n: int) -> float:
    """Probability of |r| this large or larger over n pairs of independent normal quantities, two-sided.

    P(|T| > t) = I_{ν/(ν+t²)}(ν/2, 1/2) with ν = n − 2, and ν/(ν+t²) = 1 − r².
    """
    return incomplete_beta((n - 2) / 2, 0.5, 1 - r * r)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22, Lentz's method).

    Correct to rounding for the a and b that occur here.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # where the fraction is slow
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    tiny = 1e-300
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1), tiny)
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d, tiny)
            c = _not_zero(1 + term / c, tiny)
            change = c * d
            value *= change
        if abs(change - 1) < 1e-15:
            break
    return min(1.0, front * value)


def _not_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny

"""The score of a picture against a painting: weights, and the SQL that computes it.

    V_r   = 1 / (1 + ‖Γ(a) − Γ(b)‖₂)                       Γ: the embedding, unit length
    S_a   = Σ_m w_m · max(0, 1 − Δ_m / range_m)            the eight metrics of METRICS
    score = 0.5 · V_r + 0.5 · S_a                          0..1

Paper 3.1; `range_m` is equation 2's max − min over the profile's paintings. Δ is the absolute difference, for
dominant colours the sum of three Euclidean distances (rank by rank), for the shadow pattern the Euclidean one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql

from r2r_shared.errors import UserError
from r2r_shared.records import METRICS

VISUAL_SHARE = 0.5
"""What V_r counts for in the score; S_a has the rest."""

NARROWEST_RANGE = 1e-9
"""Range of a metric that all paintings agree on: the same value scores 1, any other 0."""

_NAMES = {
    **{metric: metric for metric in METRICS},
    "avgdof": "avg_dof",
    "maxdof": "max_dof",
    "mindof": "min_dof",
    "sa": "saturation",
    "ba": "balance",
    "sp": "shadow",
    "co": "contrast",
}  # our names and the paper's, in lower case


@dataclass(frozen=True, slots=True)
class Weights:
    """What each metric counts for in S_a; the eight sum to 1. The defaults are the paper's Table 2.

    Raises:
        ValueError: a weight is negative or not a number, or they do not sum to 1 (`Weights.of` sees to that).
    """

    dc: float = 0.18
    avg_dof: float = 0.11
    max_dof: float = 0.14
    min_dof: float = 0.14
    saturation: float = 0.13
    balance: float = 0.10
    shadow: float = 0.10
    contrast: float = 0.10

    def __post_init__(self) -> None:
        values = self.values()
        if not all(value >= 0 for value in values) or not math.isclose(sum(values), 1.0, abs_tol=1e-9):
            raise ValueError(f"weights must be at least 0 and sum to 1: {values}")

    def values(self) -> tuple[float, ...]:
        """The eight weights in METRICS order."""
        return (
            self.dc, self.avg_dof, self.max_dof, self.min_dof,
            self.saturation, self.balance, self.shadow, self.contrast,
        )  # fmt: skip

    def named(self) -> dict[str, float]:
        """The eight weights by metric."""
        return dict(zip(METRICS, self.values(), strict=True))

    @staticmethod
    def of(relative: Mapping[str, float]) -> Weights:
        """Weights in proportion to eight numbers, at least one of them above 0."""
        total = math.fsum(relative.values())
        return Weights(**{metric: relative[metric] / total for metric in METRICS})

    @staticmethod
    def parse(text: str) -> Weights:
        """Read what a person wrote: `dc=.3,saturation=.1`.

        A metric that is not named keeps its default, `others=X` sets all of those at once; then the eight are
        divided by their sum. So `dc=.36` doubles the colours' weight against the rest, and `dc=1,others=0`
        looks at nothing else. Names are ours or the paper's (DC, AvgDoF, Sa, …), in any case.

        Raises:
            UserError: an unknown or repeated name, a number below 0 or none at all, or nothing but zeros.
        """
        given: dict[str, float] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, equals, number = (piece.strip() for piece in part.partition("="))
            metric = "others" if name.lower() == "others" else _NAMES.get(name.lower())
            if metric is None or not equals:
                raise UserError(
                    f"weights: {part!r} names no metric", f"write name=number, names are {', '.join(METRICS)}"
                )
            if metric in given:
                raise UserError(f"weights: {metric} is given twice", "name each metric once")
            given[metric] = _weight(metric, number)
        if not given:
            raise UserError("weights: nothing is given", "write e.g. dc=.3,saturation=.1")
        others = given.pop("others", None)
        relative = DEFAULT.named() | given if others is None else dict.fromkeys(METRICS, others) | given
        if not any(relative.values()):
            raise UserError("weights: all are 0", "leave at least one metric above 0")
        return Weights.of(relative)


def _weight(metric: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1e6:  # false for nan, too
        raise UserError(f"weights: {metric}={number} is not a weight", "a weight is a number, 0 or more") from None
    return value


DEFAULT = Weights()

_DIFFERENCE = {
    "dc": sql.SQL("(l2_distance({q}.dc1, {p}.dc1) + l2_distance({q}.dc2, {p}.dc2) + l2_distance({q}.dc3, {p}.dc3))"),
    "avg_dof": sql.SQL("abs({q}.avg_dof - {p}.avg_dof)"),
    "max_dof": sql.SQL("abs({q}.max_dof - {p}.max_dof)"),
    "min_dof": sql.SQL("abs({q}.min_dof - {p}.min_dof)"),
    "saturation": sql.SQL("abs({q}.saturation - {p}.saturation)"),
    "balance": sql.SQL("abs({q}.balance - {p}.balance)"),
    "shadow": sql.SQL("l2_distance({q}.shadow, {p}.shadow)"),
    "contrast": sql.SQL("abs({q}.contrast - {p}.contrast)"),
}


@dataclass(frozen=True, slots=True)
class ScoreSql:
    """SQL expressions over two rows of features, `q` the picture's and `p` the painting's.

    Attributes:
        visual: V_r.   semantic: S_a.   score: their mean. All double precision.
        similarities: real[8], each metric's max(0, 1 − Δ / range), in METRICS order.
    """

    visual: sql.Composed
    semantic: sql.Composed
    score: sql.Composed
    similarities: sql.Composed


def score_sql(weights: Weights, ranges: Mapping[str, float], *, q: str = "q", p: str = "p") -> ScoreSql:
    """The score as SQL, with weights and ranges as constants in it: it is evaluated 30 million times a film.

    S_a is written as 1 − Σ min(w, Δ · w / range), which is the same sum with fewer operations.

    Args:
        ranges: range of each metric, all above 0.
        q, p: aliases of the two rows.
    """
    alias = {"q": sql.Identifier(q), "p": sql.Identifier(p)}
    differences = {metric: _DIFFERENCE[metric].format(**alias) for metric in METRICS}
    losses = [
        sql.SQL("least({w}, {slope} * {difference})").format(
            w=sql.Literal(weight), slope=sql.Literal(weight / ranges[metric]), difference=differences[metric]
        )
        for metric, weight in weights.named().items()
        if weight > 0
    ]
    similarities = [
        sql.SQL("greatest(0.0, 1.0 - {difference} / {range})").format(
            difference=differences[metric], range=sql.Literal(float(ranges[metric]))
        )
        for metric in METRICS
    ]
    visual = sql.SQL("(1.0 / (1.0 + l2_distance({q}.embedding, {p}.embedding)))").format(**alias)
    semantic = sql.SQL("greatest(0.0, 1.0 - ({losses}))").format(losses=sql.SQL(" + ").join(losses))
    return ScoreSql(
        visual=visual,
        semantic=semantic,
        score=sql.SQL("({a} * {visual} + {b} * {semantic})").format(
            a=sql.Literal(VISUAL_SHARE), b=sql.Literal(1 - VISUAL_SHARE), visual=visual, semantic=semantic
        ),
        similarities=sql.SQL("ARRAY[{}]::real[]").format(sql.SQL(", ").join(similarities)),
    )

"""Thresholds: how near a positive has to be and how far a negative, metric by metric (paper 4.2, Table 1)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import UserError
from r2r_shared.records import METRICS
from r2r_shared.triplets import differences, pairs
from r2r_shared.triplets.differences import DEPTH
from r2r_shared.triplets.kinship import Kinship
from r2r_shared.triplets.works import Works

PAPERS_DEPTH_MODEL = "dpt-beit-large-512"
"""The depth estimator whose raw units Table 1 is taken to be in: the paper says "MiDaS v3.1" and no more, and this is
the model that MiDaS v3.1 runs where none is named (`run.py --model_type dpt_beit_large_512`)."""

POSITIVE_QUANTILE, NEGATIVE_QUANTILE = 0.25, 0.75

_WRITE = f'a file has {{"positive": {{…}}, "negative": {{…}}}}, each with a number for {", ".join(METRICS)}'


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Eight numbers a side, in the metrics' own units.

    Attributes:
        positive: a metric holds for anchor and positive where their difference is at most this.
        negative: a metric holds for anchor and negative where their difference is at least this.
        origin: where they come from, in a few words.

    Raises:
        ValueError: a metric is missing or unknown, or a threshold is below 0 or no number.
    """

    positive: dict[str, float]
    negative: dict[str, float]
    origin: str = ""

    def __post_init__(self) -> None:
        for side, limits in (("positive", self.positive), ("negative", self.negative)):
            if set(limits) != set(METRICS):
                wrong = sorted(set(limits) ^ set(METRICS))
                raise ValueError(f"{side}: {', '.join(wrong)}: missing, or no metric")
            for metric, limit in limits.items():
                if not 0 <= limit < math.inf:  # false for nan, too
                    raise ValueError(f"{side}: {metric} is {limit}, not a difference")

    def to_json(self) -> dict[str, Any]:
        """As `of_json` reads it."""
        return {
            "origin": self.origin,
            "positive": {metric: self.positive[metric] for metric in METRICS},
            "negative": {metric: self.negative[metric] for metric in METRICS},
        }

    @staticmethod
    def of_json(value: Any) -> Thresholds:
        """What `to_json` wrote.

        Raises:
            ValueError: it is something else.
        """
        if not isinstance(value, dict):
            raise ValueError("not an object")
        found = cast(dict[str, Any], value)
        return Thresholds(
            _limits(found.get("positive"), "positive"),
            _limits(found.get("negative"), "negative"),
            str(found.get("origin", "")),
        )

    def positive_met(self, works: Works, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(p, 8) in METRICS order: which metrics hold for p pairs of anchor and positive."""
        return differences.of_pairs(works, a, b) <= np.array([self.positive[metric] for metric in METRICS])

    def negative_met(self, works: Works, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(p, 8) in METRICS order: which metrics hold for p pairs of anchor and negative."""
        return differences.of_pairs(works, a, b) >= np.array([self.negative[metric] for metric in METRICS])


def _limits(value: Any, side: str) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ValueError(f"{side} is missing, or no object")
    limits = cast(dict[str, Any], value)
    for metric, limit in limits.items():
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            raise ValueError(f"{side}: {metric} is {limit!r}, not a number")
    return {metric: float(limit) for metric, limit in limits.items()}


PAPER = Thresholds(
    positive={
        "dc": 201.0, "avg_dof": 1719.0, "max_dof": 3236.0, "min_dof": 539.0,
        "saturation": 72.0, "balance": 5.0, "shadow": 72.0, "contrast": 43.0,
    },
    negative={
        "dc": 430.0, "avg_dof": 2597.0, "max_dof": 4116.0, "min_dof": 1527.0,
        "saturation": 118.0, "balance": 21.0, "shadow": 408.0, "contrast": 61.0,
    },
    origin="paper, Table 1",
)  # fmt: skip
"""Table 1 as printed; the three of depth of field are in the raw units of PAPERS_DEPTH_MODEL."""


def fit(
    works: Works,
    *,
    positive_quantile: float = POSITIVE_QUANTILE,
    negative_quantile: float = NEGATIVE_QUANTILE,
    seed: int = 0,
) -> Thresholds:
    """Thresholds at quantiles of the differences between a collection's own works.

    Args:
        positive_quantile: this share of the pairs of one artist and movement meets each metric's positive threshold.
        negative_quantile: the complement of this share of the pairs of other artists and movements meets each
            negative one.
        seed: of the draw, where there are more than `pairs.PAIRS` of them.

    Raises:
        UserError: there are no such pairs.
    """
    near, far = _sampled(works, seed)
    return Thresholds(
        dict(zip(METRICS, np.quantile(near, positive_quantile, axis=0).tolist(), strict=True)),
        dict(zip(METRICS, np.quantile(far, negative_quantile, axis=0).tolist(), strict=True)),
        f"quantiles {positive_quantile:g} and {negative_quantile:g} of the collection",
    )


def paper(works: Works, *, depth_model: str, seed: int = 0) -> Thresholds:
    """Table 1 for a collection whose depth was estimated by `depth_model`.

    The five metrics without depth are in units that everybody shares, and stay. Table 1's depth of field is in the raw
    unit of one depth model; for any other, its three thresholds are set where they are as strict, on this collection,
    as the five are on average: at the quantile of the positive pairs' differences that is the mean share of positive
    pairs within the five maxima, and on the negative side at 1 − the mean share of negative pairs beyond the five
    minima. The mean and not the median, because the rule is "at least k of the 8": means of shares add up to the
    number of metrics that a pair meets by expectation, so the three add to it what three average ones of Table 1 would,
    and a k means as much as it did.

    Raises:
        UserError: the collection has no two works of one artist and movement, or none of others.
    """
    if depth_model == PAPERS_DEPTH_MODEL:
        return PAPER
    near, far = _sampled(works, seed)
    shared = [column for column, metric in enumerate(METRICS) if metric not in DEPTH]
    maxima = np.array([PAPER.positive[METRICS[column]] for column in shared])
    minima = np.array([PAPER.negative[METRICS[column]] for column in shared])
    within = float((near[:, shared] <= maxima).mean())
    beyond = float((far[:, shared] >= minima).mean())
    depth = [METRICS.index(metric) for metric in DEPTH]
    return Thresholds(
        PAPER.positive | dict(zip(DEPTH, np.quantile(near[:, depth], within, axis=0).tolist(), strict=True)),
        PAPER.negative | dict(zip(DEPTH, np.quantile(far[:, depth], 1 - beyond, axis=0).tolist(), strict=True)),
        f"paper, Table 1; depth of field at quantiles {within:.2f} and {1 - beyond:.2f} of the collection, since "
        f"{depth_model} has units of its own",
    )


@dataclass(frozen=True, slots=True)
class Met:
    """The share of a collection's pairs that meet each threshold, by metric."""

    positive: dict[str, float]
    negative: dict[str, float]

    def to_json(self) -> dict[str, dict[str, float]]:
        return {"positive": self.positive, "negative": self.negative}


def shares(works: Works, thresholds: Thresholds, *, seed: int = 0) -> Met:
    """How many positive pairs are within each maximum and how many negative ones beyond each minimum, 0..1.

    Raises:
        UserError: there are no such pairs.
    """
    near, far = _sampled(works, seed)
    within = near <= _row(thresholds.positive)
    beyond = far >= _row(thresholds.negative)
    return Met(
        dict(zip(METRICS, within.mean(axis=0).tolist(), strict=True)),
        dict(zip(METRICS, beyond.mean(axis=0).tolist(), strict=True)),
    )


def _row(limits: Mapping[str, float]) -> NDArray[np.float64]:
    return np.array([limits[metric] for metric in METRICS])


def _sampled(works: Works, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(p, 8), (q, 8): differences of positive and of negative pairs; the same for the same works and seed."""
    rng = np.random.default_rng(seed)
    kinship = Kinship(works)
    near = pairs.positive(kinship, rng)
    far = pairs.negative(kinship, rng)
    return differences.of_pairs(works, *near), differences.of_pairs(works, *far)


def chosen(
    name: str,
    works: Works,
    *,
    depth_model: str,
    positive_quantile: float = POSITIVE_QUANTILE,
    negative_quantile: float = NEGATIVE_QUANTILE,
    seed: int = 0,
) -> Thresholds:
    """The thresholds that a person names: "paper", "quantile", or a file.

    Args:
        works: those that are trained on: what is kept for the test has no say.

    Raises:
        UserError: there are none to be had.
    """
    if name == "paper":
        return paper(works, depth_model=depth_model, seed=seed)
    if name == "quantile":
        return fit(works, positive_quantile=positive_quantile, negative_quantile=negative_quantile, seed=seed)
    return read(Path(name))


def read(path: Path) -> Thresholds:
    """Thresholds from a JSON file, as `r2r thresholds fit --out` writes them.

    Raises:
        UserError: there is no such file, or it holds something else.
    """
    try:
        return Thresholds.of_json(json.loads(path.read_bytes()))
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}",
            "name paper, quantile, or a file that `r2r thresholds fit --out` wrote",
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} holds no thresholds: {error}", _WRITE) from error


def as_text(thresholds: Thresholds) -> str:
    """The text of a file that `read` reads."""
    return json.dumps(thresholds.to_json(), indent=2, ensure_ascii=False) + "\n"

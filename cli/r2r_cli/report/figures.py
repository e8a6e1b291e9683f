"""The geometry of the page's figures: numbers in, numbers out. What is drawn with them is the templates' affair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 340, 300
LEFT, RIGHT, TOP, BOTTOM = 54, 12, 12, 46
"""Of a scatter, in its own units: the whole, and what stands around the plot."""


FINEST = 1e-4
"""What points are rounded to: no axis is shorter."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where it stands, and what it says."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Scatter:
    """A cloud of points and its line, ready to be drawn.

    Attributes:
        path: of zero-length strokes, a dot each when drawn with round caps.
        line: x1, y1, x2, y2 of the regression line; None where there is none.
        heading, across, up: what is said above, below and beside it.
    """

    heading: str
    across: str
    up: str
    path: str
    line: tuple[float, float, float, float] | None
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    result: dict[str, Any] | None
    pairs: int


def scatter(one: dict[str, Any], *, heading: str, across: str, up: str) -> Scatter:
    """Of a correlation of the report: x from 0 to a round number, y from 0 to 1."""
    points: list[list[float]] = one["points"]
    step = round_step(max(max((x for x, _ in points), default=1.0) or 1.0, FINEST))
    greatest = step * math.ceil(max((x for x, _ in points), default=1.0) / step - 1e-9) or step

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            round(LEFT + (WIDTH - LEFT - RIGHT) * x / greatest, 1),
            round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - y), 1),
        )

    result = one["result"]
    line = None if result is None else _line(result, greatest)
    return Scatter(
        heading=heading,
        across=across,
        up=up,
        path="".join("M{} {}h0".format(*at(x, y)) for x, y in points),
        line=None if line is None else (*at(*line[0]), *at(*line[1])),
        x_ticks=[Tick(at(n * step, 0)[0], f"{n * step:g}") for n in range(round(greatest / step) + 1)],
        y_ticks=[Tick(at(0, n / 4)[1], f"{n / 4:g}") for n in range(5)],
        result=result,
        pairs=one["pairs"],
    )


def round_step(greatest: float) -> float:
    """A step of 1, 2 or 5 times a power of ten, of which three to six reach `greatest`."""
    power = 10 ** math.floor(math.log10(greatest))
    return next(step for m in (0.2, 0.5, 1, 2) if (step := m * power) * 5.5 >= greatest)


def _line(result: dict[str, Any], greatest: float) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The ends of the regression line inside the plot; None where it misses it."""
    slope, intercept = result["slope"], result["intercept"]
    low, high = 0.0, greatest
    if abs(slope) > 1e-12:
        crossings = sorted((-intercept / slope, (1 - intercept) / slope))
        low, high = max(low, crossings[0]), min(high, crossings[1])
    elif not 0 <= intercept <= 1:
        return None
    return None if low >= high else ((low, intercept + slope * low), (high, intercept + slope * high))


@dataclass(frozen=True, slots=True)
class Mark:
    """A share on a scale from 0 to 1, with how sure it is."""

    share: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the figure that tells models apart.

    Attributes:
        marks: the model's, then that of the one beside it; None where it was not measured.
    """

    label: str
    note: str
    chance: float
    marks: Sequence[Mark | None]


def measures(results: Sequence[dict[str, Any]]) -> list[Measure]:
    """The lines: film frames, triplets, artists and movements. Those that no model was measured by are left out."""
    lines: list[Measure] = []
    for strength, hard in ((0.5, "gently"), (1.0, "hard")):
        for distance, by in (("score", "score"), ("latent", "latent distance")):
            rows = [_one(result["films"], strength=strength, distance=distance) for result in results]
            first = next((row for row in rows if row is not None), None)
            if first is not None:
                marks = [_film_mark(row) for row in rows]
                label = f"A film frame, treated {hard}, finds its painting first"
                lines.append(Measure(label, f"by {by}", first["recall"]["1"]["chance"], marks))
    for policy in ("naive", "constrained"):
        rows = [_one(result["triplets"], policy=policy, distance="latent") for result in results]
        if any(rows):
            marks = [_spread_mark(row) for row in rows]
            lines.append(Measure(f"The right one of two, {policy} triplets", "by latent distance", 0.5, marks))
    for by in ("artist", "movement"):
        rows = [_one(result["retrieval"], by=by, distance="latent", corrected=False) for result in results]
        first = next((row for row in rows if row is not None and row["queries"]), None)
        if first is not None:
            marks = [None if row is None else Mark(row["map"]["1"], None, None) for row in rows]
            label = f"A work’s nearest is of the same {by}"
            lines.append(Measure(label, "mAP@1, by latent distance", first["chance_map"]["1"], marks))
    return lines


def _one(rows: Sequence[dict[str, Any]], **where: object) -> dict[str, Any] | None:
    return next((row for row in rows if all(row[name] == value for name, value in where.items())), None)


def _film_mark(row: dict[str, Any] | None) -> Mark | None:
    if row is None:
        return None
    first = row["recall"]["1"]
    return Mark(first["share"], first["low"], first["high"])


def _spread_mark(row: dict[str, Any] | None) -> Mark | None:
    if row is None:
        return None
    spread = row["deviation"]
    if spread is None:
        return Mark(row["accuracy"], None, None)
    return Mark(row["accuracy"], max(0.0, row["accuracy"] - spread), min(1.0, row["accuracy"] + spread))

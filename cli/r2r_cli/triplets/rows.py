"""Triplets as CSV and JSON lines: a row each, with both sides of a split in one file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from r2r_cli import files, render
from r2r_shared.errors import UserError
from r2r_shared.queries.works import Label
from r2r_shared.records import METRICS
from r2r_shared.triplets import sides
from r2r_shared.triplets.sides import Side
from r2r_shared.triplets.thresholds import Thresholds

ROLES = ("anchor", "positive", "negative")
SUFFIXES = (".csv", ".jsonl")
_LABEL = ("collection", "file", "artist", "movement")
COLUMNS = (
    "side", *(f"{role}_id" for role in ROLES), "positive_met", "negative_met",
    *(f"{role}_{name}" for role in ROLES for name in _LABEL),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Triplet:
    """A triplet as it is shown.

    Attributes:
        side: "train" or "test".
        ids: painting ids of anchor, positive and negative.
        positive_met, negative_met: the metrics that hold for its two pairs.
        images: keys in the media store, of the three.
    """

    side: str
    ids: tuple[int, int, int]
    positive_met: tuple[str, ...]
    negative_met: tuple[str, ...]
    images: tuple[str, str, str]


def of_side(name: str, side: Side, thresholds: Thresholds) -> list[Triplet]:
    """A side's triplets, in the order they were formed, with the metrics that hold in each."""
    a, p, n = side.formed.rows.T
    near = thresholds.positive_met(side.works, a, p)
    far = thresholds.negative_met(side.works, a, n)
    images = side.works.images
    numbers: list[list[int]] = side.formed.rows.tolist()
    return [
        Triplet(name, ids, _named(met), _named(beyond), (images[rows[0]], images[rows[1]], images[rows[2]]))
        for ids, met, beyond, rows in zip(sides.ids(side), near, far, numbers, strict=True)
    ]


def _named(held: Sequence[bool] | Any) -> tuple[str, ...]:
    return tuple(metric for metric, holds in zip(METRICS, held, strict=True) if holds)


def require_writable_kind(path: Path) -> None:
    """Refuse a file of a kind that is not written, before any work is done.

    Raises:
        UserError: its name ends in something else.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path} is neither .csv nor .jsonl", "name a file that ends in one of them")


def write(path: Path, triplets: Sequence[Triplet], labels: Mapping[int, Label]) -> None:
    """Write the triplets whose three paintings are still there; which kind of file, its name says.

    Raises:
        UserError: it cannot be written there.
    """
    found = (_row(triplet, labels) for triplet in triplets if all(number in labels for number in triplet.ids))
    if path.suffix.lower() == ".csv":
        files.write_text(path, _csv(found))
    else:
        files.write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found))


def _row(triplet: Triplet, labels: Mapping[int, Label]) -> dict[str, Any]:
    row: dict[str, Any] = {"side": triplet.side}
    row |= {f"{role}_id": number for role, number in zip(ROLES, triplet.ids, strict=True)}
    row |= {"positive_met": list(triplet.positive_met), "negative_met": list(triplet.negative_met)}
    for role, number in zip(ROLES, triplet.ids, strict=True):
        row |= {f"{role}_{name}": getattr(labels[number], name) for name in _LABEL}
    return row


def _csv(found: Iterator[dict[str, Any]]) -> str:
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(COLUMNS)
    for row in found:
        met = {name: " ".join(row[name]) for name in ("positive_met", "negative_met")}
        out.writerow([render.harmless((row | met)[name]) for name in COLUMNS])
    return text.getvalue()

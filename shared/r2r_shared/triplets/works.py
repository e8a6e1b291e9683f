"""Many paintings at once, column by column: what triplets are formed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import METRICS

SHAPES: dict[str, tuple[int, ...]] = {metric: {"dc": (3, 3), "shadow": (9,)}.get(metric, ()) for metric in METRICS}
"""The shape of one painting's value in each metric."""


@dataclass(frozen=True, slots=True, eq=False)
class Works:
    """n paintings; row i of every column is the same one.

    Attributes:
        ids: (n,) of the paintings' rows.
        artists, movements: as their source wrote them; empty where it did not.
        images: keys in the media store.
        metrics: by name, in METRICS order: (n, 3, 3) for the dominant colours, (n, 9) for the shadow pattern, (n,)
            for the six others; units as in `records.Features`.

    Raises:
        ValueError: a column is missing, or has another length or shape.
    """

    ids: NDArray[np.int64]
    artists: list[str]
    movements: list[str]
    images: list[str]
    metrics: dict[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        n = len(self.ids)
        if not len(self.artists) == len(self.movements) == len(self.images) == n:
            raise ValueError("the columns differ in length")
        if tuple(self.metrics) != METRICS:
            raise ValueError(f"the metrics are {', '.join(self.metrics)}, not {', '.join(METRICS)}")
        for metric, shape in SHAPES.items():
            if self.metrics[metric].shape != (n, *shape):
                raise ValueError(f"{metric} has shape {self.metrics[metric].shape}, not {(n, *shape)}")

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Sequence[int] | NDArray[np.int64] | NDArray[np.bool_]) -> Works:
        """The works of some rows: their numbers, in any order, or a mask of all of them."""
        chosen = np.asarray(rows)
        chosen = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.int64)
        return Works(
            self.ids[chosen],
            [self.artists[row] for row in chosen],
            [self.movements[row] for row in chosen],
            [self.images[row] for row in chosen],
            {metric: values[chosen] for metric, values in self.metrics.items()},
        )

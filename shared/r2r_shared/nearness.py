"""How near paintings are to those by other artists: the null of a match, and what tells hubs apart. Arrays only.

A few thousand paintings are *asked* against all of them. In SQL, where each would be a scan of the collection, that
takes minutes; here it is matrix products and a few passes over tiles that stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import METRICS
from r2r_shared.score import DEFAULT, NARROWEST_RANGE, VISUAL_SHARE

NEIGHBOURS = 10
"""The k of CSLS (Conneau et al. 2018, “Word translation without parallel data”, section 2.3)."""

NOBODY = -1
"""Artist of a painting of which nobody knows who painted it: it may be by anyone, so it is asked nothing."""

_COLUMNS = 512  # with 4,000 rows a matrix product long enough for two threads to be worth their waking, of 16 MB
_ROWS = 128  # of a tile of as many columns: its few float32 arrays fit a processor's second cache
_SCALARS = tuple(metric for metric in METRICS if metric not in {"dc", "shadow"})
_DC = METRICS.index("dc")
_SHADOW = METRICS.index("shadow")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Paintings as columns, n rows.

    Attributes:
        ids: (n,).   artists: (n,) a number for each artist, NOBODY where none is known.
        vectors: (n, 3), (n, 3), (n, 3), (n, 9) the dominant colours and the shadow pattern, and (n, dim) embeddings.
        scalars: (n, 6), the other metrics, as their part of the score: times weight / range.
    """

    ids: NDArray[np.int64]
    artists: NDArray[np.int64]
    vectors: tuple[Floats, ...]
    scalars: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, rows: slice) -> Pictures:
        """Some of them."""
        return Pictures(
            self.ids[rows], self.artists[rows], tuple(vector[rows] for vector in self.vectors), self.scalars[rows]
        )


def pictures(
    ids: Sequence[int], artists: Sequence[int], metrics: Sequence[Sequence[Any]], embeddings: Floats,
    ranges: Mapping[str, float],
) -> Pictures:  # fmt: skip
    """Columns of rows as they are stored.

    Args:
        metrics: of each painting the eight, in METRICS order, raw units; 9 values of dc and of shadow.
        embeddings: (n, dim).
        ranges: what each metric's difference is divided by.
    """
    weights = DEFAULT.named()
    dc = np.array([row[_DC] for row in metrics], np.float64).reshape(-1, 9)
    shadow = np.array([row[_SHADOW] for row in metrics], np.float64).reshape(-1, 9)
    scalars = np.array([[row[METRICS.index(name)] for name in _SCALARS] for row in metrics], np.float64)
    slopes = [0.0 if ranges[name] <= NARROWEST_RANGE else weights[name] / ranges[name] for name in _SCALARS]
    return Pictures(
        np.asarray(ids, np.int64),
        np.asarray(artists, np.int64),
        (dc[:, :3], dc[:, 3:6], dc[:, 6:], shadow, embeddings),
        (scalars.reshape(-1, len(_SCALARS)) * slopes).astype(np.float32),
    )


def scores(a: Pictures, b: Pictures, ranges: Mapping[str, float]) -> NDArray[np.float32]:
    """(len(a), len(b)) The score of score.py under the default weights, between paintings of one collection.

    In float32, but for distances, which cancel: those of near pictures keep seven digits.
    """
    weights = DEFAULT.named()
    squares = [
        (np.einsum("ij,ij->i", x, x), x @ y.T, np.einsum("ij,ij->i", y, y))
        for x, y in zip(a.vectors, b.vectors, strict=True)
    ]
    out = np.empty((len(a), len(b)), np.float32)
    for start in range(0, len(a), _ROWS):
        rows = slice(start, start + _ROWS)
        dc1, dc2, dc3, shadow, look = (_distances(xx[rows], xy[rows], yy) for xx, xy, yy in squares)
        term = np.empty(look.shape, np.float32)
        loss = np.zeros(look.shape, np.float32)
        for column, name in enumerate(_SCALARS):
            np.subtract(a.scalars[rows, column, None], b.scalars[None, :, column], out=term)
            np.abs(term, out=term)
            loss += np.minimum(term, weights[name], out=term)
        for name, away in (("dc", dc1 + dc2 + dc3), ("shadow", shadow)):
            if ranges[name] > NARROWEST_RANGE:  # else all paintings agree
                np.multiply(away, weights[name] / ranges[name], out=away)
                loss += np.minimum(away, weights[name], out=away)
        look += 1
        loss *= VISUAL_SHARE - 1
        loss += 1 - VISUAL_SHARE
        np.add(np.divide(VISUAL_SHARE, look, out=look), np.maximum(loss, 0, out=loss), out=out[rows])
    return out


def _distances(xx: Floats, xy: Floats, yy: Floats) -> NDArray[np.float32]:
    """(n,) ‖x‖², (n, m) x · y, (m,) ‖y‖² → (n, m) Euclidean distances. Spoils `xy`."""
    xy *= -2
    xy += xx[:, None]
    xy += yy[None]
    np.maximum(xy, 0, out=xy)
    return np.sqrt(xy, out=xy).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Nearness:
    """What came of asking.

    Attributes:
        best: (asked,) each one's best score against all paintings by other artists; 0 where there are none.
        nearness: by painting id, the mean of its NEIGHBOURS best scores with those asked that are by other artists.
    """

    best: NDArray[np.float64]
    nearness: dict[int, float]


def ask(
    asked: Pictures, every: Iterable[Pictures], ranges: Mapping[str, float], *, k: int = NEIGHBOURS
) -> Iterator[int | Nearness]:
    """Score the paintings that are asked against all, block by block.

    Yields how many paintings have been gone through, after each block, and at last what came of it. A painting is
    nobody's neighbour but of those by other artists; one by nobody known has all that are asked for neighbours,
    and is in no null.

    Args:
        every: all paintings, those that are asked among them, in blocks: memory is bounded by one.
    """
    best = np.zeros(len(asked), np.float32)
    nearness: dict[int, float] = {}
    for block in every:
        for start in range(0, len(block), _COLUMNS):
            columns = block.part(slice(start, start + _COLUMNS))
            tile = scores(asked, columns, ranges)
            tile[asked.artists[:, None] == columns.artists[None]] = -1
            known = columns.artists != NOBODY
            if known.any():
                np.maximum(best, tile[:, known].max(axis=1, initial=0), out=best)
            nearness |= zip(columns.ids.tolist(), _mean_of_best(tile, k), strict=True)
        yield len(nearness)
    yield Nearness(best.astype(np.float64), nearness)


def _mean_of_best(tile: NDArray[np.float32], k: int) -> list[float]:
    """Of each column the mean of its k best, or of what there is; 0 where there is none."""
    if len(tile) > k:
        tile = np.partition(tile.T, len(tile) - k, axis=1)[:, -k:].T
    there = tile >= 0
    total = np.where(there, tile, 0).sum(axis=0, dtype=np.float64)
    return (total / np.maximum(there.sum(axis=0), 1)).tolist()

"""How alike pictures are, by the score and by the latent space alone: the two measures that are compared everywhere.

latent   Euclidean distance of two embeddings of unit length, 0 to 2
score    1 − (0.5 · S_a + 0.5 · V_r), 0 to 1: the paper's own distance (3.2, DESIGN 4.2)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import METRICS
from r2r_shared.score import DEFAULT, VISUAL_SHARE
from r2r_shared.triplets.differences import difference

Floats = NDArray[np.float64]
How = Literal["score", "latent"]
HOWS: tuple[How, ...] = ("score", "latent")

_BLOCK = 32  # rows of a matrix made at a time: memory is bounded by it


@dataclass(frozen=True, slots=True)
class Measured:
    """Pictures as numbers, a row each.

    Attributes:
        metrics: by name, (n, 3, 3) for dc, (n, 9) for shadow, (n,) for the six others, raw units.
        embeddings: (n, dim), rows of unit length.
    """

    metrics: Mapping[str, Floats]
    embeddings: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.embeddings)

    def take(self, rows: NDArray[np.int64]) -> Measured:
        return Measured({name: values[rows] for name, values in self.metrics.items()}, self.embeddings[rows])


def distances(how: How, a: Measured, b: Measured, ranges: Mapping[str, float]) -> Floats:
    """(n,) between row i of `a` and row i of `b`."""
    latent = np.linalg.norm(a.embeddings.astype(np.float64) - b.embeddings, axis=1)
    if how == "latent":
        return latent
    return 1 - _score(latent, affinity({m: (a.metrics[m], b.metrics[m]) for m in METRICS}, ranges))


def similarities(how: How, a: Measured, b: Measured, ranges: Mapping[str, float]) -> NDArray[np.float32]:
    """(n, m), every row of `a` with every row of `b`: the score, or the cosine of the embeddings.

    The cosine puts pictures in the order of the latent distance, whose square is 2 − 2 cos; and it is what CSLS is
    defined on.
    """
    out = np.empty((len(a), len(b)), np.float32)
    right = b.embeddings.astype(np.float64).T
    for start in range(0, len(a), _BLOCK):
        rows = slice(start, start + _BLOCK)
        cosine = a.embeddings[rows].astype(np.float64) @ right
        if how == "score":
            pairs = {m: (a.metrics[m][rows, None], b.metrics[m][None]) for m in METRICS}
            out[rows] = _score(np.sqrt(np.maximum(0, 2 - 2 * cosine)), affinity(pairs, ranges))
        else:
            out[rows] = cosine
    return out


def affinity(pairs: Mapping[str, tuple[Floats, Floats]], ranges: Mapping[str, float]) -> Floats:
    """S_a of pictures whose metrics broadcast against one another: Σ w · max(0, 1 − Δ / range), 0 to 1."""
    weights = DEFAULT.named()
    total: Floats = np.zeros(())
    for metric, (x, y) in pairs.items():
        total = total + weights[metric] * np.maximum(0, 1 - difference(metric, x, y) / ranges[metric])
    return total


def _score(latent: Floats, semantic: Floats) -> Floats:
    return VISUAL_SHARE / (1 + latent) + (1 - VISUAL_SHARE) * semantic

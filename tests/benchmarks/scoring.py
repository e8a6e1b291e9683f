"""Features of many pictures as arrays, and the score of each against each, without a database."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from r2r_shared import score
from r2r_shared.records import METRICS, Features


class Numbers:
    """Features as arrays: one (n, …) each."""

    def __init__(self, features: Sequence[Features]) -> None:
        self.metrics = {name: np.array([getattr(f, name) for f in features]) for name in METRICS}
        self.embedding = np.array([f.embedding for f in features], np.float32)

    def __getitem__(self, part: slice | NDArray[np.int64]) -> Numbers:
        taken = Numbers(())
        taken.metrics = {name: values[part] for name, values in self.metrics.items()}
        taken.embedding = self.embedding[part]
        return taken

    def __len__(self) -> int:
        return len(self.embedding)


def difference(metric: str, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(len(a), len(b)), as DESIGN 4.1 defines it for each metric."""
    if metric == "dc":
        return np.linalg.norm(a.reshape(-1, 1, 3, 3) - b.reshape(1, -1, 3, 3), axis=3).sum(axis=2)
    if metric == "shadow":
        return np.linalg.norm(a[:, None] - b[None], axis=2)
    return np.abs(a[:, None] - b[None])


def semantic(probes: Numbers, gallery: Numbers) -> NDArray[np.float64]:
    """S_a; ranges from the gallery."""
    total = np.zeros((len(probes), len(gallery)))
    for metric, weight in score.DEFAULT.named().items():
        own = gallery.metrics[metric]
        widest = max(float(difference(metric, own[i : i + 64], own).max()) for i in range(0, len(own), 64))
        away = difference(metric, probes.metrics[metric], own) / max(widest, score.NARROWEST_RANGE)
        total += weight * np.clip(1 - away, 0, 1)
    return total


def visual(probes: Numbers, gallery: Numbers) -> NDArray[np.float64]:
    """V_r."""
    cosine = probes.embedding.astype(np.float64) @ gallery.embedding.T
    return 1 / (1 + np.sqrt(np.maximum(2 - 2 * cosine, 0)))


def whole(probes: Numbers, gallery: Numbers) -> NDArray[np.float64]:
    """The score of section 4.2."""
    return (1 - score.VISUAL_SHARE) * semantic(probes, gallery) + score.VISUAL_SHARE * visual(probes, gallery)


def rank_of(scores: NDArray[np.float64], truth: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the gallery are scored above the true one, for each probe: 0 is first."""
    own = scores[np.arange(len(truth)), truth]
    return (scores > own[:, None]).sum(axis=1)

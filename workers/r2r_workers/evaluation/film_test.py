"""Does a film frame find its painting? On frames of known truth, made from the held-out works.

Every candidate is shown the same frames. Their metrics are measured once, with the depth estimator of the stored ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import METRICS, Features
from r2r_shared.triplets.works import SHAPES, Works
from r2r_workers.evaluation import bootstrap, renditions
from r2r_workers.evaluation.embeddings import BATCH, embed
from r2r_workers.evaluation.likeness import HOWS, Measured, similarities
from r2r_workers.evaluation.retrieval import ranks
from r2r_workers.evaluation.subject import STRENGTHS, Candidate, Subject
from r2r_workers.evaluation.watch import Watch
from r2r_workers.measure import measure
from r2r_workers.models.protocols import Models

RECALL_AT = (1, 5, 10)


def drawn(works: int, subject: Subject) -> NDArray[np.int64]:
    """(q,) rows of the held-out works that are rendered, drawn by the seed."""
    count = min(works, subject.film_queries)
    return np.sort(np.random.default_rng([subject.seed, 5]).choice(works, count, replace=False)).astype(np.int64)


def films(
    subject: Subject, candidates: Sequence[Candidate], gallery: Sequence[Measured], test: Works, watch: Watch
) -> list[list[dict[str, Any]]]:
    """For each candidate, at each strength and by each distance: how often a frame finds its painting.

    Args:
        gallery: the held-out works `test` as each candidate sees them.
    """
    found: list[list[dict[str, Any]]] = [[] for _ in candidates]
    truth = drawn(len(test), subject)
    keys = [test.images[row] for row in truth]
    for strength in STRENGTHS if keys else ():
        watch.enter("render")
        frames = renditions.make(keys, subject.picture, watch, strength=strength, seed=subject.seed)
        seen = _seen(frames, subject, candidates, watch)
        for mine, shown, works in zip(found, seen, gallery, strict=True):
            results = found_again(shown, truth, works, subject.ranges, seed=subject.seed)
            mine += [{"strength": strength} | one for one in results]
    return found


def passes(candidates: Sequence[Candidate]) -> int:
    """How often `films` goes through the frames of one strength, as it tells the watch."""
    return 1 + 1 + len(candidates)


def _seen(frames: list[bytes], subject: Subject, candidates: Sequence[Candidate], watch: Watch) -> list[Measured]:
    """The frames as numbers, as each candidate sees them."""
    watch.enter("measure")
    models = Models(candidates[0].encoder, subject.depth)
    features: list[Features] = []
    for start in range(0, len(frames), BATCH):
        watch.check()
        some = frames[start : start + BATCH]
        features += measure(some, models)
        watch.step(2 * len(some))
    metrics = as_columns(features)
    seen = [Measured(metrics, np.array([one.embedding for one in features], np.float32))]
    by_name = {f"film frame {number}": frame for number, frame in enumerate(frames)}
    for candidate in candidates[1:]:
        seen.append(Measured(metrics, embed(list(by_name), candidate.encoder, by_name.__getitem__, watch)))
    return seen


def as_columns(features: Sequence[Features]) -> dict[str, NDArray[np.float64]]:
    """Metrics of pictures, column by column, in the shapes that `Works` has."""
    return {
        metric: np.array([getattr(one, metric) for one in features], np.float64).reshape(-1, *SHAPES[metric])
        for metric in METRICS
    }


def found_again(
    frames: Measured, truth: NDArray[np.int64], gallery: Measured, ranges: Mapping[str, float], *, seed: int
) -> list[dict[str, Any]]:
    """Recall@k of frames whose true painting is a row of the gallery, by each distance, with bootstrap intervals.

    A painting that scores as much as the true one counts as before it.
    """
    result: list[dict[str, Any]] = []
    for how in HOWS:
        places = ranks(similarities(how, frames, gallery, ranges), truth)
        recall: dict[str, Any] = {}
        for k in RECALL_AT:
            right = (places <= k).astype(np.float64)
            low, high = bootstrap.interval(right, seed=seed)
            recall[str(k)] = {
                "share": float(right.mean()),
                "low": low,
                "high": high,
                "chance": min(1, k / len(gallery)),
            }
        result.append(
            {
                "distance": how,
                "frames": len(frames),
                "gallery": len(gallery),
                "median_rank": float(np.median(places)),
                "recall": recall,
            }
        )
    return result

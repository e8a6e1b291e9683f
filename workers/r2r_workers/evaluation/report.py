"""The whole evaluation: encoders, one beside the other, on the same held-out works, triplets, pairs and film frames."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from r2r_shared.score import DEFAULT
from r2r_workers.evaluation import figure8, film_test, neighbourhood, sums, triplet_test
from r2r_workers.evaluation.embeddings import embed
from r2r_workers.evaluation.likeness import Measured
from r2r_workers.evaluation.subject import STRENGTHS, Candidate, Subject
from r2r_workers.evaluation.watch import Watch

VERSION = 1


def evaluate(subject: Subject, candidates: Sequence[Candidate], watch: Watch) -> dict[str, Any]:
    """Evaluate encoders; what comes out fits `evaluation.schema.json`, but for what only the caller knows.

    The same subject and candidates give the same report, `seconds` aside; with a network, to its rounding.

    Args:
        candidates: the model, then what it is compared with.

    Raises:
        Cancelled: it is to end.
        PermanentError: too few works are held out, or a picture is lost.
    """
    began = time.perf_counter()
    kept_out = subject.kept_out()
    rows = subject.rows(kept_out)
    test = subject.works.take(rows)
    frames = len(STRENGTHS) * len(film_test.drawn(len(test), subject))
    watch.total = len(test) * len(candidates) + frames * film_test.passes(candidates)
    measured: list[Measured] = []
    for candidate in candidates:
        watch.enter("embed")
        measured.append(Measured(test.metrics, embed(test.images, candidate.encoder, subject.picture, watch)))
    films = film_test.films(subject, candidates, measured, test, watch)
    watch.enter("compare")
    made = triplet_test.rounds(
        test, subject.works, depth_model=subject.depth.name, seed=subject.seed, count=subject.rounds
    )
    totals = sums.weighted(subject.works.metrics)[rows]
    results = [
        {
            "name": candidate.name,
            "encoder": candidate.encoder.name,
            "digest": candidate.encoder.digest,
            "dim": candidate.encoder.dim,
            "apart": None if candidate.apart is None else candidate.apart.covers(subject.held_out),
            "triplets": triplet_test.judge(made, mine, subject.ranges),
            "figure8": figure8.correlate(mine, totals, subject.ranges, seed=subject.seed),
            **neighbourhood.survey(test, mine, subject.ranges),
            "films": shown,
        }
        for candidate, mine, shown in zip(candidates, measured, films, strict=True)
    ]
    return {
        "version": VERSION,
        "seed": subject.seed,
        "rounds": subject.rounds,
        "depth": subject.depth.name,
        "weights": DEFAULT.named(),
        "ranges": dict(subject.ranges),
        "paintings": len(subject.works),
        "held_out": {
            "share": subject.held_out.share,
            "salt": subject.held_out.salt,
            "by": subject.held_out.by,
            "works": len(kept_out),
            "tested": len(test),
            "artists": sorted(set(test.artists)),
            "movements": sorted(set(test.movements)),
        },
        "triplets": triplet_test.about(made),
        "results": results,
        "seconds": round(time.perf_counter() - began, 1),
    }

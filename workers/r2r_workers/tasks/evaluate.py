"""The segment of an evaluation: a model, and one beside it, on works by artists that it was not trained on."""

from __future__ import annotations

from typing import Any

from r2r_shared import __version__
from r2r_shared.errors import PermanentError
from r2r_shared.queries import evaluations, models, profiles, ranges, segments, works
from r2r_shared.queries.evaluations import Asked
from r2r_shared.records import Lease, Profile
from r2r_workers import runtime
from r2r_workers.evaluation.lineage import lineage_of_profile, own_rule
from r2r_workers.evaluation.report import evaluate as measure
from r2r_workers.evaluation.subject import Candidate, HeldOut, Subject
from r2r_workers.evaluation.watch import Watch
from r2r_workers.heartbeat import Heartbeat


def evaluate(held: Lease, pulse: Heartbeat) -> None:
    """Evaluate a model and keep the report.

    The job's profile is the one whose stored metrics are read; the models are named in its options.
    """
    asked = Asked.of_options(held.options)
    with runtime.connection() as conn:
        stored = profiles.get(conn, held.profile_id)
        candidates = [profiles.get(conn, asked.model)]
        if asked.beside is not None and asked.beside != asked.model:
            candidates.append(profiles.get(conn, asked.beside))
        spans = ranges.of_profile(conn, stored.id)
        paintings = works.load(conn, stored.id, asked.collections, pictured=True)
        own = [models.of_profile(conn, profile.id) for profile in candidates]
    if not len(paintings) or not spans:
        raise PermanentError(
            f"no painting with a picture has been measured under the profile “{stored.name}”: "
            "r2r paintings import SOURCE"
        )
    lineages = [
        lineage_of_profile(profile.name) if model is None else model.lineage
        for profile, model in zip(candidates, own, strict=True)
    ]
    rules = [own_rule(lineage) for lineage in lineages]
    subject = Subject(
        works=paintings,
        ranges=ranges.widths(spans),
        held_out=rules[0] or HeldOut(asked.held_out, asked.salt, "option"),
        depth=runtime.models(stored.id).depth,
        picture=runtime.store().get,
        seed=asked.seed,
        film_queries=asked.frames,
    )

    def on_progress(share: float, stage: str) -> None:
        pulse.progress = share
        pulse.stats = {"stage": stage}

    found = measure(
        subject,
        [
            Candidate(profile.name, runtime.models(profile.id).encoder, rule)
            for profile, rule in zip(candidates, rules, strict=True)
        ],
        Watch(on_progress=on_progress, should_stop=pulse.stopped),
    )
    report = found | {
        "tool": __version__,
        "profile": {"name": stored.name, "depth": stored.depth, "revision": stored.revision},
        "collections": None if asked.collections is None else list(asked.collections),
        "model": _about(candidates[0], lineages[0]),
    }
    pulse.check()
    with runtime.connection() as conn, conn.transaction():
        segments.hold(conn, held)
        evaluations.store(conn, profile_id=asked.model, job_id=held.job_id, report=report)
        messages = segments.finish(conn, held, stats={"stage": "done", "model_s": found["seconds"]})
    runtime.send(messages)


def _about(profile: Profile, lineage: dict[str, Any]) -> dict[str, Any]:
    """The model that the report is about, with all that is known of how it came about."""
    return {"name": profile.name, "encoder": profile.encoder, "digest": profile.encoder_digest, "lineage": lineage}

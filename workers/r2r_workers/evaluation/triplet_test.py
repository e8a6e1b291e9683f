"""The paper's Figure 7 on held-out works: naive and constrained triplets, by the score and by the latent space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from r2r_shared.errors import UserError
from r2r_shared.triplets.form import Formed, Rule, form
from r2r_shared.triplets.thresholds import paper
from r2r_shared.triplets.works import Works
from r2r_workers.evaluation.classify import choose
from r2r_workers.evaluation.confusion import Confusion, wilson
from r2r_workers.evaluation.likeness import HOWS, How, Measured, distances

POLICIES = ("naive", "constrained")


@dataclass(frozen=True, slots=True)
class Round:
    """Triplets of one policy, formed by one seed."""

    rule: Rule
    formed: Formed


def rounds(test: Works, works: Works, *, depth_model: str, seed: int, count: int) -> list[Round]:
    """Naive and constrained triplets of the works that are tested on, `count` of each by as many seeds.

    The constraints are those of `r2r triplets form` where it is told nothing else: Table 1, at least 4 and 3 of the 8.
    Nothing is formed of a collection that holds no pair by one artist and movement.

    Args:
        works: all of the collection, which the thresholds of depth are fitted to.
    """
    try:
        thresholds = paper(works, depth_model=depth_model, seed=seed)
    except UserError:
        return []
    made: list[Round] = []
    for policy in POLICIES:
        rule = Rule(policy=policy, thresholds=thresholds)
        for number in range(count):
            seeded = replace(rule, seed=seed + number)
            made.append(Round(seeded, form(test, seeded)))
    return made


def judge(made: list[Round], measured: Measured, ranges: Mapping[str, float]) -> list[dict[str, Any]]:
    """For each policy and distance: accuracy over the rounds, its spread, and the first round's confusion matrix."""
    found: list[dict[str, Any]] = []
    for policy in POLICIES:
        mine = [one for one in made if one.rule.policy == policy and len(one.formed)]
        if not mine:
            continue
        for how in HOWS:
            each = [_answers(one, how, measured, ranges) for one in mine]
            accuracies = np.array([one["accuracy"] for one in each])
            found.append(
                {
                    "policy": policy,
                    "distance": how,
                    "triplets": each[0]["triplets"],
                    "accuracy": float(accuracies.mean()),
                    "deviation": float(accuracies.std(ddof=1)) if len(accuracies) > 1 else None,
                    "rounds": each,
                }
            )
    return found


def _answers(one: Round, how: How, measured: Measured, ranges: Mapping[str, float]) -> dict[str, Any]:
    anchor, positive, negative = (measured.take(column) for column in one.formed.rows.T)
    answers = choose(
        distances(how, anchor, positive, ranges), distances(how, anchor, negative, ranges), seed=one.rule.seed
    )
    confusion = Confusion.of(answers.first, answers.said_first)
    low, high = wilson(confusion.right, confusion.total)
    return {
        "seed": one.rule.seed,
        "triplets": confusion.total,
        "accuracy": confusion.accuracy,
        "low": low,
        "high": high,
        "confusion": confusion.rows(),
        "ties": answers.ties,
    }


def about(made: list[Round]) -> dict[str, Any]:
    """The rules, and how many triplets they formed of the works, in the first round."""
    firsts = {one.rule.policy: one for one in reversed(made)}
    return {
        policy: {
            "k_pos": one.rule.k_pos if policy == "constrained" else None,
            "k_neg": one.rule.k_neg if policy == "constrained" else None,
            "thresholds": one.rule.thresholds.to_json() if policy == "constrained" else None,
            "formed": len(one.formed),
            "others": one.formed.others,
        }
        for policy, one in ((policy, firsts[policy]) for policy in POLICIES if policy in firsts)
    }

"""The rule of triplets that a person's options describe, its thresholds taken from what is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from r2r_shared.triplets import sides
from r2r_shared.triplets import thresholds as limits
from r2r_shared.triplets.form import Rule

if TYPE_CHECKING:
    from r2r_shared.records import Profile
    from r2r_shared.triplets.works import Works


def parse(policy: str, k_pos: str, k_neg: str) -> tuple[int, int]:
    """Both k as numbers: to be called before any server is started.

    Raises:
        BadParameter: an option is none of those it may be.
    """
    if policy not in ("naive", "constrained"):
        raise typer.BadParameter("use naive or constrained", param_hint="--policy")
    return _k(k_pos, "--k-pos"), _k(k_neg, "--k-neg")


def resolve(
    works: Works,
    profile: Profile,
    *,
    policy: str,
    k_pos: str,
    k_neg: str,
    thresholds: str,
    held_out: float,
    salt: str,
    seed: int,
    positive_quantile: float = 0.25,
    negative_quantile: float = 0.75,
) -> Rule:
    """A rule whose thresholds stand in it, of the works that are not held out.

    Raises:
        BadParameter: an option is none of those it may be.
        UserError: the thresholds cannot be had.
    """
    near, far = parse(policy, k_pos, k_neg)
    if policy == "naive":  # which looks at artist and movement alone
        return Rule("naive", near, far, limits.PAPER, seed)
    chosen = limits.chosen(
        thresholds,
        sides.split(works, share=held_out, salt=salt)[0],
        depth_model=profile.depth,
        positive_quantile=positive_quantile,
        negative_quantile=negative_quantile,
        seed=seed,
    )
    return Rule("constrained", near, far, chosen, seed)


def _k(text: str, option: str) -> int:
    number = {"any": 1, "all": 8}.get(text, int(text) if text.isascii() and text.isdigit() else 0)
    if not 1 <= number <= 8:
        raise typer.BadParameter("use a number from 1 to 8, any (1) or all (8)", param_hint=option)
    return number

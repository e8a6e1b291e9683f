"""One part of an installation that was looked at: what `r2r doctor` and `r2r health` are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from r2r_shared import db
from r2r_shared.errors import UserError

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """One part that was looked at.

    Attributes:
        name: which part.
        verdict: "ok"; "warn": it works, less well than it could; "fail": something will not work.
        detail: what was found.
        remedy: what to do; empty where all is well.
    """

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def look(name: str, at: Callable[[], Check]) -> Check:
    """A look, whose complaint is a verdict like any other."""
    try:
        with db.translated():
            return at()
    except UserError as error:
        return Check(name, "fail", error.message, error.hint)


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """The document of `r2r doctor --json` and `r2r health --json`."""
    return {
        "ok": all(check.verdict != "fail" for check in checks),
        "checks": [
            {"name": check.name, "verdict": check.verdict, "detail": check.detail, "remedy": check.remedy}
            for check in checks
        ],
    }

"""Which artists a model says that it was not trained on. What a file says of itself is read with care."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from r2r_shared.errors import UserError
from r2r_workers.evaluation.subject import HeldOut
from r2r_workers.models import registry
from r2r_workers.models.checkpoint import read_lineage

LONGEST_SALT = 200


def lineage_of_profile(name: str) -> dict[str, Any]:
    """How the encoder of a built-in profile, or of a checkpoint that is named by its path, came about; {} where nobody
    wrote it down, or it was never trained."""
    try:
        encoder = registry.spec(name).encoder
        return read_lineage(Path(encoder)) if encoder.endswith(".safetensors") else {}
    except UserError:
        return {}


def own_rule(lineage: Mapping[str, Any]) -> HeldOut | None:
    """The artists that a model's own training kept out; None where its lineage says nothing usable of them."""
    spec: Any = lineage.get("spec")
    rule: Any = cast(dict[str, Any], spec).get("held_out") if isinstance(spec, dict) else None
    if not isinstance(rule, dict):
        return None
    if cast(dict[str, Any], spec).get("initial"):  # what the file was trained on that it began with, it has seen, too
        began: Any = lineage.get("began_with")
        before = own_rule(cast(dict[str, Any], began)) if isinstance(began, dict) else None
        if before is None or {"share": before.share, "salt": before.salt} != rule:
            return None
    found = cast(dict[str, Any], rule)
    share, salt = found.get("share"), found.get("salt", "")
    if isinstance(share, bool) or not isinstance(share, int | float) or not math.isfinite(share) or not 0 < share <= 1:
        return None
    return HeldOut(float(share), salt, "lineage") if isinstance(salt, str) and len(salt) <= LONGEST_SALT else None

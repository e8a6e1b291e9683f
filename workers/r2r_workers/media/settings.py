"""How shots are found; a job's options name what differs from these."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from r2r_shared.errors import UserError


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """Which detector, and how sure it has to be.

    Attributes:
        kind: "adaptive": PySceneDetect's adaptive detector and our own for dissolves; "transnet": TransNetV2.
        adaptive_threshold: how many times its neighbours' change a cut's change must be.
        min_content: least change at a cut, mean of the HSV differences, 0..255.
        transnet_threshold: least probability of a transition, 0..1.
    """

    kind: Literal["adaptive", "transnet"] = "adaptive"
    adaptive_threshold: float = 3.0
    min_content: float = 15.0
    transnet_threshold: float = 0.5

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> DetectorSettings:
        """The settings that a job's stored options name.

        Raises:
            UserError: an unknown option or detector, or a threshold that is no finite number: the job was queued by
                another version.
        """
        hint = "it was queued by another version of r2r: ingest the film again with --force"
        if unknown := sorted(options.keys() - {field.name for field in fields(cls)}):
            raise UserError(f"the job asks for a detector with {', '.join(unknown)}, which is unknown here", hint)
        kind = options.get("kind", "adaptive")
        if kind not in ("adaptive", "transnet"):
            raise UserError(f"the job asks for the detector {kind!r}, which is unknown here", hint)
        for name, value in options.items():
            number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            if name != "kind" and not number:
                raise UserError(f"the job's {name} is {value!r}, no number", hint)
        return cls(**options)

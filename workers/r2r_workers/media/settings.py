"""How shots are found; a job's options name what differs from these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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

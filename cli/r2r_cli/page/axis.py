"""The axis of film time: how long it is, and which round times stand on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from r2r_cli.page import words

_SPACINGS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the time axis: where it stands (0 to 100), what it says, the shot it leads to."""

    x: float
    label: str
    shot: int
    minor: bool


def span_s(timeline: dict[str, Any]) -> float:
    """The length of the time axis: a last frame may be shown past the container's duration."""
    return max([timeline["film"]["duration_s"], *(shot["end_s"] for shot in timeline["shots"])])


def ticks(shots: list[dict[str, Any]], duration_s: float) -> list[Tick]:
    """Round times along the film, at most nine, each leading to the shot that runs then."""
    spacing = next((s for s in _SPACINGS_S if duration_s / s <= 8), 7200)
    found: list[Tick] = []
    for number in range(int(duration_s // spacing) + 1):
        time_s = number * spacing
        shot = max((s for s in shots if s["start_s"] <= time_s), key=lambda s: s["start_s"], default=None)
        if shot is not None:
            x = 100 * time_s / duration_s
            found.append(Tick(x, words.timecode(time_s), shot["number"], minor=number % 2 == 1))
    return found

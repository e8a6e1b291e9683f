"""Lengths in frames that every decision about shots is made with, and how far each may look.

Every decision has finite support: whether a shot begins at frame i depends on frames within `context` of i and on
nothing else. So a span's child that has read `context` frames on either side decides as any other would.
"""

from __future__ import annotations

from dataclasses import dataclass

DISSOLVE_WINDOWS = (8, 10, 13, 16, 20, 25, 31, 40, 50)  # frames at 24 fps, from the last old frame to the first new one


@dataclass(frozen=True, slots=True)
class Timing:
    """Frame counts at one film's rate.

    Attributes:
        step: frames per 1/24 s, at least 1, at most 4: a 60 fps film is looked at with windows twice as long.
        min_shot: boundaries nearer than this are one.
        blank_run: black or white of at least this length is a shot of its own (half a second).
        ramp: the longest stretch in which a fade is followed.
        windows: dissolve lengths that are tried.
        context: the furthest that any decision looks, before or after.
    """

    step: int
    min_shot: int
    blank_run: int
    ramp: int
    windows: tuple[int, ...]
    context: int


def plan_timing(fps: float) -> Timing:
    """The lengths for a film of `fps` frames a second."""
    step = max(1, min(4, round(fps / 24)))
    windows = tuple(length * step for length in DISSOLVE_WINDOWS)
    ramp = 24 * step
    # A fade's extent (ramp) hangs on a boundary there, which hangs on a dissolve's window, which hangs on the
    # windows it competes with.
    return Timing(step, 6 * step, 12 * step, ramp, windows, context=ramp + 3 * windows[-1] + 12 * step)

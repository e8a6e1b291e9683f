"""Where shots begin, and how, from the frames' signals: cuts, dissolves, fades and runs of black or white.

`decide` looks at a stretch of frames and answers for the middle of it. Every rule is local (see `timing`), and no
rule remembers what an earlier call answered.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import Transition
from r2r_workers.media.dissolves import Dissolve, strongest
from r2r_workers.media.timing import Timing

BLACK_MEAN, BLACK_HIGH = 12.0, 32  # PySceneDetect's fade threshold; and nothing in the picture is brighter
WHITE_MEAN = 243.0


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Signals of consecutive frames, (n,) each; the first is frame `first`.

    Attributes:
        mean, high: see `signals.Signals`.
        thumbs: (n, 1728)
        cuts: cuts found among them.   dissolves: windows that fit a dissolve, overlapping ones included.
    """

    first: int
    mean: NDArray[np.float64]
    high: NDArray[np.int64]
    thumbs: NDArray[np.uint8]
    cuts: list[int]
    dissolves: list[Dissolve]


@dataclass(frozen=True, slots=True)
class Boundary:
    """A shot begins at `frame`; frames from..until−1 around it belong to the transition."""

    frame: int
    transition: Transition
    unsettled_from: int
    unsettled_until: int


def is_blank(mean: NDArray[np.float64], high: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) frames that are black or white all over."""
    return ((mean < BLACK_MEAN) & (high < BLACK_HIGH)) | (mean > WHITE_MEAN)


def decide(stretch: Stretch, timing: Timing) -> list[Boundary]:
    """Boundaries in order. Right for frames at least `timing.context` from both ends of the stretch, or from those
    ends that are the film's own."""
    edges, short_runs = _blank_runs(stretch, timing)
    dissolves = [
        d
        for d in strongest(stretch.dissolves, timing.windows[-1])
        if not _near(d.start, edges, timing.min_shot) and not _near(d.end, edges, timing.min_shot)
    ]
    ramps = [run for run, _ in short_runs if not _near(run, edges, timing.min_shot)]
    cuts = [
        cut
        for cut in _without_flashes(stretch, timing)
        if not any(d.start - 2 * timing.step <= cut <= d.end + timing.step for d in dissolves)
        and not any(a - timing.min_shot <= cut <= b + timing.min_shot for a, b in short_runs)
        and not _near(cut, edges, timing.min_shot)
    ]
    cuts = _thin(stretch, cuts, timing.min_shot)
    found = [Boundary(d.start, "dissolve", d.start, d.end) for d in dissolves]
    found += [_with_ramps(stretch, frame, timing) for frame in [*edges, *ramps, *cuts]]
    return sorted(found, key=lambda boundary: boundary.frame)


def _near(frame: int, others: Iterable[int], reach: int) -> bool:
    return any(abs(frame - other) < reach for other in others)


def _blank_runs(stretch: Stretch, timing: Timing) -> tuple[list[int], list[tuple[int, int]]]:
    """Edges of long blank runs, and (start, end) of short ones. The film's own ends are no edges."""
    blank = is_blank(stretch.mean, stretch.high)
    change = np.flatnonzero(np.diff(blank.astype(np.int8))) + 1
    bounds = [0, *change.tolist(), len(blank)]
    edges: list[int] = []
    short: list[tuple[int, int]] = []
    for start, end in itertools.pairwise(bounds):
        if not blank[start]:
            continue
        if end - start >= timing.blank_run:
            edges += [stretch.first + at for at in (start, end) if 0 < at < len(blank)]
        elif start > 0:
            short.append((stretch.first + start, stretch.first + end))
    return edges, short


def _difference(stretch: Stretch, one: int, other: int) -> float:
    """Mean absolute difference of two frames' thumbnails, 0..255."""
    x = stretch.thumbs[one - stretch.first].astype(np.int64)
    y = stretch.thumbs[other - stretch.first].astype(np.int64)
    return float(np.abs(x - y).sum()) / len(x)


def _without_flashes(stretch: Stretch, timing: Timing) -> list[int]:
    """Cuts, less those pairs between which the picture leaves and comes back: a flash, a dropped frame."""
    flashes: set[int] = set()
    last = stretch.first + len(stretch.mean) - 1
    for i, cut in enumerate(stretch.cuts):
        for other in stretch.cuts[i + 1 :]:
            if other - cut >= timing.min_shot or other >= last:
                break
            jump = min(_difference(stretch, cut - 1, cut), _difference(stretch, other - 1, other))
            if _difference(stretch, cut - 1, other) < 0.35 * jump:
                flashes |= {cut, other}
    return [cut for cut in stretch.cuts if cut not in flashes]


def _thin(stretch: Stretch, cuts: list[int], reach: int) -> list[int]:
    """Of cuts nearer than `reach` the strongest, the earlier of equals."""
    strength = {cut: _difference(stretch, cut - 1, cut) for cut in cuts if cut > stretch.first}
    return [
        cut
        for cut in strength
        if all((-strength[cut], cut) <= (-strength[o], o) for o in strength if abs(o - cut) < reach)
    ]


def _with_ramps(stretch: Stretch, frame: int, timing: Timing) -> Boundary:
    """A boundary that is no dissolve: a fade if light comes up behind it or goes down before it, else a cut."""
    at = frame - stretch.first
    after = _ramp(stretch.mean[at : at + timing.ramp + 1], stretch.high[at : at + timing.ramp + 1], timing.step)
    low = max(0, at - timing.ramp - 1)
    before = _ramp(stretch.mean[low:at][::-1], stretch.high[low:at][::-1], timing.step)
    # At the end of a blank run the frames before are blank; at its start the ramp down ends in it.
    fade_in = after > 0
    ends_in_black = at < len(stretch.mean) and bool(is_blank(stretch.mean[at : at + 1], stretch.high[at : at + 1])[0])
    fade = fade_in or (before > 0 and ends_in_black)
    guard = 2 * timing.step
    return Boundary(frame, "fade" if fade else "cut", frame - max(guard, before), frame + max(guard, after))


def _ramp(mean: NDArray[np.float64], high: NDArray[np.int64], step: int) -> int:
    """How many frames it takes for light to rise from black or sink from white, 0 where it does not do so evenly.

    Args:
        mean, high: (n,) from the blank end on.
    """
    reach = 8 * step
    if len(mean) <= reach:
        return 0
    dark = mean[0] < 1.6 * BLACK_MEAN and mean[0] < 0.35 * mean[reach]
    white = mean[0] > WHITE_MEAN - 12
    if not (dark or white):
        return 0
    level = mean if dark else 255.0 - mean
    steps = np.diff(level[: reach + 1])
    rise = level[reach] - level[0]
    if rise < 5 or int((steps > 0).sum()) < 0.75 * reach or steps.max() > 0.4 * rise:
        return 0
    return int(np.flatnonzero(level >= 0.92 * level.max())[0])

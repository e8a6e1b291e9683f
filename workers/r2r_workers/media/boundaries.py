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

BLACK_MEAN, BLACK_PEAK = 8.0, 40  # a dim picture is no black, nor are small letters on it
WHITE_MEAN = 243.0
DIM_MEAN = 20.0  # where the dark end of a fade may lie


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Signals of consecutive frames, (n,) each; the first is frame `first`.

    Attributes:
        mean, peak: see `signals.Signals`.
        thumbs: (n, 1728)
        cuts: cuts found among them.   dissolves: windows that fit a dissolve, overlapping ones included.
    """

    first: int
    mean: NDArray[np.float64]
    peak: NDArray[np.int64]
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


def is_black(mean: float, peak: int) -> bool:
    """Black all over, for all that coding noise may do."""
    return mean < BLACK_MEAN and peak < BLACK_PEAK


def _blank(stretch: Stretch) -> NDArray[np.bool_]:
    """(n,) frames that are black or white all over."""
    return ((stretch.mean < BLACK_MEAN) & (stretch.peak < BLACK_PEAK)) | (stretch.mean > WHITE_MEAN)


def decide(stretch: Stretch, timing: Timing) -> list[Boundary]:
    """Boundaries in order. Right for frames at least `timing.context` from both ends of the stretch, or from those
    ends that are the film's own.

    What is surer goes first: edges of black, then light coming up from black, then dissolves, then cuts. The
    frames of a transition that is taken hold no other.
    """
    edges, short_runs = _blank_runs(stretch, timing)
    runs = [run for run in short_runs if not _near(run[0], edges, timing.min_shot)]
    cuts = [
        cut
        for cut in _without_flashes(stretch, timing)
        if not any(a - timing.min_shot <= cut <= b + timing.min_shot for a, b in runs)
        and not _near(cut, edges, timing.min_shot)
        and cut >= timing.min_shot  # the film's own first frame is a boundary
    ]
    found = [_with_ramps(stretch, edge, edge, timing) for edge in edges]
    found += [_with_ramps(stretch, start, end, timing) for start, end in runs]
    plain = [
        _with_ramps(stretch, cut, cut, timing)
        for cut in cuts
        if not any(b.transition == "fade" and b.unsettled_from <= cut < b.unsettled_until for b in found)
    ]
    fades = [boundary for boundary in [*found, *plain] if boundary.transition == "fade"]
    dissolves = [
        d
        for d in strongest(stretch.dissolves, timing.windows[-1])
        if not any(_overlap(d.start, d.end, f.unsettled_from, f.unsettled_until) for f in fades)
        and not any(_near(frame, [b.frame for b in found], timing.min_shot) for frame in (d.start, d.end))
    ]
    cuts = [
        boundary.frame
        for boundary in plain
        if not any(d.start - timing.min_shot < boundary.frame < d.end + timing.min_shot for d in dissolves)
    ]
    thinned = set(_thin(stretch, cuts, timing.min_shot))
    found += [boundary for boundary in plain if boundary.frame in thinned]
    found += [Boundary(d.start, "dissolve", d.start, d.end) for d in dissolves]
    return sorted(found, key=lambda boundary: boundary.frame)


def _overlap(start: int, end: int, other_start: int, other_end: int) -> bool:
    return start < other_end and other_start < end


def _near(frame: int, others: Iterable[int], reach: int) -> bool:
    return any(abs(frame - other) < reach for other in others)


def _blank_runs(stretch: Stretch, timing: Timing) -> tuple[list[int], list[tuple[int, int]]]:
    """Edges of long blank runs, and (start, end) of short ones. The film's own ends are no edges.

    Light that comes up out of a run, or goes down into it, is no part of it, however dim it still is.
    """
    blank = _blank(stretch)
    change = np.flatnonzero(np.diff(blank.astype(np.int8))) + 1
    edges: list[int] = []
    short: list[tuple[int, int]] = []
    for start, end in itertools.pairwise([0, *change.tolist(), len(blank)]):
        if not blank[start]:
            continue
        level = stretch.mean[start:end] if stretch.mean[start] < BLACK_MEAN else 255.0 - stretch.mean[start:end]
        sinks = _falling(level) if start > 0 else 0
        rises = _falling(level[::-1]) if end < len(blank) else 0
        first, last = start + min(sinks, timing.ramp), end - min(rises, timing.ramp)
        if last - first >= timing.blank_run:
            edges += [stretch.first + at for at in (first, last) if 0 < at < len(blank)]
        elif start > 0:
            first = min(first, end - 1)
            short.append((stretch.first + first, stretch.first + max(first, last)))
    return edges, short


def _falling(level: NDArray[np.float64]) -> int:
    """How many steps the level falls from the first frame on."""
    steps = np.diff(level)
    still = np.flatnonzero(steps >= -0.02)
    return int(still[0]) if len(still) else len(steps)


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


def _with_ramps(stretch: Stretch, frame: int, lit: int, timing: Timing) -> Boundary:
    """A boundary that is no dissolve: a fade if light comes up behind it or goes down before it, else a cut.

    Args:
        frame: where the shot begins.   lit: where its black ends; `frame` itself if it does not begin in black.
    """
    at, up = frame - stretch.first, lit - stretch.first
    after = _ramp(stretch.mean[up : up + timing.ramp + 1], timing.step)
    # A shot that sinks into black ends in the black that begins here.
    into_black = bool(_blank(stretch)[at])
    before = _ramp(stretch.mean[max(0, at - timing.ramp - 1) : at + 1][::-1], timing.step) if into_black else 0
    guard = 2 * timing.step
    return Boundary(
        frame,
        "fade" if before or after else "cut",
        frame - max(guard, before),
        max(frame + guard, lit + after),
    )


def _ramp(mean: NDArray[np.float64], step: int) -> int:
    """How many frames it takes for light to rise from black or sink from white, 0 where it does not do so evenly.

    Args:
        mean: (n,) from the blank end on.
    """
    reach = 8 * step
    if len(mean) <= reach:
        return 0
    dark = mean[0] < DIM_MEAN and mean[0] < 0.35 * mean[reach]
    white = mean[0] > WHITE_MEAN - 12
    if not (dark or white):
        return 0
    level = mean if dark else 255.0 - mean
    steps = np.diff(level[: reach + 1])
    rise = level[reach] - level[0]
    if rise < 4 or int((steps > 0).sum()) < 0.75 * reach or steps.max() > 0.4 * rise:
        return 0
    end = reach
    while end + 1 < len(level) and 0 < level[end + 1] - level[end] <= 0.4 * rise:
        end += 1
    return end

"""From numbered frames to shots: a delay line in which frames wait until their boundaries are final."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from r2r_workers.media.boundaries import Boundary, Stretch, decide
from r2r_workers.media.dissolves import Dissolve
from r2r_workers.media.reader import Picture
from r2r_workers.media.signals import Signals
from r2r_workers.media.timing import Timing


class TransitionFinder(Protocol):
    """Finds cuts and dissolves in frames fed in order. What it answers about a frame depends on frames within
    `delay` of it alone, and comes at most `delay` frames late; answers are in positions."""

    delay: int

    def feed(self, position: int, frame: int, small: Picture, signals: Signals) -> tuple[list[int], list[Dissolve]]:
        """What has become known, now that this frame has been seen."""
        ...

    def finish(self) -> tuple[list[int], list[Dissolve]]:
        """What is left, after the film's last frame."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """A frame about which all is known.

    Attributes:
        boundary: set where a shot begins with this frame.
        in_transition: the frame belongs to a dissolve or fade, or touches a boundary.
    """

    frame: int
    picture: Picture
    signals: Signals
    boundary: Boundary | None
    in_transition: bool


class DelayLine:
    """Holds frames until no later frame can change where shots begin.

    Frames are counted by position, so that frames missing from a damaged film leave no holes in what is compared.
    """

    def __init__(self, timing: Timing, finder: TransitionFinder) -> None:
        self._timing = timing
        self._finder = finder
        self._context = timing.context + finder.delay
        self._block = 32 * timing.step
        self._waiting: deque[tuple[int, Picture, Signals]] = deque()
        self._history: deque[Signals] = deque()  # of waiting frames and `context` frames before them
        self._history_first = 0
        self._released = 0  # positions below have left
        self._seen = 0
        self._cuts: list[int] = []
        self._dissolves: list[Dissolve] = []

    def feed(self, frame: int, picture: Picture, small: Picture, signals: Signals) -> Iterator[Settled]:
        """Take the next frame; yields those that have become final."""
        cuts, dissolves = self._finder.feed(self._seen, frame, small, signals)
        self._cuts += cuts
        self._dissolves += dissolves
        self._waiting.append((frame, picture, signals))
        self._history.append(signals)
        self._seen += 1
        if self._seen - self._released >= self._context + self._block:
            yield from self._release(self._seen - self._context)

    def finish(self) -> Iterator[Settled]:
        """Yields the frames that are still waiting: the film has ended."""
        cuts, dissolves = self._finder.finish()
        self._cuts += cuts
        self._dissolves += dissolves
        if self._waiting:
            yield from self._release(self._seen)

    def _release(self, until: int) -> Iterator[Settled]:
        stretch = Stretch(
            first=self._history_first,
            mean=np.array([s.mean for s in self._history]),
            peak=np.array([s.peak for s in self._history]),
            thumbs=np.stack([s.thumb for s in self._history]),
            cuts=sorted(self._cuts),
            dissolves=self._dissolves,
        )
        boundaries = decide(stretch, self._timing)
        begins = {b.frame: b for b in boundaries}
        unsettled = {n for b in boundaries for n in range(b.unsettled_from, b.unsettled_until)}
        for position in range(self._released, until):
            frame, picture, signals = self._waiting.popleft()
            yield Settled(frame, picture, signals, begins.get(position), position in unsettled)
        self._released = until
        while self._history_first < until - self._context:
            self._history.popleft()
            self._history_first += 1
        self._cuts = [c for c in self._cuts if c >= self._history_first]
        self._dissolves = [d for d in self._dissolves if d.start >= self._history_first]

"""The default way to find transitions: PySceneDetect's adaptive detector for cuts, our own finder for dissolves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from r2r_workers.media.cuts import CutFinder
from r2r_workers.media.dissolves import Dissolve, DissolveFinder
from r2r_workers.media.reader import Picture
from r2r_workers.media.settings import DetectorSettings
from r2r_workers.media.signals import Signals
from r2r_workers.media.timing import Timing


class AdaptiveFinder:
    """See `shots.TransitionFinder`."""

    def __init__(self, settings: DetectorSettings, timing: Timing) -> None:
        self._cuts = CutFinder(settings)
        self._dissolves = DissolveFinder(timing.windows)
        self._block = 32 * timing.step  # thumbnails are compared a block at a time: one matrix product
        self._thumbs: list[NDArray[np.uint8]] = []
        self._first = 0
        self.delay = self._block

    def feed(self, position: int, frame: int, small: Picture, signals: Signals) -> tuple[list[int], list[Dissolve]]:
        """See `TransitionFinder.feed`."""
        del frame
        self._thumbs.append(signals.thumb)
        dissolves = self._flush() if len(self._thumbs) >= self._block else []
        return self._cuts.feed(position, small), dissolves

    def finish(self) -> tuple[list[int], list[Dissolve]]:
        """See `TransitionFinder.finish`."""
        return [], self._flush()

    def _flush(self) -> list[Dissolve]:
        if not self._thumbs:
            return []
        found = self._dissolves.feed(self._first, np.stack(self._thumbs))
        self._first += len(self._thumbs)
        self._thumbs = []
        return found

"""The default way to find transitions: PySceneDetect's adaptive detector for cuts, our own finder for dissolves."""

from __future__ import annotations

from r2r_workers.media.cuts import DELAY, CutFinder
from r2r_workers.media.dissolves import Dissolve, DissolveFinder
from r2r_workers.media.reader import Picture
from r2r_workers.media.settings import DetectorSettings
from r2r_workers.media.signals import Signals
from r2r_workers.media.thumb_blocks import ThumbBlocks
from r2r_workers.media.timing import Timing


class AdaptiveFinder:
    """See `shots.TransitionFinder`."""

    def __init__(self, settings: DetectorSettings, timing: Timing) -> None:
        self._cuts = CutFinder(settings)
        block = 32 * timing.step
        self._blocks = ThumbBlocks(DissolveFinder(timing.windows), block)
        self.delay = max(DELAY, block)

    def feed(self, position: int, frame: int, small: Picture, signals: Signals) -> tuple[list[int], list[Dissolve]]:
        """See `TransitionFinder.feed`."""
        del frame
        return self._cuts.feed(position, small), self._blocks.feed(signals.thumb)

    def finish(self) -> tuple[list[int], list[Dissolve]]:
        """See `TransitionFinder.finish`."""
        return [], self._blocks.finish()

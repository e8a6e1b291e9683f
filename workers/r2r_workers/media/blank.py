"""Shots that show no picture: black, white, and title cards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import Blank
from r2r_workers.media.boundaries import WHITE_MEAN, is_black
from r2r_workers.media.reader import Picture
from r2r_workers.media.signals import Signals

_MOST = 0.9  # of a shot's frames


def blank_frame(signals: Signals) -> Blank | None:
    """Black or white all over."""
    if is_black(signals.mean, signals.peak):
        return "black"
    return "white" if signals.mean > WHITE_MEAN else None


def blank_shot(black: int, white: int, frames: int, keyframes: list[Picture]) -> Blank | None:
    """What a shot is, if it is no picture.

    Args:
        black, white, frames: how many of the shot's frames are so.
        keyframes: those chosen of it.
    """
    if black >= _MOST * frames:
        return "black"
    if white >= _MOST * frames:
        return "white"
    return "title" if keyframes and all(is_title_card(picture) for picture in keyframes) else None


def is_title_card(picture: Picture) -> bool:
    """Text on one flat colour.

    At least 75 % of the picture is within 12 levels of its commonest colour, what stands out does so clearly, and it
    is made of thin strokes: an opening with a square of 1/40 of the picture's height removes nearly all of it. Two
    rows of five hold no mark, and at least a quarter of the marks stand in lines.
    """
    import cv2

    height = picture.shape[0]
    ground = _commonest(picture)
    by_channel = np.abs(picture.astype(np.int16) - ground)
    # Not max(axis=2): over an axis of three that takes ten times as long.
    apart = np.maximum(np.maximum(by_channel[..., 0], by_channel[..., 1]), by_channel[..., 2])
    flat = float((apart <= 12).mean())
    marks = (apart > 60).astype(np.uint8)
    share = float(marks.mean())
    if flat < 0.75 or not 0.001 <= share <= 0.2:
        return False
    size = max(3, height // 40)
    solid = cv2.morphologyEx(marks, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    if float(solid.mean()) > 0.25 * share:
        return False
    return float(marks.any(axis=1).mean()) <= 0.6 and _share_in_lines(marks) >= 0.25


def _share_in_lines(marks: NDArray[np.uint8]) -> float:
    """How much of the marks stands in lines: bands of rows between empty ones, over twice as wide as high.

    Not all of it has to: a studio's emblem may stand above its name.
    """
    edges = np.flatnonzero(np.diff(marks.any(axis=1).astype(np.int8), prepend=0, append=0))
    in_lines = 0
    for top, bottom in edges.reshape(-1, 2).tolist():
        band = marks[top:bottom]
        columns = np.flatnonzero(band.any(axis=0))
        if columns[-1] - columns[0] + 1 > 2 * (bottom - top):
            in_lines += int(band.sum())
    return in_lines / int(marks.sum())


def _commonest(picture: Picture) -> NDArray[np.int16]:
    """The middle of the fullest cell of a 16 × 16 × 16 colour histogram."""
    cells = (picture >> 4).astype(np.int32)
    code = (cells[..., 0] << 8) | (cells[..., 1] << 4) | cells[..., 2]
    fullest = int(np.bincount(code.ravel(), minlength=4096).argmax())
    inside = picture[code == fullest]
    return np.median(inside, axis=0).astype(np.int16)

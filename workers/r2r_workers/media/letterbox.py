"""Bars that a shot has inside the film's own picture: films mix formats.

A bar is black in every frame of the shot; bars come in pairs of one width; and the picture begins abruptly where
they end. A night scene has dark edges too, but neither alike on both sides nor with a straight, sudden end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from r2r_shared.records import Box

BAR_LUMA = 28  # brightest value within a bar: coding noise and ringing included
LIT_LUMA = 44  # what the picture's first lines reach
LIT_SHARE = 0.3  # of each of those lines
MIN_SHARE, MAX_SHARE = 0.02, 0.30  # of the side, each bar
MIN_ASPECT, MAX_ASPECT = 1.0, 2.9


@dataclass(frozen=True, slots=True)
class Bars:
    """Widths of the bars, in lines of the small picture."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


def find_bars(rows: NDArray[np.uint8], columns: NDArray[np.uint8]) -> Bars:
    """Bars of a shot.

    Args:
        rows, columns: (h,), (w,) the brightest luminance of each line over all the shot's frames.
    """
    top, bottom = _pair(rows)
    left, right = _pair(columns)
    height, width = len(rows) - top - bottom, len(columns) - left - right
    if not MIN_ASPECT <= width / height <= MAX_ASPECT:
        return Bars()
    return Bars(top, bottom, left, right)


def _pair(lines: NDArray[np.uint8]) -> tuple[int, int]:
    lit = np.flatnonzero(lines > BAR_LUMA)
    if len(lit) == 0:
        return 0, 0
    before, after = int(lit[0]), int(len(lines) - 1 - lit[-1])
    side = len(lines)
    if abs(before - after) > max(1, round(0.015 * side)):
        return 0, 0
    if not MIN_SHARE * side <= min(before, after) <= max(before, after) <= MAX_SHARE * side:
        return 0, 0
    if min(lines[before : before + 3].max(), lines[side - after - 3 : side - after].max()) < LIT_LUMA:
        return 0, 0
    return before, after


def begins_abruptly(picture: NDArray[np.uint8], box: Box) -> bool:
    """Whether the picture inside `box` is lit along each edge that was cut, as letters or a lamp would not be.

    Args:
        picture: (h, w, 3)
    """
    inside = picture[box.y : box.y + box.height, box.x : box.x + box.width].max(axis=2)
    edges: list[NDArray[np.uint8]] = []
    if box.y:
        edges += [inside[:3].max(axis=0), inside[-3:].max(axis=0)]
    if box.x:
        edges += [inside[:, :3].max(axis=1), inside[:, -3:].max(axis=1)]
    return all(float((edge > BAR_LUMA).mean()) >= LIT_SHARE for edge in edges)


def inner_box(bars: Bars, small: tuple[int, int], full: tuple[int, int]) -> Box:
    """What is left of the full-size analysis picture, a line inside where the small picture's lines end.

    Args:
        small, full: (height, width) of the picture that bars were found on, and of the one to cut.
    """

    def scaled(lines: int, axis: int) -> int:
        return -(-lines * full[axis] // small[axis]) + 1 if lines else 0

    top, bottom = scaled(bars.top, 0), scaled(bars.bottom, 0)
    left, right = scaled(bars.left, 1), scaled(bars.right, 1)
    return Box(left, top, full[1] - left - right, full[0] - top - bottom)

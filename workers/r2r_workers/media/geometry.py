"""Sizes of the analysis picture: how a decoded frame becomes the active picture, upright, long side at most 512 px."""

from __future__ import annotations

from dataclasses import dataclass

from r2r_shared.records import Box, FilmProbe

LONG_SIDE_PX = 512


@dataclass(frozen=True, slots=True)
class Geometry:
    """One film's analysis picture.

    Attributes:
        decode_width, decode_height: what the reader scales a decoded frame to, before rotation.
        turns: quarter turns, clockwise, that set it upright.
        crop: the film's active picture within the upright frame, analysis pixels.
        shown_width, shown_height: the whole frame as shown.
        scale_x, scale_y: shown pixels per analysis pixel.
    """

    decode_width: int
    decode_height: int
    turns: int
    crop: Box
    shown_width: int
    shown_height: int
    scale_x: float
    scale_y: float

    def to_shown(self, box: Box) -> Box:
        """A box within the active picture, analysis pixels, as a box in the whole shown frame."""
        left = round((self.crop.x + box.x) * self.scale_x)
        top = round((self.crop.y + box.y) * self.scale_y)
        right = round((self.crop.x + box.x + box.width) * self.scale_x)
        bottom = round((self.crop.y + box.y + box.height) * self.scale_y)
        return Box(left, top, min(right, self.shown_width) - left, min(bottom, self.shown_height) - top)


def plan_geometry(film: FilmProbe) -> Geometry:
    """Scale so that the active picture's long side is 512 px; a smaller film is not enlarged."""
    scale = min(1.0, LONG_SIDE_PX / max(film.active.width, film.active.height))
    width = max(2, round(film.width * scale))
    height = max(2, round(film.height * scale))
    scale_x, scale_y = film.width / width, film.height / height
    # Rounded inwards, so that no line of a bar is left on an edge.
    left = _up(film.active.x / scale_x)
    top = _up(film.active.y / scale_y)
    right = int((film.active.x + film.active.width) / scale_x + 1e-9)
    bottom = int((film.active.y + film.active.height) / scale_y + 1e-9)
    crop = Box(left, top, min(LONG_SIDE_PX, right - left), min(LONG_SIDE_PX, bottom - top))
    turns = film.rotation // 90 % 4
    decode = (width, height) if turns % 2 == 0 else (height, width)
    return Geometry(*decode, turns, crop, film.width, film.height, scale_x, scale_y)


def _up(value: float) -> int:
    return -int(-value // 1)

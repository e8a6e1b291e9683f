"""The paper's Figure 4 for any picture: the picture, its depth map in colours, and what is measured of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from r2r_workers.evaluation.colours import coloured
from r2r_workers.metrics.depth_of_field import DepthOfField
from r2r_workers.models.protocols import Picture

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage
    from PIL.ImageDraw import ImageDraw

_GAP, _EDGE, _SCALE, _LABELS, _FOOT = 24, 28, 18, 92, 64  # pixels
_NARROWEST = 480  # what the numbers need
_INK, _QUIET, _PAPER = (31, 28, 24), (101, 95, 86), (250, 248, 243)


def unit(name: str) -> str:
    """What the numbers of an estimator are, in a few words."""
    return "sharpness, 0 to 1000" if name == "defocus" else "inverse depth, raw model units"


def draw(picture: Picture, depth: NDArray[np.float32], measured: DepthOfField, *, name: str) -> PillowImage:
    """The panel: the picture on the left, the map of the same size beside it with its scale, and the three numbers.

    Args:
        picture: (h, w, 3) RGB.   depth: (h, w), raw units; larger is nearer, or sharper.
        name: the estimator's.
    """
    from PIL import Image, ImageDraw

    height, width = depth.shape
    span = measured.max - measured.min
    share = (depth - measured.min) / (span or 1.0)
    wide = max(_NARROWEST, 2 * _EDGE + 2 * width + 2 * _GAP + _SCALE + _LABELS)
    panel = Image.new("RGB", (wide, _EDGE + height + _FOOT), _PAPER)
    left = _EDGE
    panel.paste(Image.fromarray(picture), (left, _EDGE))
    left += width + _GAP
    panel.paste(Image.fromarray(coloured(np.clip(share, 0, 1))), (left, _EDGE))
    left += width + _GAP
    steps = np.repeat(np.linspace(1, 0, height, dtype=np.float32)[:, None], _SCALE, axis=1)
    panel.paste(Image.fromarray(coloured(steps)), (left, _EDGE))
    pen = ImageDraw.Draw(panel)
    _label_scale(pen, measured, left + _SCALE + 8, height)
    _caption(pen, measured, name, _EDGE + height + 14)
    return panel


def _label_scale(pen: ImageDraw, measured: DepthOfField, x: int, height: int) -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(13)
    for share in (1.0, 0.5, 0.0) if height >= 60 else (1.0,):
        value = measured.min + share * (measured.max - measured.min)
        anchor = {1.0: "la", 0.5: "lm", 0.0: "ld"}[share]
        pen.text((x, _EDGE + (1 - share) * height), f"{value:,.0f}", font=font, fill=_QUIET, anchor=anchor)


def _caption(pen: ImageDraw, measured: DepthOfField, name: str, y: int) -> None:
    from PIL import ImageFont

    numbers = f"mean {measured.avg:,.1f}    greatest {measured.max:,.1f}    least {measured.min:,.1f}"
    pen.text((_EDGE, y), numbers, font=ImageFont.load_default(16), fill=_INK)
    nearer = "brighter is sharper" if name == "defocus" else "brighter is nearer"
    pen.text((_EDGE, y + 22), f"{name}: {unit(name)}; {nearer}", font=ImageFont.load_default(12), fill=_QUIET)

"""What is an artist's own: the colours they reach for and the way they put them down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Hand:
    """One artist's hand, with the colours of one work.

    Attributes:
        colours: six RGB colours, 0..1, in the order of roles that the movement's painter names.
        stroke: size of the brush beside the movement's usual one.
        contrast: how far lights and darks stand apart, about 1.
        horizon: where the eye level is, 0 top to 1 bottom (panels: over 0.5 is an arched frame).
        scale: how large things are drawn, about 1.
    """

    colours: tuple[NDArray[np.float32], ...]
    stroke: float = 1.0
    contrast: float = 1.0
    horizon: float = 0.5
    scale: float = 1.0


def tinted(colours: list[Any], rng: np.random.Generator, stray: float) -> tuple[NDArray[np.float32], ...]:
    """The colours as mixed on one day: all strayed together, each a little more by itself."""
    together = rng.normal(0, stray, 3)
    return tuple(
        np.clip(colour * (1 + together + rng.normal(0, stray * 0.6, 3)), 0, 1).astype(np.float32) for colour in colours
    )

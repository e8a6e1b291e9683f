"""What the two readers have in common: numbered frames, in order, from a given frame on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import R2RError
from r2r_shared.film.index import FilmIndex
from r2r_workers.media.geometry import Geometry

Picture = NDArray[np.uint8]
"""(h, w, 3), RGB, upright, the film's active picture at analysis size."""


class ReaderFailed(R2RError):
    """This reader cannot read this film rightly; the other may."""


class Reader(Protocol):
    """Reads a film forward. Not to be shared between threads or kept across a fork."""

    name: str

    def read(self, start: int) -> Iterator[tuple[int, Picture]]:
        """Frames `start`, `start` + 1, … to the film's end, each with its number.

        Frames that cannot be decoded are left out; numbers never repeat or fall.
        """
        ...


def open_reader(
    name: str,
    path: Path,
    index: FilmIndex,
    geometry: Geometry,
    *,
    threads: int,
    alive: Callable[[], None] = lambda: None,
) -> Reader:
    """The reader called `name`: "decord" or "pyav".

    Args:
        alive: called while the reader works on what it gives no frames of: those before `start`, and lost ones.
    """
    if name == "decord":
        from r2r_workers.media.decord_reader import DecordReader

        return DecordReader(path, index, geometry, threads=threads, alive=alive)
    from r2r_workers.media.pyav_reader import PyavReader

    return PyavReader(path, index, geometry, threads=threads, alive=alive)


def upright(picture: Picture, geometry: Geometry) -> Picture:
    """A decoded picture at analysis size, turned upright and cut to the film's active picture."""
    if geometry.turns:
        picture = np.rot90(picture, -geometry.turns)
    crop = geometry.crop
    return picture[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]

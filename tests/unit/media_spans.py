"""Films in memory, made of scenes, cuts, dissolves and fades, and the shots that are found in them span by span."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from r2r_shared.film.index import FilmIndex
from r2r_shared.records import Box, FoundShot
from r2r_workers.media.geometry import Geometry
from r2r_workers.media.reader import Picture
from r2r_workers.media.settings import DetectorSettings
from r2r_workers.media.span import Tally, find_shots

WIDTH, HEIGHT, FPS = 64, 36, 24
GEOMETRY = Geometry(WIDTH, HEIGHT, 0, Box(0, 0, WIDTH, HEIGHT), WIDTH, HEIGHT, 1.0, 1.0)


class ArrayReader:
    """Frames from memory: what a decoder would give, without its time. Those in `holes` it cannot decode."""

    name = "memory"

    def __init__(self, pictures: np.ndarray, holes: Sequence[tuple[int, int]] = ()) -> None:
        self._pictures = pictures
        self._lost = {n for start, end in holes for n in range(start, end)}
        self.starts: list[int] = []

    def read(self, start: int) -> Iterator[tuple[int, Picture]]:
        self.starts.append(start)
        yield from ((n, self._pictures[n]) for n in range(start, len(self._pictures)) if n not in self._lost)


def scene(seed: int, frames: int, *, moving: bool) -> np.ndarray:
    """(frames, h, w, 3) a smooth random picture, panning or still, under grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(30, 225, (7, 12, 3))
    wide = np.kron(coarse, np.ones((8, 8, 1)))[: HEIGHT + 12, : WIDTH + 24]
    grain = rng.normal(0, 2, (4, HEIGHT, WIDTH, 1))
    shift = [abs((n // 6) % 32 - 16) if moving else 0 for n in range(frames)]
    views = np.stack([wide[4 : 4 + HEIGHT, s : s + WIDTH] + grain[n % 4] for n, s in enumerate(shift)])
    return views.clip(0, 255)


def film_of(shots: list[tuple[str, int, bool]], seed: int) -> np.ndarray:
    """Pictures of a film; each shot is (how it begins, frames, moving); "black" and "white" are runs of that."""
    parts: list[np.ndarray] = []
    for number, (kind, frames, moving) in enumerate(shots):
        if kind in {"black", "white"}:
            parts.append(np.full((frames, HEIGHT, WIDTH, 3), 0.0 if kind == "black" else 255.0))
            continue
        part = scene(seed * 100 + number, frames, moving=moving)
        blend = min(frames, 12 if number % 2 else 30)
        ramp = (np.arange(blend) + 1)[:, None, None, None] / (blend + 1)
        if kind == "fade":
            part[:blend] *= ramp
        if kind == "dissolve" and parts:
            part[:blend] = part[:blend] * ramp + parts[-1][-1] * (1 - ramp)
        if kind == "sink":
            part[-blend:] *= ramp[::-1]
        parts.append(part)
    return np.concatenate(parts).astype(np.uint8)


def index_of(frames: int, every: int) -> FilmIndex:
    starts = np.arange(0, frames, every, dtype=np.int32)
    return FilmIndex(np.arange(frames, dtype=np.int64), Fraction(1, FPS), starts, frames)


def shots_of(
    pictures: np.ndarray,
    index: FilmIndex,
    spans: list[tuple[int, int]],
    detector: DetectorSettings = DetectorSettings(),  # noqa: B008  (frozen)
    holes: Sequence[tuple[int, int]] = (),
) -> list[FoundShot]:
    found: list[FoundShot] = []
    for start, end in spans:
        found += find_shots(
            ArrayReader(pictures, holes),
            index,
            GEOMETRY,
            detector,
            start_frame=start,
            end_frame=end,
            threads=1,
            tally=Tally(),
            on_frame=lambda _frame: None,
        )
    return found

"""The demo's own collection: a deterministic procedural painter of invented movements, artists and works.

Nothing here is copied from a picture. Every work draws all its numbers from one generator seeded by its own
key, so its pixels do not depend on which works came before, or on how many threads paint.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from r2r_workers.demo.painter_catalogue import MOVEMENTS, MUSEUM
from r2r_workers.demo.painter_easel import Easel, palette
from r2r_workers.demo.painter_hand import Hand, tinted
from r2r_workers.demo.painter_marks import to_bytes

LONG_SIDE_PX = 768
JPEG_QUALITY = 90
MANIFEST = "paintings.csv"
COLUMNS = ("file", "title", "artist", "year", "movement", "medium", "museum")


@dataclass(frozen=True, slots=True)
class WorkSpec:
    """All there is to know about a work before it is painted.

    Attributes:
        movement, artist, motif: places in the catalogue.
        key: what its generator is seeded with; two works of one key are the same picture.
        number: which of the artist's works it is, from 0: it chooses palette, format and title.
        stray: how far its palette strays from the artist's, and (× 2) its hand from theirs.
    """

    movement: int
    artist: int
    motif: int
    number: int
    key: tuple[int, ...]
    stray: float = 0.05


@dataclass(frozen=True, slots=True)
class Work:
    """A row of the manifest."""

    file: str
    title: str
    artist: str
    year: str
    movement: str
    medium: str
    museum: str


def collection_specs(*, seed: int = 1, per_artist: int = 4) -> list[WorkSpec]:
    """The collection: each artist paints each motif of the movement in turn."""
    return [
        WorkSpec(m, a, n % len(movement.titles), n, (seed, m, a, n))
        for m, movement in enumerate(MOVEMENTS)
        for a in range(len(movement.artists))
        for n in range(per_artist)
    ]


def work(number: int, *, seed: int = 1) -> WorkSpec:
    """Work `number` of an endless catalogue: any integer ≥ 0 is a picture of its own.

    Movements take turns; artist, motif and format are drawn, and colours and hand stray further from the
    artist's than in the collection: these are by followers.
    """
    key = (seed, 1_000_003, number)
    rng = np.random.default_rng(key)
    m = number % len(MOVEMENTS)
    movement = MOVEMENTS[m]
    artist = int(rng.integers(len(movement.artists)))
    motif = int(rng.integers(len(movement.titles)))
    return WorkSpec(m, artist, motif, int(rng.integers(1 << 16)), key, stray=0.14)


def works(seed: int = 1) -> Iterator[WorkSpec]:
    """`work(0)`, `work(1)`, … without end."""
    number = 0
    while True:
        yield work(number, seed=seed)
        number += 1


def paint(spec: WorkSpec, size: int = LONG_SIDE_PX) -> NDArray[np.uint8]:
    """Paint a work: (h, w, 3) RGB, its long side `size` pixels. The same spec and size give the same bytes."""
    rng = np.random.default_rng(spec.key)
    movement = MOVEMENTS[spec.movement]
    artist = movement.artists[spec.artist]
    aspect = movement.aspects[spec.motif % len(movement.aspects)] * float(rng.uniform(0.94, 1.06))
    width, height = (size, round(size / aspect)) if aspect >= 1 else (round(size * aspect), size)

    def stray() -> float:
        return float(np.exp(rng.normal(0, 2 * spec.stray)))

    colours = palette(artist.palettes[spec.number % len(artist.palettes)])
    hand = Hand(
        tinted(colours, rng, spec.stray),
        stroke=artist.stroke * stray(),
        contrast=artist.contrast * stray() ** 0.4,
        horizon=float(np.clip(artist.horizon * stray() ** 0.5, 0.2, 0.8)),
        scale=float(np.clip(artist.scale * stray(), 0.7, 1.4)),
    )
    easel = Easel(rng, width, height)
    return to_bytes(movement.paint(easel, hand, spec.motif))


def describe(spec: WorkSpec) -> Work:
    """A work's row in the manifest."""
    movement = MOVEMENTS[spec.movement]
    artist = movement.artists[spec.artist]
    titles = movement.titles[spec.motif]
    # artists of one movement share its motifs but begin at different titles; a fourth round is numbered
    turn = spec.number // len(movement.titles)
    title = titles[(turn + spec.artist) % len(titles)]
    if turn >= len(titles):
        title = f"{title}, {turn // len(titles) + 1}"
    first, last = artist.years
    year = first + int(np.random.default_rng((*spec.key, 7)).integers(last - first + 1))
    file = f"{_slug(movement.name)}_{_slug(artist.name)}_{spec.number + 1:02d}_{_slug(title)}.jpg"
    return Work(file, title, artist.name, str(year), movement.name, movement.medium, MUSEUM)


def paint_collection(
    folder: Path, *, seed: int = 1, per_artist: int = 4, on_progress: Callable[[int, int], None] | None = None
) -> list[Work]:
    """Paint the collection into `folder` as JPEG files beside a manifest.

    Args:
        per_artist: works by each of the artists (two in every movement).
        on_progress: called with (works done, works in all) after each.

    Returns:
        The manifest's rows, in its order. The manifest is written last: where it is, the collection is whole.
    """
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    specs = collection_specs(seed=seed, per_artist=per_artist)
    rows: list[Work] = []
    for done, spec in enumerate(specs, 1):
        row = describe(spec)
        Image.fromarray(paint(spec)).save(folder / row.file, quality=JPEG_QUALITY)
        rows.append(row)
        if on_progress is not None:
            on_progress(done, len(specs))
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(row, column) for column in COLUMNS] for row in rows)
    return rows


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")

"""What the starter network was not trained on: 20 of the shared paintings, a quarter of the small ones' artists.

Both by a hash of their names, so that nobody chose them: the 20 files of `paintings/` with the smallest
SHA-256 of their name, and the artists of `paintings_small/` that `r2r_shared.triplets.held_out` holds out at a share
of .25. Works of `paintings_small/` that show a work of `paintings/` again are trained on by nobody.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from r2r_shared.triplets.held_out import is_held_out
from tests.benchmarks.films import SHARED

COUNT = 20
SHARE = 0.25

SAME_WORKS = frozenset({"s/Eugene_Delacroix_16.jpg", "s/El_Greco_50.jpg", "s/Leonardo_da_Vinci_114.jpg"})
"""Three of paintings_small show works of paintings/ again (their crops)."""


@dataclass(frozen=True, slots=True)
class Work:
    """A painting of the shared material."""

    path: Path
    file: str
    artist: str
    movement: str
    title: str
    year: str


def paintings() -> list[Work]:
    """The 72, by name."""
    return sorted(_read("paintings"), key=lambda work: work.file)


def small() -> list[Work]:
    """`paintings_small` without those that `paintings` has, too."""
    return [work for work in _read("paintings_small") if work.file not in SAME_WORKS]


def twenty() -> list[Work]:
    """Those of the 72 that are kept out."""
    return sorted(paintings(), key=lambda work: hashlib.sha256(work.file.encode()).digest())[:COUNT]


def strangers() -> list[Work]:
    """The works of `paintings_small` whose artists are kept out."""
    return [work for work in small() if is_held_out(work.artist, share=SHARE)]


def _read(folder: str) -> list[Work]:
    with (SHARED / folder / "paintings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("file", "artist", "movement", "title", "year")
    return [Work(SHARED / folder / row["file"], *(row[name] for name in names)) for row in rows]

"""What a training reads: pictures decoded and resized once into one file, and what is known of each.

A folder of NumPy files, so that every process of a training maps the same pages:

    pictures.npy   (n, s, s, 3) uint8 RGB, squashed to squares; s is 1.5 times the encoder's side, for crops, or twice
                   that where statistics are to be blended in, which see finer detail
    aspects.npy    (n,) float32, width / height before that
    metrics.npy    (n, 24) float32, the eight metrics in METRICS order, divided by their ranges; NaN: not measured
    labels.npy     (n, 2) int32, numbers of artist and of movements; -1: not known
    sharing.npy    (k, k) bool, which of those numbers of movements have a movement in common
    held.npy       (n,) bool: by an artist who is kept out
    triplets.npy, held_triplets.npy   (t, 3) int64, rows of anchor, positive, negative
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

ROOM = 1.5
"""How much larger than the encoder's side pictures are kept."""

METRIC_COLUMNS = 24
KNOWN = ("metrics", "labels", "sharing", "held", "triplets", "held_triplets")
"""The arrays that say what is known of the pictures."""

_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Feed:
    """The folder, opened; pictures stay on disk."""

    pictures: NDArray[np.uint8]
    aspects: NDArray[np.float32]
    metrics: NDArray[np.float32]
    labels: NDArray[np.int32]
    sharing: NDArray[np.bool_]
    held: NDArray[np.bool_]
    triplets: NDArray[np.int64]
    held_triplets: NDArray[np.int64]

    @staticmethod
    def open(folder: Path) -> Feed:
        names = ("aspects", *KNOWN)
        return Feed(
            np.load(folder / "pictures.npy", mmap_mode="r", allow_pickle=False),
            *(np.load(folder / f"{name}.npy", allow_pickle=False) for name in names),
        )

    def __len__(self) -> int:
        return len(self.pictures)


def side_of(side_px: int, *, fine: bool = False) -> int:
    """The side that pictures are kept at for an encoder of `side_px`; twice as large where they are to be `fine`."""
    return round(side_px * ROOM) * (2 if fine else 1)


def write_pictures(
    folder: Path,
    jpegs: Iterable[bytes],
    count: int,
    side_px: int,
    *,
    fine: bool = False,
    threads: int = 1,
    on_picture: Callable[[int], None] = lambda done: None,
) -> None:
    """Decode and squash pictures into `pictures.npy` and `aspects.npy`, in order and in bounded memory.

    Args:
        jpegs: the files' bytes, `count` of them, read as they are needed.
        side_px: the encoder's.
        fine: as for `side_of`.
        on_picture: called with the number that are done.

    Raises:
        ValueError: there are fewer than `count`, or one cannot be decoded.
        OSError: the disk has no room for them.
    """
    side = side_of(side_px, fine=fine)
    partial = folder / f"pictures.{os.getpid()}.part.npy"
    out = open_memmap(partial, mode="w+", dtype=np.uint8, shape=(count, side, side, 3))
    _reserve(partial)
    aspects = np.zeros(count, np.float32)
    done = 0
    with ThreadPoolExecutor(threads) as pool:
        for group in _groups(jpegs, _AT_ONCE):
            for squashed, aspect in pool.map(lambda jpeg: squash(jpeg, side), group):
                out[done], aspects[done] = squashed, aspect
                done += 1
            on_picture(done)
    if done != count:
        raise ValueError(f"{done} pictures came, {count} were said")
    out.flush()
    np.save(folder / "aspects.npy", aspects)
    partial.rename(folder / "pictures.npy")


def _reserve(path: Path) -> None:
    """Have the disk set the file's room aside: a page that it has none for would end the process by SIGBUS.

    Raises:
        OSError: it has not so much.
    """
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def squash(jpeg: bytes, side: int) -> tuple[NDArray[np.uint8], float]:
    """A picture as a square of `side` pixels, and its aspect.

    Raises:
        ValueError: it cannot be decoded.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            width, height = image.size
            small = image.convert("RGB").resize((side, side), Image.Resampling.BOX, reducing_gap=3.0)
    except (OSError, Image.DecompressionBombError) as error:
        raise ValueError(f"a picture cannot be decoded: {error}") from error
    return np.asarray(small), width / height


def _groups(items: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group

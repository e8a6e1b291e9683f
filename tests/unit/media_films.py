"""Small films that say in their picture which frame it is; made with the encoders in PyAV's wheel."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from r2r_shared.film.index import FilmIndex
from r2r_shared.records import FilmProbe
from r2r_workers.media.geometry import plan_geometry
from r2r_workers.media.reader import open_reader

BITS = 12


def coded_picture(number: int, width: int, height: int) -> np.ndarray:
    """(h, w, 3) a grey picture with 4 × 3 blocks that spell `number` in black and white."""
    picture = np.full((height, width, 3), 128, np.uint8)
    for bit in range(BITS):
        y, x = divmod(bit, 4)
        top, left = height * (2 * y + 1) // 7, width * (2 * x + 1) // 9
        value = 235 if number >> bit & 1 else 20
        picture[top : top + height // 7, left : left + width // 9] = value
    return picture


def read_number(picture: np.ndarray) -> int:
    """What `coded_picture` wrote, however it was scaled."""
    height, width = picture.shape[:2]
    number = 0
    for bit in range(BITS):
        y, x = divmod(bit, 4)
        middle = picture[int(height * (2 * y + 1.5) / 7), int(width * (2 * x + 1.5) / 9)]
        number |= int(middle.mean() > 128) << bit
    return number


def write_film(
    path: Path,
    pictures: Sequence[np.ndarray],
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    rate: int | Fraction = 25,
    times: Sequence[int] | None = None,
    aspect: Fraction | None = None,
    rotation: int = 0,
    first_pts: int = 0,
    timecode: str = "",
) -> Path:
    """Encode (h, w, 3) RGB `pictures`; `times` are in 1/1000 s and replace even spacing.

    With a timecode, mp4 and mov get a track of it, other containers a tag.
    """
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        if timecode:
            stream.metadata["timecode"] = timecode
        base = Fraction(1, 1000) if times is not None else Fraction(1, rate)
        stream.codec_context.time_base = base
        stream.time_base = base
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        for n, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = (times[n] if times is not None else n) + first_pts
            frame.time_base = base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def coded_film(path: Path, frames: int = 90, *, width: int = 144, height: int = 112, **how) -> Path:
    """A film of `frames` numbered pictures."""
    return write_film(path, [coded_picture(n, width, height) for n in range(frames)], **how)


def numbers(film: FilmProbe, path: Path, reader: str, start: int) -> list[tuple[int, int]]:
    """Each frame's number as `reader` gives it from `start` on, and as its picture spells it."""
    index = FilmIndex.from_bytes(film.index)
    geometry = plan_geometry(film)
    frames = open_reader(reader, path, index, geometry, threads=2).read(start)
    return [(number, read_number(np.rot90(picture, geometry.turns))) for number, picture in frames]

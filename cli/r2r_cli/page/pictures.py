"""The pictures of a page: re-encoded small enough that the whole page stays within a budget."""

from __future__ import annotations

import base64
import bisect
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PIL import Image

COLUMN_ROWS = 48
"""Rows of a picture's colour column, which the film's barcode is woven from."""

FRAME = 0
EXTRA_FRAME = 6
"""Ranks of pictures: a shot's first keyframe, paintings by their rank in it, its further keyframes."""

SAMPLE = 24


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture the page would like to show; the lower its rank, the longer it is kept."""

    key: str
    rank: int


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the ladder: how large, how fine, and up to which rank pictures are shown."""

    long_side_px: int
    quality: int
    ranks: int


LADDER = (
    Step(512, 82, EXTRA_FRAME),
    Step(448, 80, EXTRA_FRAME),
    Step(384, 78, EXTRA_FRAME),
    Step(320, 72, EXTRA_FRAME),
    Step(288, 66, 5),
    Step(256, 58, 5),
    Step(256, 48, 5),
    Step(224, 46, 5),
    Step(224, 40, 5),
    Step(224, 40, 3),
    Step(192, 40, 3),
    Step(192, 40, 1),
    Step(160, 40, 1),
    Step(128, 40, 1),
    Step(96, 40, 1),
)
"""From a short film's page to a very long one's. The last rung is taken even where it does not fit."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the page holds it.

    Attributes:
        webp: the encoded picture.
        column: COLUMN_ROWS × RGB, the picture averaged across its width.
    """

    webp: bytes
    width: int
    height: int
    column: bytes

    @property
    def uri(self) -> str:
        return "data:image/webp;base64," + base64.b64encode(self.webp).decode("ascii")


@dataclass(frozen=True, slots=True)
class Album:
    """The pictures that fit, by media key, the rung they stand on, and the keys that could not be read."""

    pictures: dict[str, Picture]
    step: Step
    missing: tuple[str, ...]

    @property
    def cost(self) -> int:
        """Characters that they take in the page."""
        return _cost_of(self.pictures.values())


def fit(wanted: Iterable[Wanted], image: Callable[[str], bytes], *, room_bytes: int) -> Album:
    """Encode the wanted pictures on the first rung of the ladder on which all of them fit.

    A sample tells which rung to try; whether everything fits is then checked on the real thing.

    Args:
        image: the media store: key to the picture's bytes, OSError where there is none.
        room_bytes: characters that all pictures together may take, base64 included.
    """
    ranks: dict[str, int] = {}
    for one in wanted:
        ranks[one.key] = min(one.rank, ranks.get(one.key, one.rank))
    rung = _first_rung(ranks, image, room_bytes)
    while True:
        album = _encode_all(ranks, image, LADDER[rung])
        if rung == len(LADDER) - 1 or album.cost <= room_bytes:
            return album
        rung += 1


def _first_rung(ranks: dict[str, int], image: Callable[[str], bytes], room_bytes: int) -> int:
    """The first rung on which a sample of the pictures, multiplied, fits; found by halving the ladder."""
    stride = max(1, len(ranks) // SAMPLE)
    keys = list(ranks)[::stride]
    sample = [picture for key in keys if (picture := _open(image, key, LADDER[0])) is not None]

    def fits(step: Step) -> bool:
        shown = sum(rank <= step.ranks for rank in ranks.values())
        return shown * _cost_of(_encode(one, step) for one in sample) <= room_bytes * len(sample)

    return min(bisect.bisect_left(LADDER, True, key=fits), len(LADDER) - 1)


def _encode_all(ranks: dict[str, int], image: Callable[[str], bytes], step: Step) -> Album:
    pictures: dict[str, Picture] = {}
    missing: list[str] = []
    for key, rank in ranks.items():
        if rank > step.ranks:
            continue
        opened = _open(image, key, step)
        if opened is None:
            missing.append(key)
        else:
            pictures[key] = _encode(opened, step)
    return Album(pictures, step, tuple(missing))


def _open(image: Callable[[str], bytes], key: str, step: Step) -> Image.Image | None:
    """The picture as RGB, decoded no larger than the step needs; None where it cannot be read."""
    try:
        picture = Image.open(io.BytesIO(image(key)), formats=("JPEG", "PNG", "WEBP"))
        picture.draft("RGB", (step.long_side_px, step.long_side_px))
        return picture.convert("RGB")
    except OSError:  # not in the store, or not a picture (UnidentifiedImageError): the page counts it
        return None


def _encode(picture: Image.Image, step: Step) -> Picture:
    small = picture.copy()
    small.thumbnail((step.long_side_px, step.long_side_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=step.quality, method=2)
    column = small.resize((1, COLUMN_ROWS), Image.Resampling.BOX)
    return Picture(out.getvalue(), small.width, small.height, column.tobytes())


def _cost_of(shown: Iterable[Picture]) -> int:
    """What pictures take in the page, in bytes: base64, and the words around each."""
    return sum(math.ceil(len(one.webp) / 3) * 4 + 96 for one in shown)


def column(picture: Picture, rows: int) -> bytes:
    """A picture's colours from top to bottom in so many rows, RGB; rows divides COLUMN_ROWS."""
    whole = Image.frombytes("RGB", (1, COLUMN_ROWS), picture.column)
    return whole.resize((1, rows), Image.Resampling.BOX).tobytes()


def depth_maps(keys: Iterable[str], depth: Callable[[str], bytes], *, room_bytes: int) -> dict[str, str]:
    """Data URIs of the depth maps of pictures, by the pictures' keys; all of them or, where they do not fit, none.

    Args:
        depth: a picture's key to the bytes of its map, OSError where there is none.
    """
    found: dict[str, str] = {}
    for key in dict.fromkeys(keys):
        try:
            small = Image.open(io.BytesIO(depth(key)), formats=("PNG",)).convert("L")
        except OSError:
            continue
        out = io.BytesIO()
        small.save(out, "WEBP", quality=50, method=2)
        found[key] = "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode("ascii")
        room_bytes -= len(found[key])
        if room_bytes < 0:
            return {}
    return found


def barcode(stripes: Sequence[tuple[float, float, bytes]], *, duration_s: float) -> str:
    """The film as one strip: each stripe a shot's colours, as wide as the shot is long.

    Args:
        stripes: start and end in seconds, and a column of COLUMN_ROWS RGB pixels.

    Returns:
        A data URI, 1600 × COLUMN_ROWS pixels; stripes narrower than a pixel are mixed.
    """
    width, fine = 1600, 4
    strip = Image.new("RGB", (width * fine, COLUMN_ROWS), (128, 126, 122))
    scale = width * fine / duration_s
    for start_s, end_s, column in stripes:
        left, right = round(start_s * scale), round(end_s * scale)
        if right > left:
            stripe = Image.frombytes("RGB", (1, COLUMN_ROWS), column)
            strip.paste(stripe.resize((right - left, COLUMN_ROWS), Image.Resampling.NEAREST), (left, 0))
    out = io.BytesIO()
    strip.reduce((fine, 1)).save(out, "WEBP", quality=88, method=6)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode("ascii")

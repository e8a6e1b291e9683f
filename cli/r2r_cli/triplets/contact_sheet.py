"""A contact sheet of triplets, as the paper's Figure 6: anchor, positive and negative side by side, a triplet a row."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from r2r_cli.triplets.rows import ROLES, Triplet
from r2r_shared.queries.works import Label
from r2r_shared.records import METRICS

PICTURE = (330, 250)  # px, each picture's box
TEXT_PX = 94  # up to five lines beneath it
GAP = 18
HEAD_PX = 34
QUALITY = 88
PAPER, INK, FAINT, FRAME = (250, 249, 246), (32, 32, 32), (112, 112, 112), (224, 222, 216)
NEAR, FAR = (24, 104, 66), (160, 52, 40)

_FONTS = ("DejaVuSans.ttf", "Arial.ttf")  # what has most scripts, where it is installed; else Pillow's own, Latin

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Line(NamedTuple):
    """A line of a caption."""

    text: str
    colour: tuple[int, int, int]
    size: int  # px


def draw(triplets: Sequence[Triplet], labels: Mapping[int, Label], image: Callable[[str], bytes]) -> tuple[bytes, int]:
    """A JPEG of these triplets, and how many of the pictures are not in the store.

    Args:
        labels: by painting id.
        image: a picture's bytes by its key; raises FileNotFoundError where there is none.
    """
    column, row = PICTURE[0] + GAP, PICTURE[1] + TEXT_PX + GAP
    sheet = Image.new("RGB", (GAP + 3 * column, HEAD_PX + GAP + row * len(triplets)), PAPER)
    pen = ImageDraw.Draw(sheet)
    missing = 0
    for place, role in enumerate(ROLES):
        left = GAP + place * column
        pen.text((left, GAP), role, INK, _font(17))
        for number, triplet in enumerate(triplets):
            top = HEAD_PX + GAP + number * row
            picture = _picture(image, triplet.images[place])
            missing += picture is None
            _paste(sheet, pen, picture, left, top)
            top += PICTURE[1] + 5
            for line in _caption(triplet, place, labels.get(triplet.ids[place])):
                pen.text((left, top), line.text, line.colour, _font(line.size))
                top += line.size + 5
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=QUALITY)
    return out.getvalue(), missing


def _picture(image: Callable[[str], bytes], key: str) -> Image.Image | None:
    try:
        data = image(key)
    except FileNotFoundError:
        return None
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as found:
        small = found.convert("RGB")
    scale = min(PICTURE[0] / small.width, PICTURE[1] / small.height)
    size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
    return small.resize(size, Image.Resampling.LANCZOS)


def _paste(sheet: Image.Image, pen: ImageDraw.ImageDraw, picture: Image.Image | None, left: int, top: int) -> None:
    if picture is None:
        pen.rectangle((left, top, left + PICTURE[0] - 1, top + PICTURE[1] - 1), fill=FRAME)
        pen.text((left + 12, top + 12), "not in the media store", FAINT, _font(13))
    else:
        sheet.paste(picture, (left, top + PICTURE[1] - picture.height))  # on one line with their captions


def _caption(triplet: Triplet, place: int, label: Label | None) -> list[Line]:
    """Title, artist and year, movement; and for the two others, which metrics hold between them and the anchor."""
    if label is None:
        lines = [Line("removed meanwhile", FAINT, 13)]
    else:
        by = ", ".join(filter(None, (label.artist, label.year)))
        lines = [Line(label.title, INK, 14), Line(by, FAINT, 13), Line(label.movement, FAINT, 13)]
    lines = [Line(_fitting(line.text, _font(line.size)), line.colour, line.size) for line in lines]
    if place == 0:
        return lines
    met, word, colour = (triplet.positive_met, "near", NEAR) if place == 1 else (triplet.negative_met, "far", FAR)
    said = f"{word} in {len(met)} of {len(METRICS)}: {', '.join(met) or 'none'}"
    return lines + [Line(text, colour, 12) for text in _wrapped(said, _font(12))]


def _fitting(text: str, font: Font) -> str:
    """As much of one line as fits beneath a picture."""
    text = " ".join(text.split())
    if font.getlength(text) <= PICTURE[0]:
        return text
    while text and font.getlength(text + "…") > PICTURE[0]:
        text = text[:-1]
    return text.rstrip() + "…"


def _wrapped(text: str, font: Font) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > PICTURE[0]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


@cache
def _font(size: int) -> Font:
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)

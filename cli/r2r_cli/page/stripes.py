"""The stripes of the film's barcode: each shot's colours from top to bottom, RGB pixels, by the shot's number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from r2r_cli.page import pictures
from r2r_cli.page.pictures import Album
from r2r_shared.queries.palettes import Palettes

ROWS = 12
"""Of a stripe that the scripts draw."""

_BLANK = {"black": (12, 12, 12), "white": (243, 243, 243), "title": (70, 70, 70)}
_UNKNOWN = (128, 126, 122)


def of_pictures(shots: Iterable[dict[str, Any]], album: Album, *, rows: int = ROWS) -> dict[int, bytes]:
    """Averaged across each shot's first picture that the page has, in so many rows."""
    found: dict[int, bytes] = {}
    for shot in shots:
        keyframe = next((k for k in shot["keyframes"] if k["image"] in album.pictures), None)
        if keyframe is not None:
            found[shot["number"]] = pictures.column(album.pictures[keyframe["image"]], rows)
        else:
            found[shot["number"]] = _plain(shot) * rows
    return found


def of_palettes(shots: Iterable[dict[str, Any]], palettes: Palettes | None) -> dict[int, bytes]:
    """Each shot's dominant colours, the largest first and widest: no picture need be opened for them."""
    found: dict[int, bytes] = {}
    for shot in shots:
        known = palettes and shot["keyframes"] and palettes.keyframes.get(shot["keyframes"][0]["frame"])
        if known and not shot["blank"]:
            three = bytes(min(255, max(0, round(value))) for value in known)
            found[shot["number"]] = three[:3] * 3 + three[3:6] * 2 + three[6:]
        else:
            found[shot["number"]] = _plain(shot)
    return found


def in_time(shots: list[dict[str, Any]], album: Album) -> Iterator[tuple[float, float, bytes]]:
    """Start and end of each shot, and its colours as finely as the album has them: what `pictures.barcode` takes."""
    columns = of_pictures(shots, album, rows=pictures.COLUMN_ROWS)
    for shot in shots:
        yield shot["start_s"], shot["end_s"], columns[shot["number"]]


def _plain(shot: dict[str, Any]) -> bytes:
    """One pixel for a shot without a picture."""
    return bytes(_BLANK.get(shot["blank"] or "", _UNKNOWN))

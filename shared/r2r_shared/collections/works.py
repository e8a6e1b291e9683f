"""What all museums' readers share: a record of cleaned parts, and the reasons for which there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from r2r_shared.collections import remarks
from r2r_shared.collections.addresses import web_address
from r2r_shared.collections.attribution import Attribution
from r2r_shared.collections.classes import Classes
from r2r_shared.collections.prose import Prose, extra_of
from r2r_shared.dates import Years
from r2r_shared.records import PaintingRecord, Refusal

UNTITLED = "Untitled"


def record(
    prose: Prose,
    *,
    file: str,
    title: str,
    by: Attribution,
    year: str,
    years: Years,
    museum: str,
    medium: str = "",
    genre: str = "",
    movement: str = "",
    licence: str = "",
    page: Any = "",
    picture_url: Any = "",
    record_url: str = "",
    extra: Mapping[str, Any] | None = None,
) -> PaintingRecord:
    """A museum's work as a record; what is missing or odd is noted."""
    if not title:
        prose.note(remarks.NO_TITLE)
    picture = web_address(picture_url)
    if picture_url and not picture:
        prose.note(remarks.BAD_ADDRESS)
    more = dict(extra or {})
    if by.others:
        more["artists"] = [name for name in (by.artist, *by.others) if name]
    if by.unnamed and not by.artist:
        more["attribution"] = by.unnamed
    kept = extra_of(prose, more)
    return PaintingRecord(
        file=file,
        path="",
        title=title or UNTITLED,
        artist=by.artist,
        movement=movement,
        year=year,
        year_from=years[0],
        year_to=years[1],
        medium=medium,
        museum=museum,
        genre=genre,
        extra=kept,
        licence=licence,
        page=web_address(page),
        picture_url=picture,
        record_url=record_url,
        remarks=tuple(prose.noted),
    )


def left_out(file: str, classes: Classes, labels: Sequence[str]) -> Refusal | None:
    """The refusal of a work that is not of the classes wanted, or None where it is."""
    if classes.takes(labels):
        return None
    return Refusal(file, classes.reason(labels), ", ".join(filter(None, labels))[:200], left_out=True)


def without_number(where: str, entry: Mapping[str, Any], said: str = "") -> Refusal:
    """The refusal of an entry that has no number of its own: an API's error message, or whatever it is."""
    error = error_document(entry)
    return Refusal(where, remarks.ERROR_DOCUMENT if error else remarks.NO_ID, error or said[:80])


def error_document(entry: Mapping[str, Any]) -> str:
    """What an API's error message says; empty for anything else."""
    for key in ("error", "message", "detail", "errorMessage"):
        said = entry.get(key)
        if isinstance(said, str) and said and len(entry) <= 6:
            return said[:200]
    return ""

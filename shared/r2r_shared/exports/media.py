"""A film's file as others refer to it: its name, its kind, and where its first frame stands on a player's clock."""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from r2r_shared.exports.text import file_name

# Those that Python's table lacks, or says otherwise than players expect.
_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".mkv": "video/x-matroska",
    ".webm": "video/webm", ".avi": "video/x-msvideo", ".mpg": "video/mpeg", ".mpeg": "video/mpeg",
    ".ts": "video/mp2t", ".m2ts": "video/mp2t", ".mts": "video/mp2t", ".ogv": "video/ogg", ".mxf": "application/mxf",
    ".wmv": "video/x-ms-wmv", ".flv": "video/x-flv",
}  # fmt: skip


def media_type(film: dict[str, Any]) -> str:
    """video/mp4 and the like, by the file's ending; `video/*` where that says nothing."""
    return _known(file_name(film)) or "video/*"


def format_at(address: str) -> dict[str, str]:
    """`format` of a resource at an address, by the address's ending; nothing where that says nothing.

    A film may lie there as another kind of file than was analysed.
    """
    known = _known(unquote(urlsplit(address).path.rpartition("/")[2]))
    return {"format": known} if known else {}


def _known(name: str) -> str:
    name = name.lower()
    known = _TYPES.get(name[name.rfind(".") :]) if "." in name else None
    guessed = known or mimetypes.guess_type(name)[0] or ""
    return guessed if known or guessed.startswith("video/") else ""


def relative_url(film: dict[str, Any]) -> str:
    """The film's file beside the one that refers to it: whoever puts both into one folder finds them linked."""
    return f"./{quote(file_name(film))}"


def offset_s(film: dict[str, Any]) -> float:
    """What to add to a time of the timeline to find it on a player's clock, seconds, at least 0."""
    return max(0.0, float(film.get("media_offset_s") or 0.0))

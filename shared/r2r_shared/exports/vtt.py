"""WebVTT chapters: a cue for each shot, named after its nearest painting (W3C WebVTT, sections 4 and 6).

Times are those of a player that shows the film's file: see `media_offset_s` in the timeline.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from r2r_shared.citation import Citation
from r2r_shared.exports import Choices
from r2r_shared.exports.elan import milliseconds
from r2r_shared.exports.media import offset_s
from r2r_shared.exports.text import headline, kept_at, one_line

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write(found: dict[str, Any], citation: Citation, choices: Choices) -> bytes:
    """One file, UTF-8."""
    del choices
    return "\n\n".join(_blocks(found, citation)).encode() + b"\n"


def _blocks(found: dict[str, Any], citation: Citation) -> Iterator[str]:
    film, said = found["film"], citation.to_json()
    yield "WEBVTT"
    told = map(_text, (film["title"], said["text"], said["made_at"], said["caution"]))
    yield "\n".join(["NOTE", *filter(None, told)])  # an empty line would end the note
    offset = round(1000 * offset_s(film))
    if offset:
        yield f"NOTE\nthe film's first frame is shown at {timestamp(offset)}; times count from the file's beginning"
    for shot, (start, end) in zip(found["shots"], milliseconds(found["shots"]), strict=True):
        if shot["matches"]:
            # A player shows titles alone, and titles repeat: which painting is meant is said to whoever reads the file.
            painting = shot["matches"][0]["painting"]
            yield f"NOTE\n{shot['number']}. {_text(kept_at(painting))}, picture sha256 {painting.get('sha256')}"
        yield (
            f"{shot['number']}\n{timestamp(offset + start)} --> {timestamp(offset + end)}\n"
            f"{shot['number']}. {_text(headline(shot))}"
        )


def timestamp(milliseconds: int) -> str:
    """01:02:03.004; two digits of hours at least."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _text(text: str) -> str:
    """One line of a cue or a note; without `>` no `-->` can stand in it."""
    return one_line(text).translate(_ESCAPES)

"""Texts of strangers (titles, names, file names) as the formats take them: one line, no markup, no formula."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# Whatever any reader takes for the end of a line (str.splitlines knows the most), and all other control characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")

# XML 1.0, section 2.2, production 2: what a document may not hold, not even as a reference; and C1, which it need not.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

BLANK = {"black": "black", "white": "white", "title": "title card"}


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, quoted: titles and file names come from anywhere."""
    return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULA else value


def one_line(text: str) -> str:
    """A text without line ends and control characters; a run of them, or of spaces, is one space."""
    return " ".join(_CONTROL.sub(" ", text).split())


def in_xml(text: str) -> str:
    """What XML 1.0 can hold of a text; what it cannot is shown as U+FFFD. Not escaped yet."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def file_name(film: dict[str, Any]) -> str:
    """The name of a film's file, without the folders of this machine: they mean nothing elsewhere."""
    return PurePosixPath(str(film["path"])).name or "film"


def years(painting: dict[str, Any]) -> str:
    """The date as the museum writes it, else 1503–1506, 1890, or nothing."""
    if written := painting.get("year"):
        return str(written)
    begin, end = painting["year_from"], painting["year_to"]
    if begin is None and end is None:
        return ""
    if begin == end:
        return str(begin)
    return f"{'' if begin is None else begin}–{'' if end is None else end}"


def named(painting: dict[str, Any]) -> str:
    """“The Kiss by Gustav Klimt”, in one line; what nobody wrote down is said to be unknown."""
    title = one_line(painting["title"]) or "untitled"
    return f"{title} by {one_line(painting['artist']) or 'an unknown artist'}"


def kept_at(painting: dict[str, Any]) -> str:
    """Where a painting is kept, by names that mean the same in other installations: “wikiart/kiss.jpg”, in one line."""
    return "/".join(filter(None, (one_line(painting.get("collection") or ""), one_line(painting["file"]))))


def scores(match: dict[str, Any], digits: int = 4) -> str:
    """A match's score, and the corrected one that the order is of, where there is one."""
    corrected = match.get("corrected")
    return f"{match['score']:.{digits}f}" + ("" if corrected is None else f", corrected {corrected:.{digits}f}")


def judged(match: dict[str, Any]) -> str:
    """The same where it stands beside the score: what is not known must not seem to be that."""
    return "whether convincing: not known" if match.get("convincing") is None else verdict(match)


def verdict(match: dict[str, Any]) -> str:
    """Whether a match is convincing, in words."""
    return {True: "convincing", False: "not convincing", None: "not known"}[match.get("convincing")]


def headline(shot: dict[str, Any]) -> str:
    """One line on a shot: its nearest painting and whether that is convincing, or why it has none."""
    if shot["blank"]:
        return BLANK[shot["blank"]]
    if not shot["matches"]:
        return "no painting"
    best = shot["matches"][0]
    doubt = " (not convincing)" if best.get("convincing") is False else ""
    return f"{named(best['painting'])}{doubt}"

"""The Art Institute of Chicago: its data dump (`json/artworks/*.json`, one file a work) and the answers of its API.

Fields: https://api.artic.edu/docs/#artworks. What to know of them:

* The picture is `image_id`, at the museum's IIIF service; the documentation asks for `/full/843,/0/default.jpg`, the
  size that its own pages use and its caches hold (https://api.artic.edu/docs/#iiif-image-api).
* Pictures of works with `is_public_domain` are under CC0 (https://www.artic.edu/image-licensing); the others are given
  for viewing, and nothing free is said of them.
* `artist_titles` lists the makers in order; `artist_display` is the label ("Georges Seurat (French, 1859–1891)") and
  the only place where "Workshop of" stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from r2r_shared.collections import dating, json_stream, licences, remarks, works
from r2r_shared.collections.addresses import web_address
from r2r_shared.collections.artist_names import without_life
from r2r_shared.collections.attribution import Attribution, Maker, after_nobody, attribute, is_qualified, is_unknown
from r2r_shared.collections.classes import PAINTINGS, Classes
from r2r_shared.collections.prose import Prose
from r2r_shared.records import PaintingRecord, Refusal

MUSEUM = "Art Institute of Chicago"
IIIF = "https://www.artic.edu/iiif/2"
PAGE = "https://www.artic.edu/artworks/"
WIDTH = 843
LISTS = ("data",)
FIELDS = (
    *("id", "title", "main_reference_number", "date_start", "date_end", "date_display", "artist_display"),
    *("artist_title", "artist_titles", "place_of_origin", "dimensions", "medium_display", "credit_line"),
    *("is_public_domain", "copyright_notice", "artwork_type_title", "department_title", "style_title", "style_titles"),
    *("classification_title", "classification_titles", "subject_titles", "image_id"),
)
"""What is asked of the API, so that it does not send what is thrown away."""

_EXTRA = {
    "main_reference_number": "accession_number",
    "department_title": "department",
    "place_of_origin": "place_of_origin",
    "dimensions": "dimensions",
    "credit_line": "credit_line",
    "artist_display": "artist_display",
    "copyright_notice": "copyright_notice",
}


def records(source: Path, *, classes: Classes = PAINTINGS) -> Iterator[PaintingRecord | Refusal]:
    """Every work of the dump's folder, or of a JSON file with one work or many."""
    folder = source / "json" / "artworks" if (source / "json" / "artworks").is_dir() else source
    for found in json_stream.works(folder, LISTS):
        yield found if isinstance(found, Refusal) else record(*found, classes=classes)


def record(
    where: str, entry: Mapping[str, Any], *, classes: Classes = PAINTINGS, iiif: str = IIIF
) -> PaintingRecord | Refusal:
    """A work as one of the museum's records describes it.

    Args:
        iiif: where its pictures are served; an answer of the API says so.
    """
    number = entry.get("id")
    if isinstance(number, str) and number.isdigit():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 10**12:
        return works.without_number(where, entry)
    file = f"artic/{number}"
    prose = Prose()
    classification = prose.lines(entry.get("classification_titles")) or prose.lines(entry.get("classification_title"))
    kind = prose.lines(entry.get("artwork_type_title"))
    labels = [*kind, *classification]
    # The type is what the museum calls a work; the classifications name its materials and what it reproduces, too.
    if refusal := works.left_out(file, classes, kind if kind and classes.wanted is None else labels):
        return refusal
    year = prose.line(entry.get("date_display"))
    styles = list(dict.fromkeys((*prose.lines(entry.get("style_title")), *prose.lines(entry.get("style_titles")))))
    extra: dict[str, Any] = {ours: entry.get(theirs) for theirs, ours in _EXTRA.items()}
    extra["subjects"] = prose.lines(entry.get("subject_titles"))
    if len(styles) > 1:
        extra["styles"] = styles
    return works.record(
        prose,
        file=file,
        title=prose.line(entry.get("title")),
        by=_makers(prose, entry),
        year=year,
        years=dating.years(prose, year, entry.get("date_start"), entry.get("date_end")),
        medium=prose.line(entry.get("medium_display")),
        museum=MUSEUM,
        genre=", ".join(dict.fromkeys(labels[:4])),
        movement=styles[0] if styles else "",
        licence="cc0" if entry.get("is_public_domain") is True else _notice(prose, entry),
        page=f"{PAGE}{number}",
        picture_url=_picture(prose, entry.get("image_id"), web_address(iiif) or IIIF),
        extra=extra,
    )


def iiif_of(answer: Mapping[str, Any]) -> str:
    """Where an API answer says that the pictures are served."""
    config = answer.get("config")
    named = cast(dict[str, Any], config).get("iiif_url") if isinstance(config, dict) else None
    return web_address(named) or IIIF


def _notice(prose: Prose, entry: Mapping[str, Any]) -> str:
    return licences.canonical(prose.line(entry.get("copyright_notice")))


def _picture(prose: Prose, image: Any, iiif: str) -> str:
    if not image:
        return ""
    if not isinstance(image, str) or not re.fullmatch(r"[A-Za-z0-9-]{8,64}", image):
        prose.note(remarks.BAD_ADDRESS)
        return ""
    return f"{iiif.rstrip('/')}/{image}/full/{WIDTH},/0/default.jpg"


def _makers(prose: Prose, entry: Mapping[str, Any]) -> Attribution:
    names = prose.lines(entry.get("artist_titles")) or prose.lines(entry.get("artist_title"))
    display = entry.get("artist_display")
    lines = [prose.line(line) for line in display.split("\n", 20)[:20]] if isinstance(display, str) else []
    labels = [without_life(line) for line in lines if line]
    qualified = [label for label in labels if is_qualified(label)]
    if not names:
        # A work without a maker still has a label, which then names a culture ("Coptic; Egypt").
        known = "artist_title" not in entry and "artist_titles" not in entry
        first = labels[0] if labels else ""
        return attribute(prose, [Maker(first)]) if known else Attribution(unnamed=first)
    if not qualified:
        return attribute(prose, [Maker(name) for name in names])
    # "Workshop of …" stands nowhere else. The label's line that names somebody says what he had to do with the work;
    # where no line does, the qualified one is of the first, since nothing says that it is not.
    said = [next((label for label in labels if _names(label, name)), "") for name in names]
    if not any(line in qualified for line in said):
        said[0] = ", ".join(filter(None, (said[0], qualified[0])))
        qualified.append(said[0])
    makers = [line if line in qualified else name for line, name in zip(said, names, strict=True)]
    return attribute(prose, [Maker(name) for name in dict.fromkeys(map(after_nobody, makers))])


def _names(label: str, name: str) -> bool:
    """True where a line of the label has a word of somebody's name in it: labels and lists spell names differently."""
    if is_unknown(name):
        return False
    words = set(re.findall(r"\w{3,}", label.casefold()))
    return any(word in words for word in re.findall(r"\w{3,}", name.casefold()) if word not in _SMALL)


_SMALL = frozenset(
    {"the", "van", "von", "der", "den", "del", "della", "elder", "younger", "master", "workshop", "artist"}
)

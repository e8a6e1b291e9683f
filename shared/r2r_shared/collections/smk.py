"""SMK, the National Gallery of Denmark: the answers of its API, as they come or collected in files.

Fields: https://api.smk.dk/api/v1/docs/. What to know of them:

* Texts are Danish: `object_names` says "maleri", `creator_qualifier` says "tilskrevet"; the qualifiers are translated,
  so that "Attributed to" is the same for all museums.
* `production` lists the makers, "efter" among them for whoever made the model. Names are turned round by hand where
  `creator_forename` is not given.
* "Udateret": then the years span the artist's life, and are not taken.
* `start` and `end` are midnights in Copenhagen, written in UTC: the first of January is the 31 December before, 23:00.
* `rights` is the licence of the picture (an address of Creative Commons), `public_domain` says the same of the work.
* `image_iiif_id` is a IIIF service (version 2, level 1 or more by its info.json; the museum's own thumbnails use
  `!1600,`). `image_native` is the photograph at full size; it is not asked for unless it is all there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from r2r_shared.collections import dating, json_stream, licences, remarks, works
from r2r_shared.collections.addresses import web_address
from r2r_shared.collections.artist_names import forward
from r2r_shared.collections.attribution import Attribution, Maker, attribute, role_of
from r2r_shared.collections.classes import PAINTINGS, Classes
from r2r_shared.collections.iiif_images import SIDE
from r2r_shared.collections.prose import Prose
from r2r_shared.records import PaintingRecord, Refusal

MUSEUM = "SMK, National Gallery of Denmark"
PAGE = "https://open.smk.dk/artwork/image/"
LISTS = ("items",)

_LIFE = re.compile(r"udateret|kunstnerens (?:leveår|virkeår|levetid)", re.IGNORECASE)
_EXTRA = {
    "object_number": "accession_number",
    "responsible_department": "department",
    "credit_line": "credit_line",
    "iiif_manifest": "iiif_manifest",
}


def records(source: Path, *, classes: Classes = PAINTINGS) -> Iterator[PaintingRecord | Refusal]:
    """Every work of a file of answers, or of a folder of such."""
    for found in json_stream.works(source, LISTS):
        yield found if isinstance(found, Refusal) else record(*found, classes=classes)


def record(where: str, entry: Mapping[str, Any], *, classes: Classes = PAINTINGS) -> PaintingRecord | Refusal:
    """A work as one of the museum's records describes it."""
    prose = Prose()
    number = prose.line(entry.get("object_number"))
    if not number or len(number) > 200:
        return works.without_number(where, entry)
    file = f"smk/{number}"
    labels = prose.lines(entry.get("object_names"))
    if refusal := works.left_out(file, classes, labels):
        return refusal
    year, years = _date(prose, entry)
    return works.record(
        prose,
        file=file,
        title=_title(prose, entry),
        by=_makers(prose, entry),
        year=year,
        years=years,
        medium=", ".join(dict.fromkeys(_techniques(prose, entry))),
        museum=MUSEUM,
        genre=", ".join(labels[:4]),
        licence=_licence(entry),
        page=entry.get("frontend_url") or PAGE + quote(number),
        picture_url=_picture(entry),
        extra={ours: entry.get(theirs) for theirs, ours in _EXTRA.items()} | _people(prose, entry),
    )


def _objects(value: Any) -> list[Mapping[str, Any]]:
    values = cast(list[Any], value) if isinstance(value, list) else [value]
    return [cast(Mapping[str, Any], item) for item in values if isinstance(item, dict)]


def _title(prose: Prose, entry: Mapping[str, Any]) -> str:
    """The first title: Danish, as the museum prints it; a translation where there is no other."""
    titles = _objects(entry.get("titles"))
    said = [prose.line(title.get("title")) for title in titles] + [
        prose.line(title.get("translation")) for title in titles
    ]
    return next(filter(None, said), "")


def _date(prose: Prose, entry: Mapping[str, Any]) -> tuple[str, tuple[int | None, int | None]]:
    dates = _objects(entry.get("production_date"))
    date: Mapping[str, Any] = dates[0] if dates else {}
    words = prose.line(date.get("period"))
    notes = " ".join(prose.lines(entry.get("production_dates_notes")))
    first, last = (_year_there(date.get(key)) for key in ("start", "end"))
    if _LIFE.search(words) or (_LIFE.search(notes) and not words):
        prose.note(remarks.LIFE_DATES)
        return words, (None, None)
    if _LIFE.search(notes) and re.fullmatch(r"\d{4}\s*-\s*\d{4}", words):  # the period repeats the life's years
        prose.note(remarks.LIFE_DATES)
        return words, (None, None)
    return words, dating.years(prose, words, first, last)


def _year_there(value: Any) -> Any:
    """The year in Copenhagen, an hour ahead of UTC at New Year (50 minutes before 1894), of a moment written in UTC."""
    moment = re.match(r"(\d{4})-12-31T23:", value) if isinstance(value, str) else None
    return int(moment[1]) + 1 if moment else value


def _makers(prose: Prose, entry: Mapping[str, Any]) -> Attribution:
    makers: list[Maker] = []
    others: list[str] = []
    for maker in _objects(entry.get("production")):
        given, family = (prose.line(maker.get(key)) for key in ("creator_forename", "creator_surname"))
        name = " ".join(filter(None, (given, family))) or forward(prose.line(maker.get("creator")))
        role = prose.line(maker.get("creator_role"))
        makes, said = role_of(role)
        qualifier = prose.line(maker.get("creator_qualifier")) or said
        if name and (makes or qualifier):
            makers.append(Maker(name, qualifier))
        elif name:
            others.append(f"{name} ({role})")
    if others and not makers:
        return Attribution(unnamed="; ".join(others))
    return attribute(prose, makers or [Maker(forward(name)) for name in prose.lines(entry.get("artist"))])


def _people(prose: Prose, entry: Mapping[str, Any]) -> dict[str, Any]:
    makers = _objects(entry.get("production"))
    return {
        "artist_nationality": prose.lines([maker.get("creator_nationality") for maker in makers])[:1],
        "artist_smk": prose.lines([maker.get("creator_lref") for maker in makers]),
        "titles": _translations(prose, entry),
    }


def _translations(prose: Prose, entry: Mapping[str, Any]) -> list[str]:
    """The other titles, those in English among them."""
    titles = _objects(entry.get("titles"))
    said = [prose.line(title.get(key)) for title in titles for key in ("title", "translation")]
    return list(dict.fromkeys(filter(None, said)))[1:]


def _techniques(prose: Prose, entry: Mapping[str, Any]) -> list[str]:
    techniques: Any = entry.get("techniques")
    values = cast(list[Any], techniques) if isinstance(techniques, list) else [techniques]
    plain = [cast(dict[str, Any], one).get("technique") if isinstance(one, dict) else one for one in values]
    return prose.lines(plain)


def _licence(entry: Mapping[str, Any]) -> str:
    """The right that is stated, even if it is not understood; only where none is, what is said of the work."""
    rights = entry.get("rights")
    if rights:
        return licences.canonical(rights) if isinstance(rights, str) else ""
    return "public-domain" if entry.get("public_domain") is True else ""


def _picture(entry: Mapping[str, Any]) -> str:
    if entry.get("has_image") is False:
        return ""
    if iiif := web_address(entry.get("image_iiif_id")):
        return f"{iiif.rstrip('/')}/full/!{SIDE},{SIDE}/0/default.jpg"
    if thumbnail := entry.get("image_thumbnail"):
        return str(thumbnail)
    native = web_address(entry.get("image_native"))
    return native if re.search(r"\.(?:jpe?g|png)$", native, re.IGNORECASE) else ""

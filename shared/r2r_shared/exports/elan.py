"""ELAN's EAF 3.0: a tier of shots, and beneath it tiers of what they resemble (EAF 3.0 schema, MPI Nijmegen).

    shots (aligned to time)
    ├─ frames, transition, blank          one annotation for each shot that has it
    ├─ painting                           the nearest
    │  └─ artist, movement, year, score, corrected, p_value, convincing, collection and file, sha256 (of its picture)
    └─ further paintings                  the others, in one annotation

All but the first are associated one to one with their parent (Symbolic_Association), and have no times of their own.
Times are milliseconds after the film's first frame, as in the timeline; TIME_ORIGIN is what ELAN adds to find the
place in the media file, so that a film whose picture begins late, or whose clock does, is shown in step.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from r2r_shared.citation import TOOL, Citation
from r2r_shared.exports import Choices
from r2r_shared.exports.media import media_type, offset_s
from r2r_shared.exports.text import file_name, in_xml, kept_at, named, scores, verdict, years

SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
ROOT = "shots"

Told = Callable[[dict[str, Any]], str]


def _best(told: Told) -> Told:
    """What is told of a shot's nearest painting; nothing where it has none."""
    return lambda shot: told(shot["matches"][0]) if shot["matches"] else ""


TIERS: dict[str, tuple[str, Told]] = {
    "frames": (ROOT, lambda shot: f"{shot['start_frame']}–{shot['end_frame'] - 1}"),
    "transition": (ROOT, lambda shot: shot["transition"]),
    "blank": (ROOT, lambda shot: shot["blank"] or ""),
    "painting": (ROOT, _best(lambda match: match["painting"]["title"] or "untitled")),
    "artist": ("painting", _best(lambda match: match["painting"]["artist"])),
    "movement": ("painting", _best(lambda match: match["painting"]["movement"])),
    "year": ("painting", _best(lambda match: years(match["painting"]))),
    "score": ("painting", _best(lambda match: f"{match['score']:.4f}")),
    "corrected": ("painting", _best(lambda match: _number(match.get("corrected")))),
    "p_value": ("painting", _best(lambda match: _number(match.get("p_value")))),
    "convincing": ("painting", _best(lambda match: "" if match.get("convincing") is None else verdict(match))),
    "collection and file": ("painting", _best(lambda match: kept_at(match["painting"]))),
    "sha256": ("painting", _best(lambda match: match["painting"].get("sha256") or "")),
    "further paintings": (
        ROOT,
        lambda shot: "; ".join(
            f"{match['rank']}. {named(match['painting'])} [{kept_at(match['painting'])}] ({scores(match)})"
            for match in shot["matches"][1:]
        ),
    ),
}
"""Each tier's parent, and what it says of a shot; an empty text is no annotation. Parents come first."""


def write(found: dict[str, Any], citation: Citation, choices: Choices) -> bytes:
    """One XML document, UTF-8."""
    del choices
    return ("\n".join(_document(found, citation)) + "\n").encode()


def _document(found: dict[str, Any], citation: Citation) -> Iterator[str]:
    made = citation.made_at.isoformat(timespec="seconds")
    tiers = list(_tiers(found))
    annotations = sum(text.startswith("<ANNOTATION>") for text in tiers)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<ANNOTATION_DOCUMENT AUTHOR={_value(f"{TOOL} {citation.version}")} DATE={_value(made)} FORMAT="3.0" '
        'VERSION="3.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f"xsi:noNamespaceSchemaLocation={_value(SCHEMA)}>"
    )
    yield from _header(found, citation, annotations)
    yield from _time_order(found["shots"])
    yield from tiers
    yield '<LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="shot" TIME_ALIGNABLE="true"/>'
    yield (
        '<LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" GRAPHIC_REFERENCES="false" '
        'LINGUISTIC_TYPE_ID="of a shot" TIME_ALIGNABLE="false"/>'
    )
    for stereotype, description in (
        ("Time_Subdivision", "Time subdivision of parent annotation's time interval, no time gaps allowed"),
        ("Symbolic_Subdivision", "Symbolic subdivision of a parent annotation"),
        ("Symbolic_Association", "1-1 association with a parent annotation"),
        ("Included_In", "Time alignable annotations within the parent annotation's time interval"),
    ):
        yield f'<CONSTRAINT DESCRIPTION={_value(description)} STEREOTYPE="{stereotype}"/>'
    yield "</ANNOTATION_DOCUMENT>"


def _header(found: dict[str, Any], citation: Citation, annotations: int) -> Iterator[str]:
    film = found["film"]
    # As it is, though the schema says anyURI: ELAN takes it for the name of a file (java.io.File) and decodes nothing;
    # where a name is no anyURI (a stray %), its parser says so on its console and reads on.
    url = _value(f"./{file_name(film)}")
    yield '<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">'
    yield (
        f"<MEDIA_DESCRIPTOR MEDIA_URL={url} MIME_TYPE={_value(media_type(film))} RELATIVE_MEDIA_URL={url} "
        f'TIME_ORIGIN="{round(1000 * offset_s(film))}"/>'
    )
    said = citation.to_json()
    told = {
        "URN": f"urn:nl-mpi-tools-elan-eaf:{uuid.uuid5(uuid.NAMESPACE_URL, citation.text() + file_name(film))}",
        "film": film["title"],
        "film sha256": film.get("sha256") or "",
        "film year": str(film.get("year") or "unknown"),
        "shot detector": film.get("detector") or "unknown",
        "tool": f"{said['tool']} {citation.version}",
        "profile": citation.profile,
        "collection revision": str(citation.revision),
        "collection state": citation.state,
        "made at": said["made_at"],
        "citation": said["text"],
        "caution": said["caution"],
        "lastUsedAnnotationId": str(annotations),  # ELAN numbers on from here
    }
    for name, text in told.items():
        yield f"<PROPERTY NAME={_value(name)}>{_text(text)}</PROPERTY>"
    yield "</HEADER>"


def milliseconds(shots: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Each shot's begin and end; none is empty or lies over another, however short."""
    placed: list[tuple[int, int]] = []
    last = 0
    for shot in shots:
        start = max(last, round(1000 * shot["start_s"]))
        last = max(start + 1, round(1000 * shot["end_s"]))
        placed.append((start, last))
    return placed


def _time_order(shots: list[dict[str, Any]]) -> Iterator[str]:
    yield "<TIME_ORDER>"
    for number, (start, end) in enumerate(milliseconds(shots)):
        yield f'<TIME_SLOT TIME_SLOT_ID="ts{2 * number + 1}" TIME_VALUE="{start}"/>'
        yield f'<TIME_SLOT TIME_SLOT_ID="ts{2 * number + 2}" TIME_VALUE="{end}"/>'
    yield "</TIME_ORDER>"


def _tiers(found: dict[str, Any]) -> Iterator[str]:
    """Every tier; annotations are numbered a1, a2, … through all of them."""
    shots = found["shots"]
    ids: dict[str, dict[int, int]] = {ROOT: {}}  # tier → place of the shot → number of its annotation
    last = 0
    yield f'<TIER LINGUISTIC_TYPE_REF="shot" TIER_ID="{ROOT}">'
    for place, shot in enumerate(shots):
        last = ids[ROOT][place] = last + 1
        yield (
            f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{last}" TIME_SLOT_REF1="ts{2 * place + 1}" '
            f'TIME_SLOT_REF2="ts{2 * place + 2}"><ANNOTATION_VALUE>{shot["number"]}</ANNOTATION_VALUE>'
            "</ALIGNABLE_ANNOTATION></ANNOTATION>"
        )
    yield "</TIER>"
    for tier, (parent, told) in TIERS.items():
        ids[tier] = {}
        yield f'<TIER LINGUISTIC_TYPE_REF="of a shot" PARENT_REF="{parent}" TIER_ID="{tier}">'
        for place, shot in enumerate(shots):
            text = told(shot)
            if not text:
                continue
            last = ids[tier][place] = last + 1
            yield (
                f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a{last}" ANNOTATION_REF="a{ids[parent][place]}">'
                f"<ANNOTATION_VALUE>{_text(text)}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
            )
        yield "</TIER>"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _text(text: str) -> str:
    return escape(in_xml(text), {"\r": "&#13;"})  # a bare one would be read as a line feed


def _value(text: str) -> str:
    return quoteattr(in_xml(text))

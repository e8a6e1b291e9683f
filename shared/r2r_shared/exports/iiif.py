"""A IIIF Presentation 3.0 manifest: the film on one canvas, its shots as ranges, their paintings as annotations.

The canvas begins with the film's first frame, so its times are the timeline's; where a player's clock stands elsewhere
by then, the video is put onto it from there on. Viewers list every annotation, so there is one for each shot, with a
body for each of its paintings.
"""

from __future__ import annotations

import json
from typing import Any

from r2r_shared.citation import Citation
from r2r_shared.exports import Choices
from r2r_shared.exports.annotations import fragment, link, source
from r2r_shared.exports.media import format_at, offset_s
from r2r_shared.exports.text import BLANK, headline, kept_at, named, one_line, scores, verdict, years

CONTEXT = "http://iiif.io/api/presentation/3/context.json"


def write(found: dict[str, Any], citation: Citation, choices: Choices) -> bytes:
    """One manifest, UTF-8."""
    film, said = found["film"], citation.to_json()
    address = choices.address
    canvas = f"{address}/canvas/1"  # no fragment: the specification forbids it in a canvas's id (section 3.2)
    duration_s = max([film["duration_s"], *(shot["end_s"] for shot in found["shots"])])
    metadata = {
        "Director": film.get("director"),
        "Year": film.get("year"),
        "Country": film.get("country"),
        "Made with": f"{said['tool']} {citation.version}",
        "Profile": citation.profile,
        "Collections": "; ".join(f"{one.name} ({one.paintings:,} paintings)" for one in citation.collections),
        "Collection revision": citation.revision,
        "Collection state": citation.state,
        "SHA-256 of the film": film.get("sha256"),
        "Shot detector": film.get("detector"),
        "Made at": said["made_at"],
    }
    manifest = {
        "@context": CONTEXT,
        "id": address,
        "type": "Manifest",
        "label": _plain(film["title"] or "Film"),
        "summary": _english("The paintings that each shot of the film resembles. " + said["caution"]),
        "metadata": [
            {"label": _english(name), "value": _plain(str(value))} for name, value in metadata.items() if value
        ],
        "requiredStatement": {"label": _english("How these numbers were made"), "value": _english(said["text"])},
        "items": [
            {
                "id": canvas,
                "type": "Canvas",
                "label": _plain(film["title"] or "Film"),
                "width": film["width"],
                "height": film["height"],
                "duration": duration_s,
                "items": [_video(film, choices, canvas)],
                "annotations": [
                    {
                        "id": f"{canvas}/paintings",
                        "type": "AnnotationPage",
                        "label": _english("Paintings that the shots resemble"),
                        "items": [_annotation(shot, choices, canvas) for shot in found["shots"]],
                    }
                ],
            }
        ],
    }
    if found["shots"]:
        manifest["structures"] = [
            {
                "id": f"{address}/range/shots",
                "type": "Range",
                "label": _english("Shots"),
                "items": [_range(shot, address, canvas) for shot in found["shots"]],
            }
        ]
    return (json.dumps(manifest, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _video(film: dict[str, Any], choices: Choices, canvas: str) -> dict[str, Any]:
    """The page that puts the film's file onto the canvas."""
    offset, address = offset_s(film), source(film, choices)
    part = "#" + fragment(offset, offset + film["duration_s"]) if offset else ""
    return {
        "id": f"{canvas}/page/1",
        "type": "AnnotationPage",
        "items": [
            {
                "id": f"{canvas}/page/1/video",
                "type": "Annotation",
                "motivation": "painting",
                "body": {
                    "id": address + part,
                    "type": "Video",
                    **format_at(address),
                    "width": film["width"],
                    "height": film["height"],
                    "duration": film["duration_s"],
                },
                "target": canvas,
            }
        ],
    }


def _annotation(shot: dict[str, Any], choices: Choices, canvas: str) -> dict[str, Any]:
    """A shot's paintings, nearest first; or why it has none."""
    bodies: list[dict[str, Any]] = []
    for match in shot["matches"]:
        painting = match["painting"]
        made = ", ".join(filter(None, (one_line(years(painting)), one_line(painting["movement"]))))
        judged = "" if match.get("convincing") is None else f", {verdict(match)}"
        text = f"{match['rank']}. {named(painting)}{f' ({made})' if made else ''}: score {scores(match, 3)}{judged}"
        text += f"\n{kept_at(painting)}"
        if digest := painting.get("sha256"):
            text += f", picture sha256 {digest}"
        if page := link(painting, choices):
            text += f"\n{page}"
        bodies.append({"type": "TextualBody", "format": "text/plain", "value": text})
    if not bodies:
        text = BLANK[shot["blank"]] if shot["blank"] else "no painting"
        bodies.append({"type": "TextualBody", "format": "text/plain", "value": text})
    return {
        "id": f"{canvas}/paintings/shot-{shot['number']}",
        "type": "Annotation",
        "motivation": "commenting",
        "body": bodies,
        "target": f"{canvas}#{fragment(shot['start_s'], shot['end_s'])}",
    }


def _range(shot: dict[str, Any], address: str, canvas: str) -> dict[str, Any]:
    return {
        "id": f"{address}/range/shot-{shot['number']}",
        "type": "Range",
        "label": _plain(f"{shot['number']}. {headline(shot)}"),
        "items": [{"id": f"{canvas}#{fragment(shot['start_s'], shot['end_s'])}", "type": "Canvas"}],
    }


def _english(text: str) -> dict[str, list[str]]:
    return {"en": [text]}


def _plain(text: str) -> dict[str, list[str]]:
    """A text of which nobody says what language it is in."""
    return {"none": [one_line(text) or "–"]}

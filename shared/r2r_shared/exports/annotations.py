"""W3C Web Annotations: one for each shot and painting, in a collection of one page (Web Annotation Data Model).

Each points at a stretch of the film's file by a media fragment, `t=` in seconds of a player's clock (Media Fragments
URI 1.0, section 4.2.1), and at the whole picture: which part of it resembles a painting is not known, so there is no
`xywh`. Numbers stand under `r2r:`, which the document explains itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from r2r_shared.citation import TOOL, Citation
from r2r_shared.exports import Choices
from r2r_shared.exports.media import format_at, offset_s, relative_url
from r2r_shared.exports.text import BLANK, named, one_line, years

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
TERMS = "urn:reel-to-real:terms:"
DOUBLE = "http://www.w3.org/2001/XMLSchema#double"
MEASURED = ("r2r:score", "r2r:corrected", "r2r:p_value", "r2r:visual", "r2r:semantic")
"""Doubles whatever they are: to JSON-LD 1.0 is an integer (JSON-LD 1.1 API, Object to RDF Conversion)."""
MEDIA_FRAGMENTS = "http://www.w3.org/TR/media-frags/"


def write(found: dict[str, Any], citation: Citation, choices: Choices) -> bytes:
    """One JSON-LD document, UTF-8."""
    film, said = found["film"], citation.to_json()
    items = list(_annotations(found, citation, choices))
    document = {
        "@context": [CONTEXT, {"r2r": TERMS} | {key: {"@type": DOUBLE} for key in MEASURED}],
        "id": choices.address,
        "type": "AnnotationCollection",
        "label": f"Paintings that {one_line(film['title']) or 'a film'} resembles",
        "generator": generator(citation),
        "generated": stamp(citation),
        "r2r:citation": said["text"],
        "r2r:caution": said["caution"],
        "r2r:profile": citation.profile,
        "r2r:collection_revision": citation.revision,
        "r2r:collection_state": citation.state,
        "r2r:film_sha256": film.get("sha256") or "",
        "r2r:film_year": film.get("year"),
        "r2r:detector": film.get("detector") or "",
        "total": len(items),
        "first": {
            "id": f"{choices.address}#page-1",
            "type": "AnnotationPage",
            "startIndex": 0,
            "items": items,
        },
    }
    return _bytes({name: value for name, value in document.items() if value not in (None, "")})


def generator(citation: Citation) -> dict[str, Any]:
    """The tool, as the model describes software (section 3.3.2)."""
    name = f"{TOOL} {citation.version}"
    return {"id": f"urn:reel-to-real:{citation.version}", "type": "Software", "name": name}


def stamp(citation: Citation) -> str:
    """When it was made, in UTC, expressed with Z as the model wants it (section 3.3.1)."""
    return citation.made_at.isoformat(timespec="seconds").replace("+00:00", "Z")


def fragment(start_s: float, end_s: float) -> str:
    """A temporal media fragment in normal play time, to the microsecond: `t=1.5,2.25`."""
    return f"t={_seconds(start_s)},{_seconds(end_s)}"


def source(film: dict[str, Any], choices: Choices) -> str:
    """The film's address: where it was said to lie, else beside the annotations."""
    if choices.film_address:
        return choices.film_address
    return choices.address.rpartition("/")[0] + relative_url(film)[1:]


def link(painting: dict[str, Any], choices: Choices) -> str:
    """The painting's page: its museum's, else one that was said to be there, else none."""
    page = str(painting.get("page") or "")
    if page.startswith(("https://", "http://")):
        return page
    return choices.painting(painting["id"]) if choices.painting else ""


def _annotations(found: dict[str, Any], citation: Citation, choices: Choices) -> Iterator[dict[str, Any]]:
    film = found["film"]
    offset, address = offset_s(film), source(film, choices)
    of_film = {"id": address, "type": "Video"} | format_at(address)
    made, tool = stamp(citation), generator(citation)["id"]
    for shot in found["shots"]:
        target = {
            "type": "SpecificResource",
            "source": of_film,
            "selector": {
                "type": "FragmentSelector",
                "conformsTo": MEDIA_FRAGMENTS,
                "value": fragment(offset + shot["start_s"], offset + shot["end_s"]),
            },
        }
        about = {
            "r2r:shot": shot["number"],
            "r2r:start_frame": shot["start_frame"],
            "r2r:end_frame": shot["end_frame"],
        }
        common = {"type": "Annotation", "generator": tool, "generated": made, "target": target} | about
        name = f"{choices.address}#shot-{shot['number']}"
        if not shot["matches"]:
            text = BLANK[shot["blank"]] if shot["blank"] else "no painting"
            body = {"type": "TextualBody", "purpose": "classifying", "format": "text/plain", "value": text}
            yield {"id": name, "motivation": "classifying", "body": body} | common
        for match in shot["matches"]:
            yield (
                {
                    "id": f"{name}-painting-{match['rank']}",
                    "motivation": "linking" if link(match["painting"], choices) else "identifying",
                    "body": bodies(match, choices),
                }
                | common
                | _numbers(match)
            )


def bodies(match: dict[str, Any], choices: Choices) -> list[dict[str, Any]]:
    """What an annotation says of a painting: its page where it has one, its name, its movement."""
    painting = match["painting"]
    said: list[dict[str, Any]] = []
    if page := link(painting, choices):
        said.append({"type": "SpecificResource", "purpose": "linking", "source": page})
    made = one_line(years(painting))
    text = f"{named(painting)}{f', {made}' if made else ''}"
    said.append({"type": "TextualBody", "purpose": "identifying", "format": "text/plain", "value": text})
    if movement := one_line(painting["movement"]):
        said.append({"type": "TextualBody", "purpose": "classifying", "format": "text/plain", "value": movement})
    return said


def _numbers(match: dict[str, Any]) -> dict[str, Any]:
    painting = match["painting"]
    numbers = {
        "r2r:rank": match["rank"],
        "r2r:painting": painting["id"],
        "r2r:painting_collection": painting.get("collection"),
        "r2r:painting_file": painting["file"],
        "r2r:painting_sha256": painting.get("sha256") or None,
        "r2r:score": match["score"],
        "r2r:corrected": match.get("corrected"),
        "r2r:p_value": match.get("p_value"),
        "r2r:convincing": match.get("convincing"),
        "r2r:visual": match["visual"],
        "r2r:semantic": match["semantic"],
    }
    return {name: value for name, value in numbers.items() if value is not None}


def _seconds(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _bytes(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()

"""WebVTT, Web Annotations and IIIF: read by webvtt-py, pyld and iiif-prezi3, and the same as `timeline --json`."""

from __future__ import annotations

import html
import io
import json
import re

import iiif_prezi3
import jsonschema
import pytest
import webvtt
from pyld import jsonld

from r2r_shared import exports
from tests.unit.annotation_context import TERMS, loader
from tests.unit.export_samples import CASES, CITATION, timeline

EVERY = pytest.mark.parametrize("found", CASES.values(), ids=CASES)
ADDRESS = "https://example.org/r2r/film.json"


def write(name, found, **choices):
    return exports.write(exports.FORMATS[name], found, CITATION, exports.Choices(address=ADDRESS, **choices))


def one_line(text):
    return " ".join(re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())


def named(painting):
    return f"{one_line(painting['title']) or 'untitled'} by {one_line(painting['artist']) or 'an unknown artist'}"


# WebVTT


@EVERY
def test_every_shot_is_a_chapter(found):
    read = webvtt.from_buffer(io.BytesIO(write("vtt", found)))

    offset = found["film"]["media_offset_s"]
    assert [cue.identifier for cue in read] == [str(shot["number"]) for shot in found["shots"]]
    last = 0.0
    for cue, shot in zip(read, found["shots"], strict=True):
        assert cue.start_in_seconds + ms(cue.start) == pytest.approx(offset + shot["start_s"], abs=0.00051)
        assert cue.end_in_seconds + ms(cue.end) == pytest.approx(offset + shot["end_s"], abs=0.00051)
        assert last <= cue.start_in_seconds + ms(cue.start) < cue.end_in_seconds + ms(cue.end)
        last = cue.end_in_seconds + ms(cue.end)
        text = html.unescape(cue.raw_text)
        if shot["blank"]:
            assert text == f"{shot['number']}. black"
        elif not shot["matches"]:
            assert text == f"{shot['number']}. no painting"
        else:
            doubt = " (not convincing)" if shot["convincing"] is False else ""
            assert text == f"{shot['number']}. {named(shot['matches'][0]['painting'])}{doubt}"


def ms(timestamp):
    """webvtt-py's seconds are whole."""
    return int(timestamp[-3:]) / 1000


@EVERY
def test_nothing_in_a_title_is_syntax(found):
    """By the format's own rules: blocks between empty lines, one arrow in each, no stray mark-up."""
    head, *blocks = write("vtt", found).decode().rstrip("\n").split("\n\n")

    assert head == "WEBVTT"
    notes = [block for block in blocks if block.startswith("NOTE")]
    cues = [block for block in blocks if not block.startswith("NOTE")]
    assert len(cues) == len(found["shots"])
    assert not [block for block in notes if "-->" in block]
    for block in cues:
        number, times, *text = block.split("\n")
        assert number.isdigit()
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3}", times)
        assert len(text) == 1
        assert not re.search(r"[<>\r\x00-\x1f\x85\u2028\u2029]|&(?!amp;|lt;|gt;)", text[0])


def test_vtt_says_how_it_was_made():
    read = webvtt.from_buffer(io.BytesIO(write("vtt", CASES["after zero"])))

    notes = html.unescape("\n".join(read.header_comments))
    assert CITATION.text() in notes
    assert "2026-11-26T09:30:15+00:00" in notes
    assert "first frame is shown at 00:00:01.480" in notes


# Web Annotations

OA, AS, R2R = "http://www.w3.org/ns/oa#", "http://www.w3.org/ns/activitystreams#", "urn:reel-to-real:terms:"

IRI = {"type": "string", "pattern": '^[a-z][a-z0-9+.-]*:[^\\s<>"{}|\\\\^`]+$'}
STAMP = {"type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$"}
MUSTS = {
    "type": "object",
    "required": ["@context", "id", "type"],
    "properties": {
        "@context": {"type": "array", "contains": {"const": "http://www.w3.org/ns/anno.jsonld"}},
        "id": IRI,
        "type": {"const": "AnnotationCollection"},
        "total": {"type": "integer", "minimum": 0},
        "generated": STAMP,
        "first": {
            "type": "object",
            "required": ["id", "type", "items"],
            "properties": {
                "id": IRI,
                "type": {"const": "AnnotationPage"},
                "startIndex": {"type": "integer", "minimum": 0},
                "items": {"type": "array", "items": {"$ref": "#/$defs/annotation"}},
            },
        },
    },
    "$defs": {
        "annotation": {
            "type": "object",
            "required": ["id", "type", "target"],
            "properties": {
                "id": IRI,
                "type": {"const": "Annotation"},
                "motivation": {"enum": ["linking", "classifying", "identifying", "tagging", "describing"]},
                "body": {"anyOf": [{"$ref": "#/$defs/body"}, {"type": "array", "items": {"$ref": "#/$defs/body"}}]},
                "target": {
                    "type": "object",
                    "required": ["source", "selector"],
                    "properties": {
                        "type": {"const": "SpecificResource"},
                        "source": {"type": "object", "required": ["id"], "properties": {"id": IRI}},
                        "selector": {
                            "type": "object",
                            "required": ["type", "value"],
                            "properties": {
                                "type": {"const": "FragmentSelector"},
                                "conformsTo": {"const": "http://www.w3.org/TR/media-frags/"},
                                "value": {"pattern": "^t=\\d+(\\.\\d+)?,\\d+(\\.\\d+)?$"},
                            },
                        },
                    },
                },
                "generated": STAMP,
            },
            "propertyNames": {"pattern": "^(id|type|motivation|body|target|generator|generated|r2r:[a-z][a-z0-9_]*)$"},
        },
        "body": {
            "oneOf": [
                {
                    "required": ["type", "value"],
                    "properties": {"type": {"const": "TextualBody"}, "value": {"type": "string", "minLength": 1}},
                },
                {"required": ["type", "source"], "properties": {"type": {"const": "SpecificResource"}, "source": IRI}},
            ]
        },
    },
}
"""What the Web Annotation Data Model says MUST be (sections 3.1, 3.2.4, 3.2.5, 4, 4.2.1, 5.1, 5.2)."""


def expanded(found, **choices):
    """The annotations as RDF sees them."""
    (collection,) = jsonld.expand(json.loads(write("annotations", found, **choices)), {"documentLoader": loader})
    (page,) = collection[f"{AS}first"]
    return collection, page[f"{AS}items"][0]["@list"]


@EVERY
def test_the_annotations_are_what_the_model_says_they_must_be(found):
    document = json.loads(write("annotations", found))

    jsonschema.Draft202012Validator(MUSTS).validate(document)
    ids = [one["id"] for one in document["first"]["items"]]
    assert len(ids) == len(set(ids)) == document["total"]


@EVERY
def test_every_shot_and_painting_is_an_annotation(found):
    if len(found["shots"]) > 100:  # pyld needs half a minute for 7,500 of them, which are like the others
        found = found | {"shots": found["shots"][-20:]}
    _, items = expanded(found)

    told = [(shot, match) for shot in found["shots"] for match in shot["matches"] or [None]]
    offset = found["film"]["media_offset_s"]
    assert len(items) == len(told)
    for item, (shot, match) in zip(items, told, strict=True):
        assert item["@type"] == [f"{OA}Annotation"]
        (target,) = item[f"{OA}hasTarget"]
        (selector,) = target[f"{OA}hasSelector"]
        (value,) = selector["http://www.w3.org/1999/02/22-rdf-syntax-ns#value"]
        start, end = value["@value"].removeprefix("t=").split(",")
        assert float(start) == pytest.approx(offset + shot["start_s"], abs=1e-6)
        assert float(end) == pytest.approx(offset + shot["end_s"], abs=1e-6)
        numbers = {name[len(R2R) :]: values[0]["@value"] for name, values in item.items() if name.startswith(R2R)}
        told_of_shot = {name: shot[name] for name in ("start_frame", "end_frame")} | {"shot": shot["number"]}
        if match is None:
            assert numbers == told_of_shot
            assert item[f"{OA}motivatedBy"] == [{"@id": f"{OA}classifying"}]
            continue
        painting = match["painting"]
        why = "linking" if painting["page"] else "identifying"  # where nothing is linked to
        assert item[f"{OA}motivatedBy"] == [{"@id": f"{OA}{why}"}]
        names = ("rank", "score", "corrected", "p_value", "convincing", "visual", "semantic")
        told_of_match = {name: match[name] for name in names if match[name] is not None}
        assert numbers == told_of_shot | told_of_match | {
            "painting": painting["id"],
            "painting_collection": painting["collection"],
            "painting_file": painting["file"],
            "painting_sha256": painting["sha256"],
        }
        texts = {
            body[f"{OA}hasPurpose"][0]["@id"].removeprefix(OA): body["http://www.w3.org/1999/02/22-rdf-syntax-ns#value"]
            for body in item[f"{OA}hasBody"]
            if body["@type"] == [f"{OA}TextualBody"]
        }
        assert texts["identifying"][0]["@value"].startswith(named(match["painting"]))
        links = [body[f"{OA}hasSource"][0]["@id"] for body in item[f"{OA}hasBody"] if f"{OA}hasSource" in body]
        assert links == [match["painting"][name] for name in ("page",) if match["painting"][name]]


def test_measured_numbers_are_doubles_also_where_they_are_whole():
    """JSON's 1.0 is an integer to JSON-LD: a query over p-values would find two kinds."""
    found = timeline([40, 100], matches=1)
    for whole, shot in zip((True, False), found["shots"], strict=True):
        (match,) = shot["matches"]
        match |= dict.fromkeys(("score", "corrected", "p_value", "visual", "semantic"), 1.0 if whole else 0.25)
    document = json.loads(write("annotations", found))

    triples = jsonld.to_rdf(document, {"documentLoader": loader})["@default"]

    kinds = {(t["predicate"]["value"].removeprefix(R2R), t["object"].get("datatype")) for t in triples}
    double, integer = ("http://www.w3.org/2001/XMLSchema#" + name for name in ("double", "integer"))
    for name in ("score", "corrected", "p_value", "visual", "semantic"):
        assert {kind for key, kind in kinds if key == name} == {double}, name
    assert {kind for key, kind in kinds if key == "start_frame"} == {integer}


def test_every_word_of_the_annotations_is_defined():
    """What a context does not know is dropped in silence: nothing is."""
    collection, _ = expanded(CASES["awkward titles"])

    assert collection["@type"] == [f"{AS}OrderedCollection"]
    assert collection[f"{R2R}citation"] == [{"@value": CITATION.text()}]
    assert collection["http://purl.org/dc/terms/issued"][0]["@value"] == "2026-11-26T09:30:15Z"
    (tool,) = collection[f"{AS}generator"]
    assert tool["http://xmlns.com/foaf/0.1/name"] == [{"@value": "Reel to Real 9.8.7"}]

    def keys(value):
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    document = json.loads(write("annotations", CASES["awkward titles"]))
    document.pop("@context")
    assert {key for key in keys(document) if not key.startswith("r2r:")} <= set(TERMS)


def test_addresses_lead_where_a_person_says():
    _, items = expanded(CASES["25"])
    sources = {item[f"{OA}hasTarget"][0][f"{OA}hasSource"][0]["@id"] for item in items}
    assert sources == {"https://example.org/r2r/a%20film%E2%80%99s%20100%25%23%3F.mp4"}
    assert all(item["@id"].startswith(f"{ADDRESS}#shot-") for item in items)

    _, items = expanded(
        CASES["25"], film_address="https://archive.example/film", painting=lambda n: f"https://p.example/{n}"
    )
    sources = {item[f"{OA}hasTarget"][0][f"{OA}hasSource"][0]["@id"] for item in items}
    assert sources == {"https://archive.example/film"}
    links = [b[f"{OA}hasSource"][0]["@id"] for i in items for b in i[f"{OA}hasBody"] if f"{OA}hasSource" in b]
    assert len(links) == len(items)
    assert {link.split("/")[2] for link in links} <= {"p.example", "museum.example"}


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://v.org/a.mp4", "video/mp4"),
        ("https://v.org/a%2Ewebm", "video/webm"),
        ("https://v.org/watch", None),
        ("https://v.org/a.txt", None),
        ("", "video/quicktime"),  # beside the file, under its own name
    ],
)
def test_the_films_kind_is_that_of_the_file_at_its_address(address, kind):
    found = timeline([40, 100], path="/films/a.mov")

    collection = json.loads(write("annotations", found, film_address=address))
    document = json.loads(write("iiif", found, film_address=address))

    assert {one["target"]["source"].get("format") for one in collection["first"]["items"]} == {kind}
    (video,) = document["items"][0]["items"][0]["items"]
    assert video["body"].get("format") == kind


# IIIF Presentation 3


def manifest(found, **choices):
    data = json.loads(write("iiif", found, **choices))
    return data, iiif_prezi3.Manifest(**data)


def addresses(value):
    """Every id in a document, the places of ranges' canvases apart: those name what is defined elsewhere."""
    if isinstance(value, dict):
        own = [value["id"]] if "id" in value and not (value.get("type") == "Canvas" and "items" not in value) else []
        return own + [one for child in value.values() for one in addresses(child)]
    return [one for child in value for one in addresses(child)] if isinstance(value, list) else []


@EVERY
def test_the_manifest_is_one_to_iiif_prezi3(found):
    data, read = manifest(found)

    assert data["@context"] == "http://iiif.io/api/presentation/3/context.json"
    (canvas,) = read.items
    film = found["film"]
    assert (canvas.width, canvas.height) == (film["width"], film["height"])
    assert canvas.duration == max([film["duration_s"], *(shot["end_s"] for shot in found["shots"])])
    assert "#" not in canvas.id
    ids = addresses(data)
    assert len(ids) == len(set(ids))
    assert all(one.startswith(("http://", "https://")) for one in ids)
    ((video,),) = [page.items for page in canvas.items]
    assert (video.motivation, video.target) == ("painting", canvas.id)
    assert video.body.type == "Video"


@EVERY
def test_ranges_and_annotations_are_the_shots(found):
    _, read = manifest(found)
    (canvas,) = read.items
    (page,) = canvas.annotations

    ranges = read.structures[0].items if found["shots"] else []
    assert len(ranges) == len(page.items) == len(found["shots"])
    for one, annotation, shot in zip(ranges, page.items, found["shots"], strict=True):
        (place,) = one.items
        assert place.type == "Canvas"
        assert place.id == annotation.target
        where, fragment = annotation.target.split("#t=")
        assert where == canvas.id
        assert [float(t) for t in fragment.split(",")] == pytest.approx([shot["start_s"], shot["end_s"]], abs=1e-6)
        assert annotation.motivation != "painting"
        texts = [body.root.value for body in annotation.body]
        if not shot["matches"]:
            assert texts == ["black" if shot["blank"] else "no painting"]
        for text, match in zip(texts, shot["matches"], strict=False):
            assert text.startswith(f"{match['rank']}. {named(match['painting'])}")
            corrected = "" if match["corrected"] is None else f", corrected {match['corrected']:.3f}"
            assert f": score {match['score']:.3f}{corrected}" in text
            assert ("corrected" in text) == bool(corrected)
        assert len(texts) == max(1, len(shot["matches"]))


def test_a_film_that_starts_late_is_put_onto_the_canvas_from_there_on():
    data, _ = manifest(CASES["after zero"])
    (video,) = data["items"][0]["items"][0]["items"]
    assert video["body"]["id"].endswith(".mp4#t=1.48,5.48")

    data, _ = manifest(CASES["25"])
    (video,) = data["items"][0]["items"][0]["items"]
    assert video["body"]["id"] == "https://example.org/r2r/a%20film%E2%80%99s%20100%25%23%3F.mp4"


def test_the_manifest_says_how_it_was_made():
    _, read = manifest(CASES["25"])

    told = {entry.label["en"][0]: entry.value["none"][0] for entry in read.metadata}
    assert told["Made with"] == "Reel to Real 9.8.7"
    assert told["Collection revision"] == "7"
    assert told["Made at"] == "2026-11-26T09:30:15+00:00"
    assert read.requiredStatement.value["en"] == [CITATION.text()]
    assert "not proof of influence" in read.summary["en"][0]

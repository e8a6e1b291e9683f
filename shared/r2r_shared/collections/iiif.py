"""IIIF manifests, Presentation API 2 and 3: one work each, with the first picture of its first canvas.

https://iiif.io/api/presentation/2.1/, https://iiif.io/api/presentation/3.0/. What to know of them:

* What a work is called, by whom and from when stands in free pairs of labels and values; the labels that are known
  are in iiif_values.py, all others are kept.
* A manifest says no class of works by rule. One that says none is taken: whoever names a collection of manifests
  wants them. One that says what it is, is taken where that is wanted.
* `rights` (3) or `license` (2) is the licence of the pictures; of those of the manifest, the canvas and the picture
  the strictest holds. Only where none is given, a pair labelled so counts, then the required statement.
* Services of version 2 occur inside manifests of version 3, pictures among several to choose from, and pictures
  without any service: then the picture's own address is asked for as it stands.
* A collection holds manifests, whole or only named. Those that are named are asked for by pages.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from r2r_shared.collections import dating, iiif_values, json_stream, licences, remarks, works
from r2r_shared.collections.addresses import web_address
from r2r_shared.collections.artist_names import catalogued
from r2r_shared.collections.attribution import Maker, attribute
from r2r_shared.collections.classes import PAINTINGS, Classes
from r2r_shared.collections.iiif_images import is_image_service, picture_address
from r2r_shared.collections.prose import Prose
from r2r_shared.records import PaintingRecord, Refusal

NOT_A_MANIFEST = "a IIIF document that is no manifest"
_MAX_DEPTH = 8


def records(source: Path, *, classes: Classes = PAINTINGS) -> Iterator[PaintingRecord | Refusal]:
    """Every manifest of a file or of a folder of such, those inside collections too."""
    for found in json_stream.works(source, ()):
        if isinstance(found, Refusal):
            yield found
            continue
        where, document = found
        yield from documents(where, document, classes=classes)


def documents(where: str, document: Mapping[str, Any], *, classes: Classes) -> Iterator[PaintingRecord | Refusal]:
    """The records of a manifest, or of the manifests that a collection holds whole; the others are refusals."""
    whole, named = parts_of(document)
    if not whole and not named:
        error = works.error_document(document)
        yield Refusal(where, remarks.ERROR_DOCUMENT if error else NOT_A_MANIFEST, error)
    for manifest in whole:
        yield record(where, manifest, classes=classes)
    for address in named:
        yield Refusal(address, remarks.OTHER_FILE, where)


def parts_of(document: Mapping[str, Any], *, depth: int = _MAX_DEPTH) -> tuple[list[Mapping[str, Any]], list[str]]:
    """(the manifests that a document is or holds whole, the addresses of those it only names, collections too)"""
    kind = _kind(document)
    if kind == "Manifest" or (not kind and "sequences" in document):
        return [document], []
    whole: list[Mapping[str, Any]] = []
    named: list[str] = []
    if kind != "Collection" or depth == 0:
        return whole, named
    for key in ("items", "manifests", "collections", "members"):
        for member in _objects(document.get(key)):
            member_kind = _kind(member)
            if member_kind == "Manifest" and (member.get("items") or member.get("sequences")):
                whole.append(member)
            elif member_kind == "Collection" and any(
                member.get(k) for k in ("items", "manifests", "collections", "members")
            ):
                more, others = parts_of(member, depth=depth - 1)
                whole += more
                named += others
            elif (member_kind in {"Manifest", "Collection"} or key in {"manifests", "collections"}) and (
                address := web_address(_id(member))
            ):
                named.append(address)
    # Version 2 pages a long collection: `first`, and `next` on each page.
    named += [address for key in ("first", "next") if (address := web_address(_id(document.get(key))))]
    return whole, list(dict.fromkeys(named))


def record(where: str, manifest: Mapping[str, Any], *, classes: Classes = PAINTINGS) -> PaintingRecord | Refusal:
    """A work as a manifest describes it."""
    file = web_address(_id(manifest))
    if not file:
        return Refusal(where, remarks.NO_ID)
    prose = Prose()
    fields, rest = iiif_values.labelled(prose, manifest.get("metadata"))
    labels = fields.get("genre", [])
    if labels and (refusal := works.left_out(file, classes, labels)):
        return refusal
    year = ", ".join(fields.get("year", []))
    shown = _shown(manifest)
    statement = _statement(prose, manifest)
    artists = [Maker(catalogued(name)) for name in fields.get("artist", [])]
    artists += [Maker(catalogued(name), "Attributed to") for name in fields.get("attributed", [])]
    extra: dict[str, Any] = {
        "manifest": file,
        "attribution_statement": statement,
        "summary": iiif_values.text(prose, manifest.get("summary") or manifest.get("description"))[:2000],
        "accession_number": ", ".join(fields.get("accession_number", [])),
        "credit_line": ", ".join(fields.get("credit_line", [])),
        "rights": prose.lines(list(dict.fromkeys((*_rights(manifest, *shown.of), *fields.get("rights", []))))),
    }
    return works.record(
        prose,
        file=file,
        title=iiif_values.text(prose, manifest.get("label")),
        by=attribute(prose, artists),
        year=year,
        years=dating.years(prose, year),
        medium=", ".join(fields.get("medium", [])),
        museum=", ".join(fields.get("museum", [])) or _provider(prose, manifest),
        genre=", ".join(labels[:4]),
        movement=fields.get("movement", [""])[0],
        licence=_licence(prose, manifest, shown, fields.get("rights", [])),
        page=_page(manifest),
        picture_url=shown.address,
        extra=extra | {key: value for key, value in rest.items() if key not in extra},
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """The picture that is taken: its address, and what it hangs on: its canvas, itself and its service."""

    address: str = ""
    of: tuple[Mapping[str, Any], ...] = ()


def picture_of(manifest: Mapping[str, Any]) -> str:
    """The address of the first picture of a manifest's first canvas that has one; empty where none has."""
    return _shown(manifest).address


def _shown(manifest: Mapping[str, Any]) -> _Shown:
    for canvas in _canvases(manifest)[:20]:
        width, height = canvas.get("width"), canvas.get("height")
        for body in _bodies(canvas):
            for service in _objects(body.get("service")):
                if is_image_service(service) and (
                    address := picture_address(
                        service, width=_int(body.get("width") or width), height=_int(body.get("height") or height)
                    )
                ):
                    return _Shown(address, (canvas, body, service))
            if (address := web_address(_id(body))) and _is_picture(body):
                return _Shown(address, (canvas, body))
    return _Shown()


def _canvases(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "sequences" in manifest:
        return [
            canvas for sequence in _objects(manifest["sequences"])[:1] for canvas in _objects(sequence.get("canvases"))
        ]
    return [item for item in _objects(manifest.get("items")) if _kind(item) in {"Canvas", ""}]


def _bodies(canvas: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The pictures painted on a canvas; of several to choose from, the first that is meant to be shown."""
    annotations = list(_objects(canvas.get("images")))
    for page in _objects(canvas.get("items")):
        annotations += _objects(page.get("items"))
    for annotation in annotations[:20]:
        motivation: Any = annotation.get("motivation") or "painting"
        said = cast(list[Any], motivation) if isinstance(motivation, list) else [motivation]
        if not any(str(one).endswith("painting") for one in said):
            continue
        for body in _objects(annotation.get("resource") or annotation.get("body")):
            yield from _chosen(body)


def _chosen(body: Mapping[str, Any], depth: int = 4) -> Iterator[Mapping[str, Any]]:
    kind = _kind(body)
    if depth == 0:
        return
    if kind == "Choice":
        for item in (*_objects(body.get("default")), *_objects(body.get("items")), *_objects(body.get("item"))):
            yield from _chosen(item, depth - 1)
    elif kind == "SpecificResource":  # a part of a picture, or one that is turned: the whole is what is measured
        for item in (*_objects(body.get("source")), *_objects(body.get("full"))):
            yield from _chosen(item, depth - 1)
    else:
        yield body


def _is_picture(body: Mapping[str, Any]) -> bool:
    kind, form = _kind(body), str(body.get("format") or "")
    return kind == "Image" or form.startswith("image/")


def _licence(prose: Prose, manifest: Mapping[str, Any], shown: _Shown, labelled: list[str]) -> str:
    """The strictest of the rights that are stated; what is stated and not understood is no licence.

    Args:
        labelled: what the pairs say that are labelled as rights.
    """
    stated = (
        _rights(manifest, *shown.of)
        or labelled
        or [words for one in (manifest, *shown.of) if (words := _statement(prose, one))]
    )
    return licences.strictest([licences.canonical(one) for one in stated])


def _rights(*resources: Mapping[str, Any]) -> list[str]:
    """What a manifest, its canvas and its picture state, in this order; what is stated in an unknown way, too."""
    return [
        said
        for resource in resources
        for key in ("rights", "license")
        if (value := resource.get(key))
        for said in (_strings(value) or ["not a text"])
    ]


def _statement(prose: Prose, manifest: Mapping[str, Any]) -> str:
    """The words that are to be shown with the picture."""
    required: Any = manifest.get("requiredStatement")
    if isinstance(required, dict):
        return iiif_values.text(prose, cast(dict[str, Any], required).get("value"))
    return iiif_values.text(prose, manifest.get("attribution"))


def _provider(prose: Prose, manifest: Mapping[str, Any]) -> str:
    return next(
        (name for one in _objects(manifest.get("provider")) if (name := iiif_values.text(prose, one.get("label")))), ""
    )


def _page(manifest: Mapping[str, Any]) -> str:
    for key in ("homepage", "related"):
        value: Any = manifest.get(key)
        for one in _objects(value) or [{"id": text} for text in _strings(value)]:
            form = str(one.get("format") or "text/html")
            if "html" in form and (address := web_address(_id(one))):
                return address
    return ""


def _kind(value: Mapping[str, Any]) -> str:
    """The type of a resource without its name space: "sc:Manifest" → "Manifest"."""
    return str(value.get("type") or value.get("@type") or "").rpartition(":")[2]


def _id(value: Any) -> Any:
    if isinstance(value, dict):
        named = cast(dict[str, Any], value)
        return named.get("id") or named.get("@id")
    return value


def _objects(value: Any) -> list[Mapping[str, Any]]:
    values = cast(list[Any], value) if isinstance(value, list) else [value]
    return [cast(Mapping[str, Any], item) for item in values if isinstance(item, dict)]


def _strings(value: Any) -> list[str]:
    values = cast(list[Any], value) if isinstance(value, list) else [value]
    return [text for item in values if isinstance(text := _id(item), str) and text]


def _int(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

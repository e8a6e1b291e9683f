"""Which museum's form a file or a folder has, from a file's header or its first record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from r2r_shared.collections import cleveland, disk, json_stream, met, nga, tables
from r2r_shared.collections.columns import fields

_HEAD = 1 << 16  # bytes in which a IIIF document says what it is
_JSON = (".json", ".jsonl", ".ndjson")
_IIIF = re.compile(
    rb"iiif\.io/api/presentation/|iiif\.io/api/metadata/|shared-canvas\.org/ns/context|\"@type\"\s*:\s*\"sc:(?:Manifest|Collection)\""
)


def of(source: Path) -> str | None:
    """The format of a museum's file or folder (see museums.MUSEUMS); None where it is nobody's."""
    return _of_file(source) if source.is_file() else _of_folder(source)


def looks_like_iiif(address: str) -> bool:
    """True for an address of a IIIF manifest or collection, as they are usually written."""
    path = urlsplit(address).path.casefold()
    return "manifest" in path or "/iiif/" in path or "/presentation/" in path or path.endswith("/collection.json")


def _of_file(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix in {".csv", ".tsv"}:
        return _of_columns(tables.header(path))
    return _of_json(path) if suffix in _JSON else None


def _of_folder(folder: Path) -> str | None:
    objects = nga.objects_file(folder)
    if objects.is_file() and _of_columns(tables.header(objects)) == "nga":
        return "nga"
    if (folder / "json" / "artworks").is_dir():
        return "artic"
    files = sorted(islice((path for path in folder.iterdir() if path.suffix.lower() in _JSON), 10_000))
    files = [path for path in files if path.is_file() and not path.name.startswith(".")]
    # A JSON file beside pictures is a manifest of them, whoever wrote it.
    if not files or any(path.suffix.lower() in disk.PICTURES for path in islice(folder.iterdir(), 1000)):
        return None
    return _of_json(files[0])


def _of_columns(columns: tuple[str, ...]) -> str | None:
    if "file" in fields(columns):  # somebody has put pictures beside it: a manifest of those
        return None
    there = set(columns)
    if there.issuperset((*met.COLUMNS, "object number")):
        return "met"
    if there.issuperset(nga.COLUMNS) and there & {"attribution", "accessionnum"}:
        return "nga"
    return "cleveland" if there.issuperset(cleveland.COLUMNS) else None


def _of_json(path: Path) -> str | None:
    with path.open("rb") as file:
        if _IIIF.search(file.read(_HEAD)):
            return "iiif"
    first = json_stream.first(path, ("items", "data"))
    return None if first is None else _of_record(first)


def _of_record(entry: Mapping[str, Any]) -> str | None:
    if "file" in fields(list(entry)):
        return None
    if "object_number" in entry and entry.keys() & {"titles", "production", "image_iiif_id", "image_native"}:
        return "smk"
    if "share_license_status" in entry:
        return "cleveland"
    if "image_id" in entry and entry.keys() & {"artist_display", "is_public_domain", "date_display"}:
        return "artic"
    return None

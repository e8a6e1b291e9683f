"""What a data set says of itself: `manifest.json`, and `SHA256SUMS` that vouches for it.

Checksums tell damage, not forgery: whoever changes a data set can make them anew, and nothing is signed.
Each table's rows, bytes and SHA-256 stand in the manifest; the manifest's own digest stands in `SHA256SUMS`, with the
tables', as `sha256sum -c SHA256SUMS` reads it. The manifest's digest is the data set's.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from r2r_shared.collections.text import clean
from r2r_shared.errors import UserError
from r2r_shared.exchange.format import FORMAT, METRICS_VERSIONS, TABLES, VERSION

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
MOST_BYTES = 1 << 20

_HEX = re.compile(r"[0-9a-f]{64}")
_TORN = "it was damaged on its way, or is no data set of r2r: get it anew, or have it exported again"


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table's file as the manifest names it; sha256 in hexadecimal."""

    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A profile as other installations know it; see records.Profile."""

    name: str
    encoder: str
    encoder_digest: str
    depth: str
    depth_digest: str
    metrics_version: int
    dim: int
    revision: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a data set.

    Attributes:
        name: what its sender called it.
        schema: the sender's schema version, for people: what counts is the format's.
        whole: all paintings of the profile are in it, so what is measured against them (ranges, chance) can be told.
        fingerprint: of the paintings' features and dates, in the order of their ids; in hexadecimal.
        citation: as r2r_shared.citation writes it.
        files: by table.
        unmeasured: works of its collections that stayed behind, for the profile has no numbers for them.
    """

    name: str
    tool: str
    schema: str
    profile: Identity
    whole: bool
    fingerprint: str
    citation: dict[str, Any]
    files: Mapping[str, TableFile]
    unmeasured: int = 0

    @property
    def size_bytes(self) -> int:
        """Of all tables together."""
        return sum(file.bytes for file in self.files.values())

    def to_bytes(self) -> bytes:
        """The file."""
        profile = {field.name: getattr(self.profile, field.name) for field in fields(Identity)}
        document = {
            "format": FORMAT,
            "version": VERSION,
            "name": self.name,
            "made_by": self.tool,
            "schema": self.schema,
            "profile": profile,
            "whole": self.whole,
            "fingerprint": self.fingerprint,
            "citation": self.citation,
            "unmeasured": self.unmeasured,
            "tables": {
                name: {"file": f"{name}.parquet", "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
                for name, file in self.files.items()
            },
        }
        return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def sums(manifest: bytes, files: Mapping[str, TableFile]) -> bytes:
    """The file `SHA256SUMS`."""
    lines = [f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}"]
    lines += [f"{files[table.name].sha256}  {table.file}" for table in TABLES]
    return ("\n".join(lines) + "\n").encode()


def read(data: bytes, checksums: bytes) -> Manifest:
    """What a manifest says, and that nobody has changed it.

    Raises:
        UserError: it is damaged, of a newer format, or of definitions that this release does not know.
    """
    document = _document(data)
    _require_known(document)
    try:
        found = _parse(document)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise UserError(f"{MANIFEST} is not as it should be: {_reason(error)}", _TORN) from error
    # After the version: of a newer format another rule may hold.
    if checksums != sums(data, found.files):
        raise UserError(f"{MANIFEST} is not the one that {SUMS} vouches for", _TORN)
    if found.profile.metrics_version not in METRICS_VERSIONS:
        raise UserError(
            f"its numbers are of metrics version {found.profile.metrics_version}, which this release does not know",
            "install the release of r2r that made it, or a newer one",
        )
    return found


def _document(data: bytes) -> dict[str, Any]:
    try:
        document: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{MANIFEST} is no JSON", _TORN) from error
    if not isinstance(document, dict):
        raise UserError(f"{MANIFEST} is no JSON object", _TORN)
    return cast("dict[str, Any]", document)


def _require_known(document: dict[str, Any]) -> None:
    if document.get("format") != FORMAT:
        raise UserError(f"this is no data set of r2r: its format is not “{FORMAT}”", "name what `r2r export` wrote")
    version = document.get("version")
    if not _is_int(version) or cast("int", version) < 1:
        raise UserError(f"{MANIFEST} names no version of its format", _TORN)
    if cast("int", version) > VERSION:
        raise UserError(
            f"the data set is of format version {version}, this release reads up to {VERSION}",
            "install a newer release of r2r, or have it exported by an older one",
        )


def _parse(document: dict[str, Any]) -> Manifest:
    profile = document["profile"]
    tables = document["tables"]
    if set(tables) != {table.name for table in TABLES}:
        raise ValueError("it names other tables")
    files = {table.name: _file(table.name, tables[table.name], table.most_rows) for table in TABLES}
    identity = Identity(
        **{name: _text(profile[name]) for name in ("name", "encoder", "encoder_digest", "depth", "depth_digest")},
        metrics_version=_count(profile["metrics_version"], 1_000),
        dim=_count(profile["dim"], 2_000),
        revision=_count(profile["revision"], 1 << 62),
    )
    if identity.dim < 1 or not identity.name:
        raise ValueError("the profile is none")
    if not isinstance(document["whole"], bool):
        raise TypeError("a value of the wrong kind")
    return Manifest(
        name=_text(document["name"]),
        tool=_text(document["made_by"]),
        schema=_text(document["schema"]),
        profile=identity,
        whole=document["whole"],
        fingerprint=_digest(document["fingerprint"]),
        citation=_citation(document["citation"]),
        files=files,
        unmeasured=_count(document.get("unmeasured", 0), 1 << 62),  # the first data sets did not say
    )


def _citation(value: Any) -> dict[str, Any]:
    """Its line of text, and what else it says, kept and shown in another installation: tidied like any other text."""
    found = _tidied(value)
    if not isinstance(value, dict) or not isinstance(found.get("text"), str) or not found["text"]:
        raise TypeError("the citation has no text")
    return found


def _tidied(value: Any) -> Any:
    match value:
        case dict():
            return {clean(str(name)): _tidied(one) for name, one in cast("dict[Any, Any]", value).items()}
        case list():
            return [_tidied(one) for one in cast("list[Any]", value)]
        case str():
            return clean(value)
        case float() if not math.isfinite(value):
            raise ValueError("a number is not finite")
        case _:
            return value


def _file(name: str, said: dict[str, Any], most_rows: int) -> TableFile:
    if said["file"] != f"{name}.parquet":
        raise ValueError(f"the table {name} is in another file")
    return TableFile(_count(said["rows"], most_rows), _count(said["bytes"], 1 << 42), _digest(said["sha256"]))


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 512:
        raise TypeError("a text is none, or too long")
    return clean(value)


def _count(value: Any, most: int) -> int:
    if not _is_int(value) or not 0 <= value <= most:
        raise ValueError(f"a number is none, or not within 0 to {most}")
    return value


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _digest(value: Any) -> str:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError("a digest is none")
    return value


def _reason(error: Exception) -> str:
    return f"it has no {error.args[0]}" if isinstance(error, KeyError) else str(error)

"""Walking through what a museum's API lists, page by page: which address to ask first, and what an answer holds.

Nothing here asks anything: whoever does gives each answer to `read` and then asks for the addresses in `following`.

* SMK: `offset` and `rows`, `found` in all. The filter on `object_names` is Danish, and finds nothing beside `lang=en`.
* Art Institute of Chicago: `page` and `limit` (100 at most). Searching for paintings saves asking for the other 95 %.
* Cleveland: `skip` and `limit`, `info.total` in all.
* IIIF: a collection names manifests and collections, each to be asked for; version 2 may page by `first` and `next`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from r2r_shared.collections import artic, cleveland, iiif, remarks, smk, works
from r2r_shared.collections.addresses import web_address
from r2r_shared.collections.classes import PAINTINGS, Classes
from r2r_shared.collections.museums import MUSEUMS
from r2r_shared.errors import UserError
from r2r_shared.records import PaintingRecord, Refusal

ROWS = {"smk": 100, "artic": 100, "cleveland": 100}
"""Works a page: some megabytes at most, where a record is as long as the longest."""
FORMATS = (*ROWS, "iiif")


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer holds.

    Attributes:
        following: addresses to ask next, in their order; empty at the end.
        total: how many works there are in all, where the answer says so.
    """

    records: tuple[PaintingRecord | Refusal, ...]
    following: tuple[str, ...]
    total: int | None = None


def first(format: str, address: str, *, classes: Classes = PAINTINGS) -> str:
    """The address to begin a walk with.

    Args:
        address: what a person named: a host alone stands for all its paintings (or for all of the classes asked
            for); an address with a path is taken as it is, so that a search's own filters count.

    Raises:
        UserError: the museum has no API that lists its works, or the address is none.
    """
    checked = web_address(address)
    if not checked:
        raise UserError(f"{address[:200]} is not a web address", "it begins with https:// and names a host")
    if format not in FORMATS:
        museum = MUSEUMS.get(format)
        hint = museum.hint if museum else f"use one of {', '.join(FORMATS)}"
        raise UserError(f"--format {format} is read from files, not from an address", hint)
    if format == "iiif":
        return checked
    parts = urlsplit(checked)
    if parts.path in {"", "/"}:
        path, query = _DEFAULTS[format](classes)
        parts = parts._replace(path=path)
    else:
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query |= {key: value for key, value in _paging(format, query).items() if key not in query}
    return parts._replace(query=_encoded(query)).geturl()


def read(format: str, document: Any, *, address: str, classes: Classes = PAINTINGS) -> Page:
    """What an answer holds.

    Args:
        document: decoded from JSON.
        address: that was asked.
    """
    if not isinstance(document, dict):
        return Page((Refusal(address, remarks.ERROR_DOCUMENT, "not a JSON object"),), ())
    answer = cast(Mapping[str, Any], document)
    if format == "iiif":
        return _iiif(answer, address, classes)
    key = {"smk": "items", "artic": "data", "cleveland": "data"}[format]
    listed: Any = answer.get(key)
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list):
        error = works.error_document(answer) or f"no {key} in it"
        return Page((Refusal(address, remarks.ERROR_DOCUMENT, error),), ())
    entries = cast(list[Any], listed)
    one = _reader(format, answer)
    found = tuple(
        one(f"{address}, entry {number}", cast(Mapping[str, Any], entry), classes=classes)
        if isinstance(entry, dict)
        else Refusal(f"{address}, entry {number}", remarks.UNREADABLE, "not an object")
        for number, entry in enumerate(entries, 1)
    )
    following, total = _next(format, answer, address, len(entries))
    return Page(found, (following,) if following else (), total)


def _reader(format: str, answer: Mapping[str, Any]) -> Callable[..., PaintingRecord | Refusal]:
    """What reads one of an answer's works."""
    if format == "artic":
        return partial(artic.record, iiif=artic.iiif_of(answer))
    return smk.record if format == "smk" else cleveland.record


def _next(format: str, answer: Mapping[str, Any], address: str, got: int) -> tuple[str, int | None]:
    """The address of the page after this one, empty at the end; how many works there are in all."""
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if format == "artic":
        paging: Any = answer.get("pagination")
        counts: Mapping[str, Any] = cast(Mapping[str, Any], paging) if isinstance(paging, dict) else {}
        page = _whole(query.get("page")) or 1
        pages, total = _whole(counts.get("total_pages")), _whole(counts.get("total"))
        more = got > 0 and pages is not None and page < pages
        query["page"] = str(page + 1)
    else:
        start, size = ("offset", "rows") if format == "smk" else ("skip", "limit")
        info: Any = answer.get("info")
        total = _whole(
            answer.get("found") if format == "smk" else cast(Any, info).get("total") if isinstance(info, dict) else None
        )
        begun = _whole(query.get(start)) or 0
        asked = _whole(query.get(size)) or ROWS[format]
        # Where the answer does not say how many there are, a full page is followed by another.
        more = got > 0 and (begun + got < total if total is not None else got >= asked)
        query[start] = str(begun + got)
    return (parts._replace(query=_encoded(query)).geturl() if more else ""), total


def _iiif(answer: Mapping[str, Any], address: str, classes: Classes) -> Page:
    whole, named = iiif.parts_of(answer)
    if not whole and not named:
        return Page(tuple(iiif.documents(address, answer, classes=classes)), ())
    found = tuple(iiif.record(address, manifest, classes=classes) for manifest in whole)
    return Page(found, tuple(other for other in named if other != address), None)


def _smk(classes: Classes) -> tuple[str, dict[str, str]]:
    kind = "maleri" if classes.wanted is None else classes.wanted[0] if len(classes.wanted) == 1 else ""
    filters = "[has_image:true]" + (f",[object_names:{kind}]" if kind else "")
    return "/api/v1/art/search/", {"keys": "*", "filters": filters}


def _artic(classes: Classes) -> tuple[str, dict[str, str]]:
    if classes.wanted is None:  # 1: Painting, https://api.artic.edu/api/v1/artwork-types
        return "/api/v1/artworks/search", {"query[term][artwork_type_id]": "1"}
    return "/api/v1/artworks", {}


def _cleveland(classes: Classes) -> tuple[str, dict[str, str]]:
    kind = "Painting" if classes.wanted is None else classes.wanted[0].title() if len(classes.wanted) == 1 else ""
    return "/api/artworks/", {"has_image": "1"} | ({"type": kind} if kind else {})


_DEFAULTS: dict[str, Callable[[Classes], tuple[str, dict[str, str]]]] = {
    "smk": _smk,
    "artic": _artic,
    "cleveland": _cleveland,
}


def _paging(format: str, query: Mapping[str, str]) -> dict[str, str]:
    rows = str(ROWS[format])
    if format == "smk":
        return {"offset": "0", "rows": rows}
    if format == "artic":
        return {"fields": ",".join(artic.FIELDS), "limit": rows, "page": "1"}
    return {"fields": ",".join(cleveland.FIELDS), "skip": "0", "limit": rows}


def _encoded(query: Mapping[str, str]) -> str:
    return urlencode(query, safe="[]:,*", quote_via=quote)


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

"""The museums whose records are read: who they are, where they answer, and what they ask of whoever asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from r2r_shared.collections import artic, cleveland, iiif, met, nga, smk
from r2r_shared.collections.addresses import host_of
from r2r_shared.collections.classes import Classes
from r2r_shared.collections.pictures import RecordPicture
from r2r_shared.records import PaintingRecord, Refusal


class Reader(Protocol):
    """Reads a museum's files: streams, opens no picture, stops for nothing in them."""

    def __call__(self, source: Path, *, classes: Classes = ...) -> Iterator[PaintingRecord | Refusal]: ...


@dataclass(frozen=True, slots=True)
class Museum:
    """A museum, or a form in which many publish.

    Attributes:
        format: what `--format` calls it.
        title: its own name; empty for a form of many.
        hosts: of its API and its pictures; a subdomain of one is one, too.
        hint: where its data are to be had, and what it says about how often it may be asked.
        rate: requests a second to one of its hosts that are within what it says.
        introduced_in: the header in which it asks programs to say who they are, beside User-Agent; empty: in none.
    """

    format: str
    title: str
    hosts: tuple[str, ...]
    read: Reader
    hint: str = ""
    rate: float = 1.0
    introduced_in: str = ""


MUSEUMS: dict[str, Museum] = {
    museum.format: museum
    for museum in (
        Museum(
            "met",
            met.MUSEUM,
            ("metmuseum.org",),
            met.records,
            hint="MetObjects.csv from github.com/metmuseum/openaccess; its API allows 80 requests a second",
            rate=4.0,
        ),
        Museum(
            "nga",
            nga.MUSEUM,
            ("nga.gov",),
            nga.records,
            hint="the folder `data` of github.com/NationalGalleryOfArt/opendata",
        ),
        Museum(
            "artic",
            artic.MUSEUM,
            ("artic.edu",),
            artic.records,
            hint="https://api.artic.edu allows 60 requests a minute; for everything it asks you to take its data dump",
            introduced_in="AIC-User-Agent",  # https://api.artic.edu/docs/#authentication
        ),
        Museum("smk", smk.MUSEUM, ("smk.dk",), smk.records, hint="https://api.smk.dk lists its works"),
        Museum(
            "cleveland",
            cleveland.MUSEUM,
            ("clevelandart.org",),
            cleveland.records,
            hint="data.json from github.com/ClevelandMuseumArt/openaccess, or https://openaccess-api.clevelandart.org",
        ),
        Museum("iiif", "", (), iiif.records, hint="a manifest, or a collection of manifests"),
    )
}

_PICTURES: dict[str, Callable[[Mapping[str, Any]], RecordPicture | str]] = {"met": met.picture_of_record}


def of_address(address: str) -> Museum | None:
    """The museum whose host an address names; None for any other host."""
    return _of_host(host_of(address))


def introduced_in(host: str) -> str:
    """The header in which the museum of a host asks to be told who asks, beside User-Agent; empty: in none."""
    museum = _of_host(host)
    return museum.introduced_in if museum else ""


def _of_host(host: str) -> Museum | None:
    return next(
        (museum for museum in MUSEUMS.values() if any(host == one or host.endswith(f".{one}") for one in museum.hosts)),
        None,
    )


def of_file(file: str) -> Museum | None:
    """The museum of a work, by the name it goes by ("met/436535"); manifests are named by their address."""
    if file.startswith(("http://", "https://")):
        return MUSEUMS["iiif"]
    return MUSEUMS.get(file.partition("/")[0]) if "/" in file else None


def picture_of_record(format: str, document: Any) -> RecordPicture | str:
    """The picture that a museum's record of one work names (`PaintingRecord.record_url`), or why there is none.

    The reason is in words that are the same for all of a kind.

    Args:
        format: the museum's.
        document: the answer, decoded from JSON.
    """
    if not isinstance(document, dict):
        return "an answer that is no record of a work"
    return _PICTURES[format](document)  # pyright: ignore[reportUnknownArgumentType]

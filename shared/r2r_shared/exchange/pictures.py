"""The small pictures of a data set: keyframes are stills of a film and museums' pictures have licences, so none go
along unless they are asked for. A file is named by its row's key, never by its sender."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import Connection

from r2r_shared.collections import licences
from r2r_shared.errors import PictureRefused, UserError
from r2r_shared.exchange.format import PICTURES
from r2r_shared.exchange.place import Place
from r2r_shared.pictures import require_kept
from r2r_shared.queries import exchange_read
from r2r_shared.queries.exchange_read import Chosen
from r2r_shared.storage.media_store import MediaStore

MOST_BYTES = 4 << 20
_HINT = "it was damaged or changed on its way: get the data set anew"


@dataclass(slots=True)
class Written:
    """How many pictures went along; of how many nobody says the licence; how many the media store has not.

    `withheld` says by licence how many stayed behind because only others were asked for; "": of none that anybody says.
    """

    pictures: int = 0
    unlicensed: int = 0
    missing: int = 0
    withheld: Counter[str] = field(default_factory=Counter[str])


def file_of(kind: str, number: int) -> str:
    """Where a picture lies in a data set."""
    return f"{PICTURES.name}/{kind}/{number}.jpg"


def write(
    conn: Connection[Any],
    store: MediaStore,
    chosen: Chosen,
    folder: Path,
    count: Written,
    *,
    what: str,
    wanted: Sequence[str],
) -> Iterator[list[tuple[str, int, int, bytes]]]:
    """Copy pictures out of the media store; yields the rows of the table `pictures`.

    Args:
        what: none, paintings, or all.
        wanted: only paintings under one of these licences, as collections.licences.matches takes them.
    """
    kinds = {"none": (), "paintings": ("paintings",), "all": ("keyframes", "paintings")}[what]
    for kind in kinds:
        (folder / PICTURES.name / kind).mkdir(parents=True)
        for batch in exchange_read.pictures(conn, kind, chosen):
            rows: list[tuple[str, int, int, bytes]] = []
            for number, key, licence in batch:
                if kind == "paintings" and not licences.matches(wanted, licence):
                    count.withheld[licence] += 1
                    continue
                try:
                    data = store.get(key)
                except FileNotFoundError:
                    count.missing += 1
                    continue
                (folder / file_of(kind, number)).write_bytes(data)
                rows.append((kind, number, len(data), hashlib.sha256(data).digest()))
                count.pictures += 1
                count.unlicensed += kind == "paintings" and not licence
            yield rows


def read(place: Place, kind: str, number: int, *, size: int, sha256: bytes) -> bytes:
    """A picture's bytes: the very ones that were exported, and a small JPEG that can be read.

    Raises:
        UserError: it is missing, another, or no such picture.
    """
    name = file_of(kind, number)
    if place.size(name) != size or size > MOST_BYTES:
        raise UserError(f"{name} has not the size that it had when it was exported", _HINT)
    with place.open(name) as file:
        data = file.read(size)
    if hashlib.sha256(data).digest() != sha256:
        raise UserError(f"{name} is not the file that was exported: its SHA-256 differs", _HINT)
    try:
        require_kept(data, name)
    except PictureRefused as refused:
        raise UserError(refused.message, _HINT) from refused
    return data

"""One awaited work: its museum's record where that must be asked, its picture, and the picture in the media store.

What a thread of the pool does; it knows nothing of the database, and returns what became of the work.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, cast

from r2r_shared import pictures
from r2r_shared.collections import licences as licence_words
from r2r_shared.collections import museums, text
from r2r_shared.errors import AskedToWait, NotFetched, PictureRefused, TryAgain
from r2r_shared.fetching import download, records
from r2r_shared.fetching.cache import Cache, Entry
from r2r_shared.fetching.client import CUT_OFF, Client
from r2r_shared.fetching.patience import Patience
from r2r_shared.importing import key_of
from r2r_shared.queries.awaited import AwaitedWork
from r2r_shared.storage.media_store import MediaStore

NO_PICTURE = "its museum's record names no picture"
UNKNOWN_RECORD = "a record of a kind that is not known"

RECORD_KEPT_S = 86400.0

NOT_A_PICTURE = "not a picture that can be read"  # these three: as `pictures.intake` says it
_DAMAGED = "damaged"
_EMPTY = "the file is empty"
_STARTS = (b"\xff\xd8", b"\x89PNG", b"RIFF", b"II*\0", b"MM\0*", b"BM", b"GIF8")

_decoding = threading.BoundedSemaphore(max(2, min(4, os.cpu_count() or 2)))
"""Pictures decoded at once, however many are on their way: each may take some hundred megabytes for a moment."""


@dataclass(frozen=True, slots=True)
class Came:
    """A picture is in the media store, and in the cache until its row is committed.

    Attributes:
        licence: as its museum's record says, else as its source does.
        fetched: what is kept with the painting: the picture's address, when it came, what the museum's record adds; and
            where that record says a licence, which, and what the source said then (`listed`).
    """

    work: AwaitedWork
    sha256: bytes
    width: int
    height: int
    licence: str
    told: str | None
    fetched: dict[str, Any]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """A picture did not come. What the cache has of it (`entries`) is of no more use if that is final.

    Attributes:
        told: the licence that its museum's record says, if it was asked and says one.
    """

    work: AwaitedWork
    reason: str
    detail: str
    final: bool
    told: str | None = None
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Its museum's record says another licence than those that were asked for."""

    work: AwaitedWork
    licence: str


@dataclass(frozen=True, slots=True)
class PutOff:
    """A server asked to be left alone."""

    work: AwaitedWork
    host: str
    until: dt.datetime


Outcome: TypeAlias = Came | Missed | Unwanted | PutOff


@dataclass(frozen=True)
class Fetcher:
    """How to get a work's picture.

    Attributes:
        licences: take only pictures under one of these; empty: any.
    """

    client: Client
    patience: Patience
    cache: Cache
    store: MediaStore
    licences: Collection[str] = ()
    max_bytes: int = download.MAX_BYTES
    now: Callable[[], dt.datetime] = field(default=lambda: dt.datetime.now(dt.UTC))

    def fetch(self, work: AwaitedWork) -> Outcome:
        """What became of a work.

        Raises:
            UserError: cache or media store take no more.
            Stopped: the command is ending.
        """
        licence, told = work.licence, cast("str | None", None)
        entries: list[Entry] = []
        try:
            url, said = work.picture_url, cast("dict[str, Any]", {})
            if not url:
                entries.append(self.cache.entry(work.id, work.record_url))
                url, told, said = self._ask_record(work, entries[0])
                licence = told if told is not None else licence
                if not licence_words.matches(self.licences, licence):
                    return Unwanted(work, licence)
            entries.append(self.cache.entry(work.id, url))
            picture = self.patience.persist(self.client.pace, partial(self._picture, url, entries[-1]))
        except AskedToWait as asked:
            return PutOff(work, asked.host, asked.until)
        except PictureRefused as refused:
            entries[-1].drop()  # another run may find something else there
            return Missed(work, refused.reason, refused.detail, True, told, tuple(entries))
        except NotFetched as failed:
            return Missed(work, failed.reason, failed.detail, failed.final, told, tuple(entries))
        self.store.put(key_of(picture.sha256), picture.jpeg)
        fetched = {"address": url, "at": self.now().isoformat(timespec="seconds"), **said}
        if told is not None:
            fetched |= {"licence": told, "listed": work.listed_licence}
        return Came(work, picture.sha256, picture.width, picture.height, licence, told, fetched, tuple(entries))

    def _picture(self, url: str, entry: Entry) -> pictures.Picture:
        """The picture at an address.

        Raises:
            TryAgain: it is no whole picture, and may be a beginning: its server did not say how long it is.
        """
        path = download.download(self.client, self.patience, url, entry, max_bytes=self.max_bytes)
        try:
            with _decoding:
                return pictures.intake(path, max_bytes=self.max_bytes)
        except PictureRefused as refused:
            if not (entry.may_be_cut() and _may_be_a_beginning(refused.reason, path)):
                raise
            entry.drop()
            raise TryAgain(CUT_OFF, f"{refused.reason}, and its server did not say how long it is") from refused

    def _ask_record(self, work: AwaitedWork, entry: Entry) -> tuple[str, str | None, dict[str, Any]]:
        """(picture's address, licence, what else is to be kept), as the museum's record of a work says.

        The licence is None where the record says nothing of it, and empty where it says that there is none.

        The record is kept as long as its picture may still come, for a day: a museum is asked for it once.
        """
        try:
            document = json.loads(entry.kept(for_s=RECORD_KEPT_S) or b"")
        except ValueError:  # not there, or not whole: a machine may lose its power
            document = records.get(self.client, self.patience, work.record_url)
            data = json.dumps(document).encode()
            download.on_disk(lambda: entry.keep(data))
        format = work.file.partition("/")[0]
        if format not in museums.MUSEUMS or not isinstance(document, dict):
            raise NotFetched(UNKNOWN_RECORD)
        found = museums.picture_of_record(format, cast("dict[str, Any]", document))
        if isinstance(found, str):
            # "reason: what its server said", which may be anything at all.
            reason, _, said = found.partition(": ")
            raise NotFetched(text.clean(reason)[:200] or NO_PICTURE, text.clean(said)[:200])
        return found.url, found.licence, dict(found.extra)


def _may_be_a_beginning(reason: str, path: Path) -> bool:
    """True for a file that is refused as one is of which only the beginning is there."""
    if reason != NOT_A_PICTURE:
        return reason in {_DAMAGED, _EMPTY}
    with path.open("rb") as file:
        return file.read(4).startswith(_STARTS)

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
from typing import Any, TypeAlias, cast

from r2r_shared import pictures
from r2r_shared.collections import licences as licence_words
from r2r_shared.collections import museums, text
from r2r_shared.errors import AskedToWait, NotFetched, PictureRefused
from r2r_shared.fetching import download, records
from r2r_shared.fetching.cache import Cache, Entry
from r2r_shared.fetching.client import Client
from r2r_shared.fetching.patience import Patience
from r2r_shared.importing import key_of
from r2r_shared.queries.awaited import AwaitedWork
from r2r_shared.storage.media_store import MediaStore

NO_PICTURE = "its museum's record names no picture"
UNKNOWN_RECORD = "a record of a kind that is not known"

RECORD_KEPT_S = 86400.0

_decoding = threading.BoundedSemaphore(max(2, min(4, os.cpu_count() or 2)))
"""Pictures decoded at once, however many are on their way: each may take some hundred megabytes for a moment."""


@dataclass(frozen=True, slots=True)
class Came:
    """A picture is in the media store, and in the cache until its row is committed.

    Attributes:
        fetched: what is kept with the painting: the picture's address, when it came, what the museum's record adds.
    """

    work: AwaitedWork
    sha256: bytes
    width: int
    height: int
    licence: str
    fetched: dict[str, Any]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """A picture did not come. What the cache has of it (`entries`) is of no more use if that is final."""

    work: AwaitedWork
    reason: str
    detail: str
    final: bool
    licence: str = ""
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
        licence = work.licence
        entries: list[Entry] = []
        try:
            url, said = work.picture_url, cast("dict[str, Any]", {})
            if not url:
                entries.append(self.cache.entry(work.id, work.record_url))
                url, told, said = self._ask_record(work, entries[0])
                licence = told or licence
                if not licence_words.matches(self.licences, licence):
                    return Unwanted(work, licence)
            entries.append(self.cache.entry(work.id, url))
            path = download.download(self.client, self.patience, url, entries[-1], max_bytes=self.max_bytes)
            with _decoding:
                picture = pictures.intake(path, max_bytes=self.max_bytes)
        except AskedToWait as asked:
            return PutOff(work, asked.host, asked.until)
        except PictureRefused as refused:
            return Missed(work, refused.reason, refused.detail, True, licence, tuple(entries))
        except NotFetched as failed:
            return Missed(work, failed.reason, failed.detail, failed.final, licence, tuple(entries))
        self.store.put(key_of(picture.sha256), picture.jpeg)
        fetched = {"address": url, "at": self.now().isoformat(timespec="seconds"), **said}
        return Came(work, picture.sha256, picture.width, picture.height, licence, fetched, tuple(entries))

    def _ask_record(self, work: AwaitedWork, entry: Entry) -> tuple[str, str, dict[str, Any]]:
        """(picture's address, licence, what else is to be kept), as the museum's record of a work says.

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

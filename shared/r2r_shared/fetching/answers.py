"""What a walk is answered, kept until the walk and what follows from it are done: one that was killed goes on.

Kept for a day at most, and no more of it than `MOST_KEPT_BYTES`; beyond that, a walk begun again asks again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from zlib import crc32

from r2r_shared.errors import NotFetched
from r2r_shared.fetching import download, records
from r2r_shared.fetching.cache import Cache
from r2r_shared.fetching.client import Client
from r2r_shared.fetching.patience import Patience

SKIPPED = "left out this time: the last time it was one of many in a row that could not be read"
KEPT_S = 86400.0
MOST_KEPT_BYTES = 512 << 20


@dataclass
class Answers:
    """Documents, as the web or an earlier run of the same walk has them; shared by threads.

    Args:
        begins: the walk's first address: each walk has answers of its own.
    """

    client: Client
    patience: Patience
    cache: Cache
    begins: str
    _kept: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, address: str) -> Any:
        """The document at an address; raises what records.get does.

        Raises:
            NotFetched: it is to be left out this time.
            UserError: the cache takes no more.
        """
        entry = self.cache.answer(self._walk, address)
        try:
            return json.loads(entry.kept(for_s=KEPT_S) or b"")
        except ValueError:  # not there, or not whole: a machine may lose its power
            if entry.state.exists():
                entry.drop()
                raise NotFetched(SKIPPED, final=False) from None
            document = records.get(self.client, self.patience, address)
        data = json.dumps(document).encode()
        with self._lock:
            self._kept += len(data)
            room = self._kept <= MOST_KEPT_BYTES
        if room:
            download.on_disk(lambda: entry.keep(data))
        return document

    def skip_once(self, addresses: Iterable[str]) -> None:
        """Leave these out when the walk is begun again, once: else it would stop there each time."""
        for address in addresses:
            download.on_disk(partial(self.cache.answer(self._walk, address).state.write_bytes, b"{}"))

    def drop(self) -> None:
        """The walk is done: the next one asks for everything anew."""
        self.cache.drop_answers(self._walk)

    @property
    def _walk(self) -> int:
        return crc32(self.begins.encode("utf-8", "surrogatepass"))

"""What costs much to make is made once, however many ask for it at the same time, and kept as long as it is true."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

T = TypeVar("T")

MOST_BYTES = 192 << 20
AT_ONCE = 2
"""So many of a kind are made at a time: each is work for the database, and a film's thousands of matches in memory."""


@dataclass(frozen=True, slots=True)
class Document:
    """A page or a JSON document as it is sent, compressed and not."""

    media_type: str
    compressed: bytes

    @staticmethod
    def of(text: str, media_type: str) -> Document:
        return Document(media_type, gzip.compress(text.encode(), compresslevel=3, mtime=0))

    def answer(self, request: Request, *, tag: str) -> Response:
        """It, or that the browser has it already.

        Args:
            tag: differs whenever the document does.
        """
        headers = {"etag": f'"{tag}"', "cache-control": "private, no-cache", "vary": "accept-encoding"}
        if f'"{tag}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(self.compressed, media_type=self.media_type, headers=headers)
        return Response(gzip.decompress(self.compressed), media_type=self.media_type, headers=headers)


class Once(Generic[T]):
    """Things by what they depend on, each made once; the ones that were not asked for the longest go first.

    Args:
        most: so much of them is kept, by `size`.
    """

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most = most
        self._size = size
        self._done: OrderedDict[Hashable, T] = OrderedDict()
        self._making: dict[Hashable, asyncio.Future[T]] = {}
        self._gate: asyncio.Semaphore | None = None

    async def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The one of a key; `make` runs in a thread, for the first who asks. On the event loop alone.

        Raises:
            Exception: what `make` raised, to everyone who waited for it. It is tried again for the next.
        """
        if (found := self._done.get(key)) is not None:
            self._done.move_to_end(key)
            return found
        if (making := self._making.get(key)) is not None:
            return await asyncio.shield(making)
        making = self._making[key] = asyncio.get_running_loop().create_future()
        making.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody else may have waited
        gate = self._gate = self._gate or asyncio.Semaphore(AT_ONCE)
        try:
            async with gate:
                made = await run_in_threadpool(make)
        except BaseException as error:
            making.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            raise
        else:
            making.set_result(made)
            self._keep(key, made)
            return made
        finally:
            del self._making[key]

    def _keep(self, key: Hashable, made: T) -> None:
        self._done[key] = made
        while len(self._done) > 1 and sum(map(self._size, self._done.values())) > self._most:
            self._done.popitem(last=False)


class Kept(Once[Document]):
    """Documents, so many bytes of them."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(most_bytes, lambda one: len(one.compressed))

"""Copies the bytes of an object into an open file: read ahead, digested on the way, left at once when it is time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Protocol

from r2r_shared.errors import Cancelled, Unavailable
from r2r_shared.film.stamps import Stamp

_POLL_S = 0.2


class Source(Protocol):
    """What can be copied: a name, a stamp, and its bytes a piece at a time."""

    @property
    def name(self) -> str: ...
    @property
    def stamp(self) -> Stamp: ...
    def chunks(self) -> Iterator[bytes]: ...


def fill(fd: int, source: Source, should_stop: Callable[[], bool], on_bytes: Callable[[int], None]) -> bytes:
    """Copy all bytes of an object into an open file; the digest of what was written."""
    digest, done = hashlib.sha256(), 0
    for chunk in _ahead(source.chunks(), should_stop):
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.pwrite(fd, rest, done + len(chunk) - len(rest)) :]
        digest.update(chunk)
        done += len(chunk)
        on_bytes(done)
    if done != source.stamp.size_bytes:
        raise Unavailable(
            f"{source.name} gave {done} bytes where it has {source.stamp.size_bytes}", "is it being replaced?"
        )
    os.fsync(fd)
    return digest.digest()


def _ahead(chunks: Iterator[bytes], should_stop: Callable[[], bool]) -> Iterator[bytes]:
    """The chunks, the next one read while one is written. A store that hangs is left at once when it is time to stop.

    Raises:
        Cancelled: should_stop said so.
    """
    reader = ThreadPoolExecutor(1, thread_name_prefix="scratch")
    try:
        coming = reader.submit(next, chunks, None)
        while True:
            while not wait([coming], timeout=_POLL_S).done:
                if should_stop():
                    raise Cancelled
            chunk = coming.result()
            if chunk is None:
                return
            if should_stop():
                raise Cancelled
            coming = reader.submit(next, chunks, None)
            yield chunk
    finally:
        reader.shutdown(wait=False, cancel_futures=True)

"""A picture from its address into a file: bounded, whole, and gone on with where it was cut off.

What a cut connection has brought stays as a part; the next attempt, of this run or another, asks for the rest (Range)
on condition that the picture is still the same one (If-Range; RFC 9110, 13.1.5 and 14.2). A server that cannot do that
sends all of it again.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from r2r_shared.errors import NotFetched, TryAgain, UserError
from r2r_shared.fetching.client import CUT_OFF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from r2r_shared.fetching.cache import Entry
    from r2r_shared.fetching.client import Client, Reply
    from r2r_shared.fetching.patience import Patience

T = TypeVar("T")

WEB_PAGE = "a web page instead of a picture"
TOO_LARGE = "too large"
MAX_BYTES = 64 << 20

_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


def download(client: Client, patience: Patience, url: str, entry: Entry, *, max_bytes: int = MAX_BYTES) -> Path:
    """The picture at `url` as a file of the cache.

    Args:
        max_bytes: what says that it is larger is not read at all, and what turns out to be, no further than that.

    Raises:
        NotFetched: it cannot be had, or not this time.
        AskedToWait: its server wants to be left alone.
        UserError: the cache takes no more.
        Stopped: the command is ending.
    """
    if entry.whole.exists():
        return entry.whole
    return patience.persist(client.pace, lambda: _attempt(client, url, entry, max_bytes))


def _attempt(client: Client, url: str, entry: Entry, max_bytes: int) -> Path:
    there = entry.part.stat().st_size if entry.part.exists() else 0
    validator = entry.validator() if there else ""
    headers = {"Range": f"bytes={there}-", "If-Range": validator} if validator else {}
    with client.get(url, {"Accept": "image/*, */*;q=0.5", **headers}) as reply:
        if reply.media_type in _PAGES:
            raise NotFetched(WEB_PAGE, reply.media_type)
        if reply.status == 416:  # what we have is no beginning of what is there now
            entry.drop()
            raise TryAgain(CUT_OFF, "its length has changed")
        total = _total(reply, there if validator else None)
        if total is not None and total > max_bytes:
            entry.drop()
            raise NotFetched(TOO_LARGE, f"{total >> 20:,} MB, at most {max_bytes >> 20} are fetched")
        if reply.status == 200:
            there = 0
            on_disk(lambda: entry.begin(_validator(reply.headers)))
        there = _append(reply, entry, there, max_bytes)
    if total is not None and there != total:
        if there > total:
            entry.drop()
        raise TryAgain(CUT_OFF, f"{there:,} of {total:,} bytes")
    on_disk(lambda: entry.finish(measured=total is not None or reply.has_end))
    return entry.whole


def _total(reply: Reply, asked_from: int | None) -> int | None:
    """Bytes of the whole picture, where the server says so.

    Raises:
        TryAgain: it sent another part than the one that was asked for.
    """
    if reply.status == 200:
        return reply.length
    found = _RANGE.fullmatch(reply.headers.get("Content-Range", "").strip())
    if found is None or asked_from is None or int(found[1]) != asked_from:
        raise TryAgain(CUT_OFF, "its server sent another part than was asked for")
    return None if found[3] == "*" else int(found[3])


def _append(reply: Reply, entry: Entry, there: int, max_bytes: int) -> int:
    """Write the body to the end of the part; the part's length."""
    # Without a buffer: what has come is in the file, and can be gone on with, when the process is killed.
    with on_disk(lambda: entry.part.open("ab", buffering=0)) as file:
        for chunk in reply.chunks():
            there += len(chunk)
            if there > max_bytes:
                entry.drop()
                raise NotFetched(TOO_LARGE, f"at most {max_bytes >> 20} MB are fetched")
            on_disk(partial(_write_all, file, chunk))
    return there


def _write_all(file: io.FileIO, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[file.write(view) :]


def _validator(headers: Mapping[str, str]) -> str:
    """A strong entity tag, else a date: nothing weaker may stand in If-Range."""
    tag, date = headers.get("ETag", "").strip(), headers.get("Last-Modified", "").strip()
    found = tag if tag.startswith('"') else date
    return found if found.isascii() and found.isprintable() and len(found) < 1000 else ""


def on_disk(act: Callable[[], T]) -> T:
    """What `act` returns, which writes to the cache.

    Raises:
        UserError: the cache takes no more.
    """
    try:
        return act()
    except OSError as error:
        raise UserError(
            f"what is fetched cannot be kept: {error.strerror}", "make room, or name another directory with --cache"
        ) from error

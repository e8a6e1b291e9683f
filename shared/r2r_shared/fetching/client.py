"""One question to a museum's server and its answer: paced, to a checked address, through a bounded number of redirects.

Nothing is asked twice here (`patience` does that), and nothing is read of the body that the caller does not read.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from r2r_shared import __version__
from r2r_shared.errors import AskedToWait, NotFetched, Stopped, TryAgain
from r2r_shared.fetching.addresses import NO_ADDRESS
from r2r_shared.fetching.connections import CHUNK_BYTES, Connections, Limits, let_go
from r2r_shared.fetching.retry_after import retry_after

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from r2r_shared.fetching.addresses import Addresses, Target
    from r2r_shared.fetching.pace import Pace

NOT_FOUND = "not found"
NOT_ALLOWED = "its server does not give it to everyone"
REFUSED = "its server refused"
BUSY = "its server was too busy"
FAILED = "its server failed"
CUT_OFF = "cut off"
REDIRECTS = "redirected too often"
PACKED = "compressed, which nobody asked for"

MOST_REDIRECTS = 5
_REDIRECT = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({429, 503})
_FAILED = frozenset({408, 425, 500, 502, 504})


def user_agent(contact: str = "") -> str:
    """How we introduce ourselves: the tool, its version, and whom to write to where somebody wants to be reached."""
    return f"reel-to-real/{__version__}" + (f" (+{contact})" if contact else "")


class Reply:
    """An answer: 200, 206 or 416; everything else has become an error. `url` is where it came from in the end."""

    def __init__(
        self, response: BaseHTTPResponse, url: str, asked_at: float, limits: Limits, stop: threading.Event
    ) -> None:
        self._response = response
        self._limits = limits
        self._stop = stop
        self._deadline = asked_at + limits.whole_s
        self.url = url
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def length(self) -> int | None:
        """Bytes of the body, where the server said so."""
        text = self.headers.get("Content-Length", "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

    @property
    def has_end(self) -> bool:
        """False where the body ends when the connection does, so that nothing tells one that was cut from a whole."""
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        return self.length is not None or chunked

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes, at most CHUNK_BYTES at once.

        Raises:
            TryAgain: it broke off, fell silent, or took longer than `whole_s`.
            NotFetched: it is compressed.
            Stopped: the command is ending.
        """
        from urllib3.exceptions import HTTPError, ReadTimeoutError

        if self.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
            raise NotFetched(PACKED, self.headers["Content-Encoding"][:40])
        while True:
            try:
                chunk = self._response.read1(CHUNK_BYTES, decode_content=False)
            except ReadTimeoutError as error:
                raise TryAgain(CUT_OFF, f"silent for {self._limits.silence_s:.0f} s") from error
            except (HTTPError, OSError) as error:
                raise TryAgain(CUT_OFF) from error
            if self._stop.is_set():
                raise Stopped
            if time.monotonic() > self._deadline:  # what ends now may have been shut by `reap`
                raise TryAgain(CUT_OFF, f"not whole after {self._limits.whole_s:g} s")
            if not chunk:
                return
            yield chunk


class Client:
    """Asks servers; shared by threads.

    Args:
        connections: kept open to one server at most.
        introduced_in: host → the header in which it wants to be told who asks, beside User-Agent; empty: in none.
    """

    def __init__(
        self,
        addresses: Addresses,
        pace: Pace,
        *,
        contact: str = "",
        connections: int = 8,
        limits: Limits | None = None,
        introduced_in: Callable[[str], str] = lambda host: "",
    ) -> None:
        self.pace = pace
        self.limits = limits or Limits()
        self._addresses = addresses
        self._connections = Connections(self.limits, most=connections)
        self._name = user_agent(contact)
        self._introduced_in = introduced_in

    @contextlib.contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Generator[Reply]:
        """Ask once, through redirects; the connection goes back when the `with` ends.

        Raises:
            NotFetched: there is nothing to be had there, or the address may not be connected to.
            TryAgain: not this time.
            AskedToWait: the server wants to be left alone for longer than `limits.wait_s`.
            Stopped: the command is ending.
        """
        for _ in range(MOST_REDIRECTS + 1):
            target = self._addresses.check(url)
            self.pace.wait(target.netloc, longest_s=self.limits.wait_s)
            asked_at = time.monotonic()
            response = self._connections.ask(
                target, {**self._introduction(target), **(headers or {}), "Host": target.netloc}
            )
            try:
                if response.status in _REDIRECT and (location := response.headers.get("Location", "")):
                    url = _joined(target.url, location)
                    continue
                self._require_content(response, target)
                yield Reply(response, target.url, asked_at, self.limits, self.pace.stop)
                return
            finally:
                let_go(response)
        raise NotFetched(REDIRECTS, f"{MOST_REDIRECTS} times")

    def close(self) -> None:
        """Close all connections; whoever waits for an answer on one gets none, at once."""
        self._connections.close()

    def reap(self) -> None:
        """Shut connections that were asked longer ago than any answer may take; to be called now and then."""
        self._connections.reap()

    def _introduction(self, target: Target) -> dict[str, str]:
        said = {"User-Agent": self._name, "Accept-Encoding": "identity"}
        if also := self._introduced_in(target.host):
            said[also] = self._name
        return said

    def _require_content(self, response: BaseHTTPResponse, target: Target) -> None:
        status = response.status
        if status in {200, 206, 416}:
            return
        detail = f"HTTP {status}"
        if status in _BUSY:
            wait_s = retry_after(response.headers.get("Retry-After", ""))
            if wait_s is not None and wait_s > self.limits.wait_s:
                until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=wait_s)
                self.pace.hold(target.netloc, wait_s)
                self.pace.close(target.netloc, until)
                raise AskedToWait(target.netloc, until)
            raise TryAgain(BUSY, detail, wait_s=wait_s, busy=target.netloc)
        if status in _FAILED:
            raise TryAgain(FAILED, detail)
        if status in {404, 410}:
            raise NotFetched(NOT_FOUND, detail)
        if status in {401, 402, 403, 451}:
            raise NotFetched(NOT_ALLOWED, detail)
        raise NotFetched(REFUSED, detail)


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise NotFetched(NO_ADDRESS, location[:200]) from error

"""One question to a museum's server and its answer: paced, to a checked address, through a bounded number of redirects.

Nothing is asked twice here (`patience` does that), and nothing is read of the body that the caller does not read.
Proxies of the environment are not used: behind one, the address that is connected to could not be checked.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import math
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from r2r_shared import __version__
from r2r_shared.errors import AskedToWait, NotFetched, Stopped, TryAgain
from r2r_shared.fetching.addresses import NO_ADDRESS
from r2r_shared.fetching.retry_after import retry_after

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

    from r2r_shared.fetching.addresses import Addresses, Target
    from r2r_shared.fetching.pace import Pace

NOT_FOUND = "not found"
NOT_ALLOWED = "its server does not give it to everyone"
REFUSED = "its server refused"
BUSY = "its server was too busy"
FAILED = "its server failed"
NO_ANSWER = "its server does not answer"
CUT_OFF = "cut off"
UNTRUSTED = "its server's certificate cannot be trusted"
REDIRECTS = "redirected too often"
PACKED = "compressed, which nobody asked for"

MOST_REDIRECTS = 5
CHUNK_BYTES = 1 << 16
_MOST_POOLS = 64
_REDIRECT = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({429, 503})
_FAILED = frozenset({408, 425, 500, 502, 504})


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds.

    Attributes:
        connect_s, silence_s: without a connection, without a byte.
        whole_s: for one answer, however steadily it drips.
        wait_s: the longest Retry-After that is waited for; what asks for more is left for another run.
    """

    connect_s: float = 10.0
    silence_s: float = 30.0
    whole_s: float = 300.0
    wait_s: float = 120.0


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
    """

    def __init__(
        self,
        addresses: Addresses,
        pace: Pace,
        *,
        contact: str = "",
        connections: int = 8,
        limits: Limits | None = None,
    ) -> None:
        importlib.import_module("urllib3")  # not when the first request's turn has come: it would be late
        self.pace = pace
        self.limits = limits or Limits()
        self._addresses = addresses
        self._connections = connections
        self._headers = {"User-Agent": user_agent(contact), "Accept-Encoding": "identity"}
        self._pools: dict[tuple[str, str, int, str], HTTPConnectionPool] = {}
        self._open: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()  # when it was asked last
        self._lock = threading.Lock()

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
            self.pace.wait(target.netloc)
            asked_at = time.monotonic()
            response = self._send(target, {**self._headers, **(headers or {}), "Host": target.netloc})
            try:
                if response.status in _REDIRECT and (location := response.headers.get("Location", "")):
                    url = _joined(target.url, location)
                    continue
                self._require_content(response, target)
                yield Reply(response, target.url, asked_at, self.limits, self.pace.stop)
                return
            finally:
                _let_go(response)
        raise NotFetched(REDIRECTS, f"{MOST_REDIRECTS} times")

    def close(self) -> None:
        """Close all connections; whoever waits for an answer on one gets none, at once."""
        self._shut(before=math.inf)
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()

    def reap(self) -> None:
        """Shut connections that were asked longer ago than any answer may take; to be called now and then.

        A server that drips its headers is never silent, and they are read as one.
        """
        self._shut(before=time.monotonic() - 1.1 * self.limits.whole_s - self.limits.silence_s)

    def _shut(self, *, before: float) -> None:
        for connection, asked_at in list(self._open.items()):
            if asked_at < before and isinstance(sock := connection.sock, socket.socket):
                with contextlib.suppress(OSError):
                    # The plain socket's own: that of TLS would pull the session away under the reading thread.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _send(self, target: Target, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """Ask the first of the target's addresses that takes a connection."""
        from urllib3 import Timeout
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

        unreachable: Exception | None = None
        for ip in target.ips[:4]:
            try:
                return self._pool(target, ip).urlopen(
                    "GET",
                    target.path,
                    headers=headers,
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    preload_content=False,
                    decode_content=False,
                    timeout=Timeout(connect=self.limits.connect_s, read=self.limits.silence_s),
                )
            except (ConnectTimeoutError, NewConnectionError) as error:
                unreachable = error
            except SSLError as error:
                raise NotFetched(UNTRUSTED, target.host, final=False) from error
            except (HTTPError, OSError) as error:
                raise TryAgain(NO_ANSWER, target.host) from error
            except (HTTPException, ValueError) as error:  # what cannot be written into a request, or is no answer
                raise NotFetched(NO_ADDRESS, str(error)[:80]) from error
        raise TryAgain(NO_ANSWER, target.host) from unreachable

    def _pool(self, target: Target, ip: str) -> HTTPConnectionPool:
        """Connections to one address of a server, which must show that server's certificate."""
        from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

        key = (target.scheme, target.host, target.port, ip)
        with self._lock:
            if (pool := self._pools.get(key)) is not None:
                return pool
            while len(self._pools) >= _MOST_POOLS:
                self._pools.pop(next(iter(self._pools))).close()
            if target.scheme == "https":
                pool = HTTPSConnectionPool(
                    ip,
                    target.port,
                    maxsize=self._connections,
                    ssl_context=ssl.create_default_context(),
                    server_hostname=target.host,
                    assert_hostname=target.host,
                )
            else:
                pool = HTTPConnectionPool(ip, target.port, maxsize=self._connections)
            pool.ConnectionCls = self._registering(pool.ConnectionCls)
            self._pools[key] = pool
            return pool

    def _registering(self, kind: type[Any]) -> type[Any]:
        """A class of connections that `close` and `reap` can find."""

        def request(connection: Any, *args: Any, **options: Any) -> None:
            self._open[connection] = time.monotonic()
            kind.request(connection, *args, **options)

        return type(kind.__name__, (kind,), {"request": request})

    def _require_content(self, response: BaseHTTPResponse, target: Target) -> None:
        status = response.status
        if status in {200, 206, 416}:
            return
        detail = f"HTTP {status}"
        if status in _BUSY:
            wait_s = retry_after(response.headers.get("Retry-After", ""))
            if wait_s is not None and wait_s > self.limits.wait_s:
                until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=wait_s)
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


def _let_go(response: BaseHTTPResponse) -> None:
    """Keep the connection of an answer that was read to its end, or is nearly; close any other."""
    left = response.headers.get("Content-Length", "")
    if left.isdigit() and int(left) <= CHUNK_BYTES and response.status >= 300:
        from urllib3.exceptions import HTTPError

        try:
            response.drain_conn()
        except (HTTPError, OSError):
            pass
        else:
            response.release_conn()
            return
    response.close()
    response.release_conn()

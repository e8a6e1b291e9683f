"""Connections to checked addresses: kept for the next question, and found where one must be shut under its reader.

Proxies of the environment are not used: behind one, the address that is connected to could not be checked.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from r2r_shared.errors import NotFetched, TryAgain
from r2r_shared.fetching.addresses import NO_ADDRESS

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

    from r2r_shared.fetching.addresses import Target

NO_ANSWER = "its server does not answer"
UNTRUSTED = "its server's certificate cannot be trusted"

CHUNK_BYTES = 1 << 16
_MOST_POOLS = 64


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


class Connections:
    """Asks servers on connections that are kept; shared by threads.

    Args:
        most: kept open to one server.
    """

    def __init__(self, limits: Limits, *, most: int) -> None:
        importlib.import_module("urllib3")  # not when the first request's turn has come: it would be late
        self._limits = limits
        self._most = most
        self._pools: dict[tuple[str, str, int, str], HTTPConnectionPool] = {}
        self._open: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()  # when it was asked last
        self._lock = threading.Lock()

    def ask(self, target: Target, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """What the first of the target's addresses that takes a connection answers; to be let go.

        Raises:
            TryAgain: none does, or there is no answer.
            NotFetched: its certificate cannot be trusted, or the address cannot be asked for.
        """
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
                    timeout=Timeout(connect=self._limits.connect_s, read=self._limits.silence_s),
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
        self._shut(before=time.monotonic() - 1.1 * self._limits.whole_s - self._limits.silence_s)

    def _shut(self, *, before: float) -> None:
        for connection, asked_at in list(self._open.items()):
            if asked_at < before and isinstance(sock := connection.sock, socket.socket):
                with contextlib.suppress(OSError):
                    # The plain socket's own: that of TLS would pull the session away under the reading thread.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

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
                    maxsize=self._most,
                    ssl_context=ssl.create_default_context(),
                    server_hostname=target.host,
                    assert_hostname=target.host,
                )
            else:
                pool = HTTPConnectionPool(ip, target.port, maxsize=self._most)
            pool.ConnectionCls = self._registering(pool.ConnectionCls)
            self._pools[key] = pool
            return pool

    def _registering(self, kind: type[Any]) -> type[Any]:
        """A class of connections that `close` and `reap` can find."""

        def request(connection: Any, *args: Any, **options: Any) -> None:
            self._open[connection] = time.monotonic()
            kind.request(connection, *args, **options)

        return type(kind.__name__, (kind,), {"request": request})


def let_go(response: BaseHTTPResponse) -> None:
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

"""A museum's server on this machine: real HTTP, and bad behaviour on request.

Every request is written down with the time at which its first line was read, so that tests can hold a rate against the
server's own clock. Pictures are made from their names: the same name is the same picture.
"""

from __future__ import annotations

import io
import json
import random
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit
from zlib import crc32

from PIL import Image


@cache
def picture(name: str, *, width: int = 320, height: int = 240) -> bytes:
    """A JPEG that is like no other name's."""
    seed = crc32(name.encode())
    coarse = (max(1, width // 6), max(1, height // 6))  # as much detail as a photograph of a painting has
    noise = Image.frombytes("RGB", coarse, random.Random(seed).randbytes(3 * coarse[0] * coarse[1]))
    image = noise.resize((width, height), Image.Resampling.BICUBIC)
    image.paste((seed & 255, seed >> 8 & 255, seed >> 16 & 255), (0, 0, width // 2, height // 2))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=85, comment=name.encode())
    return data.getvalue()


@dataclass
class Request:
    """One request as the server saw it."""

    path: str
    at: float
    headers: dict[str, str]
    client: tuple[str, int]


@dataclass
class Answer:
    """What is sent.

    Attributes:
        cut_after: bytes of the body after which the connection is cut.
        declared: a Content-Length that is a lie.
        unsized: no Content-Length: the body ends when the connection does.
        endless: the body never ends, in chunks.
        drip_s: seconds between single bytes of the body.
        delay_s: before the first byte.
        validator: an entity tag; with one, ranges are served.
    """

    body: bytes = b""
    status: int = 200
    media_type: str = "image/jpeg"
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    declared: int | None = None
    unsized: bool = False
    endless: bool = False
    drip_s: float = 0.0
    delay_s: float = 0.0
    validator: str = ""


Behaviour = Callable[[int], Answer]
"""nth request of a path, from 1 → what is answered."""


def page(text: str = "<!doctype html><title>Sorry</title>") -> Answer:
    return Answer(text.encode(), media_type="text/html; charset=utf-8")


def document(value: Any) -> Answer:
    return Answer(json.dumps(value).encode(), media_type="application/json; charset=utf-8")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed, or hung up."""
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


class Museum:
    """The server. A path without a behaviour of its own answers a picture where it ends in .jpg, else 404."""

    def __init__(
        self, *, latency_s: float = 0.0, size: tuple[int, int] = (320, 240), tls: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[Request] = []
        self.paths: dict[str, Behaviour] = {}
        self.latency_s = latency_s
        self.size = size
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._server = _Server(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def netloc(self) -> str:
        return urlsplit(self.url).netloc

    def picture(self, name: str) -> str:
        """The address of a picture."""
        return f"{self.url}/pictures/{name}.jpg"

    def on(self, path: str, behaviour: Answer | Behaviour) -> str:
        """Answer a path so; its address."""
        self.paths[path] = behaviour if callable(behaviour) else lambda nth: behaviour
        return self.url + path

    def asked(self, path: str = "") -> list[Request]:
        """The requests whose path begins so, in the order they came."""
        with self._lock:
            return [one for one in self.requests if one.path.startswith(path)]

    def connections(self) -> int:
        """How many connections the requests came on."""
        return len({one.client for one in self.asked()})

    def forget(self) -> None:
        """Begin a new list of requests."""
        with self._lock:
            self.requests.clear()
            self._counts.clear()

    def answer(self, path: str, nth: int) -> Answer:
        bare = unquote(path.partition("?")[0])
        for known in (path, bare):
            if known in self.paths:
                return self.paths[known](nth)
        if bare.endswith(".jpg"):
            return Answer(picture(bare, width=self.size[0], height=self.size[1]), delay_s=self.latency_s)
        return Answer(b"{}", status=404, media_type="application/json")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        museum = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def parse_request(self) -> bool:
                self.came_at = time.monotonic()  # the first line has been read
                return super().parse_request()

            def do_GET(self) -> None:
                with museum._lock:
                    museum._counts[self.path] = nth = museum._counts.get(self.path, 0) + 1
                    museum.requests.append(
                        Request(self.path, self.came_at, dict(self.headers.items()), self.client_address)
                    )
                    museum._at_once += 1
                    museum.most_at_once = max(museum.most_at_once, museum._at_once)
                try:
                    with suppress(ConnectionError):
                        self._send(museum.answer(self.path, nth))
                finally:
                    with museum._lock:
                        museum._at_once -= 1

            def _send(self, answer: Answer) -> None:
                if answer.delay_s:
                    time.sleep(answer.delay_s)
                body, status, start = answer.body, answer.status, 0
                asked = self.headers.get("Range", "")
                if answer.validator and asked and self.headers.get("If-Range") == answer.validator:
                    start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
                self.send_response(status)
                self.send_header("Content-Type", answer.media_type)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.validator:
                    self.send_header("ETag", answer.validator)
                    self.send_header("Accept-Ranges", "bytes")
                if status == 206:
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                if answer.endless:
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    while True:
                        self.wfile.write(b"10000\r\n" + bytes(1 << 16) + b"\r\n")
                rest = body[start:]
                if answer.unsized:
                    self.send_header("Connection", "close")
                else:
                    self.send_header("Content-Length", str(len(rest) if answer.declared is None else answer.declared))
                self.end_headers()
                if answer.drip_s:
                    for byte in rest:
                        self.wfile.write(bytes([byte]))
                        time.sleep(answer.drip_s)
                if answer.cut_after is not None:
                    self.wfile.write(rest[: answer.cut_after])
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                self.wfile.write(rest)

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        return Handler


@contextmanager
def running(
    *, latency_s: float = 0.0, size: tuple[int, int] = (320, 240), tls: ssl.SSLContext | None = None
) -> Iterator[Museum]:
    """A museum, open for the length of the `with`."""
    museum = Museum(latency_s=latency_s, size=size, tls=tls)
    museum.start()
    try:
        yield museum
    finally:
        museum.stop()


def most_in(requests: list[Request], seconds: float) -> int:
    """The most requests that came in any so many seconds."""
    times = sorted(one.at for one in requests)
    most = start = 0
    for end, at in enumerate(times):
        while times[start] < at - seconds:
            start += 1
        most = max(most, end - start + 1)
    return most

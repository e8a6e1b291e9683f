"""What tells that a file led somewhere: an HTTP server that counts, a local file that notices being opened."""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

IN_OPEN = 0x20
_EVENT = struct.Struct("iIII")


@dataclass
class WebServer:
    """Answers every request on loopback with the same bytes, a real film's, and counts connections."""

    body: bytes
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def web_server(body: bytes) -> Generator[WebServer]:
    told = WebServer(body)

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            told.asked.append("a connection")  # one that is opened and says nothing counts, too
            super().handle()

        def do_GET(self) -> None:
            told.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Tripwire:
    """Counts how often a file was opened, by whomever (Linux's inotify)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        libc = ctypes.CDLL(None, use_errno=True)
        self._events = libc.inotify_init1(os.O_NONBLOCK)
        if self._events < 0 or libc.inotify_add_watch(self._events, os.fsencode(path), IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def opened(self) -> int:
        """How often since the last time this was asked."""
        count = 0
        while True:
            try:
                data = os.read(self._events, 4096)
            except BlockingIOError:
                return count
            at = 0
            while at < len(data):
                *_, name_bytes = _EVENT.unpack_from(data, at)
                at += _EVENT.size + name_bytes
                count += 1

    def close(self) -> None:
        os.close(self._events)

"""A proxy between a worker and Postgres that holds back what the worker says, or the answer to it."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote


@dataclass
class Trap:
    """Springs once: on the first connection that has said `seen` and then says `at`.

    Attributes:
        then: `cut`: what is said is passed on, and the connection breaks when the server has answered COMMIT, before
            the client hears of it. `hold`: it is passed on when `let_go` is set.
    """

    seen: bytes
    at: bytes
    then: Literal["cut", "hold"]
    sprung: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Listens on a unix socket as Postgres does; `url` is what a worker is told."""

    def __init__(self, folder: Path, server: Path, database: str, traps: list[Trap]) -> None:
        folder.mkdir(mode=0o700)
        self.url = f"postgresql://postgres@/{database}?host={quote(str(folder), safe='')}"
        self._server = server / ".s.PGSQL.5432"
        self._traps = traps
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen(64)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for trap in self._traps:
            trap.let_go.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=_Pair(client, self).run, daemon=True).start()

    def connect(self) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self._server))
        return server

    def trap(self, said: bytes, now: bytes) -> Trap | None:
        """The trap that springs on a connection that has said that and says this now."""
        with self._lock:
            for trap in self._traps:
                if not trap.sprung.is_set() and trap.seen in said and trap.at in now:
                    trap.sprung.set()
                    return trap
        return None


class _Pair:
    """A client and its connection to the server."""

    def __init__(self, client: socket.socket, proxy: Proxy) -> None:
        self._client, self._proxy = client, proxy
        self._said = b""
        self._cutting = threading.Event()

    def run(self) -> None:
        with self._client, contextlib.suppress(OSError), self._proxy.connect() as server:
            threading.Thread(target=self._answers, args=(server,), daemon=True).start()
            while data := self._client.recv(1 << 16):
                self._said = (self._said + data)[-(1 << 20) :]
                trap = self._proxy.trap(self._said, data)
                if trap is not None and trap.then == "cut":
                    self._cutting.set()
                if trap is not None and trap.then == "hold":
                    trap.let_go.wait()
                server.sendall(data)

    def _answers(self, server: socket.socket) -> None:
        kept = b""
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if self._cutting.is_set():
                    kept += data
                    if b"COMMIT\0" in kept:  # the server's word that it is committed
                        break
                    continue
                self._client.sendall(data)
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

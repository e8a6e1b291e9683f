"""The little web server of `r2r metrics`: /metrics and /health, to whoever may reach it."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6, SOCK_STREAM, AddressFamily, getaddrinfo
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from r2r_shared.errors import UserError
from r2r_shared.operating import checks

if TYPE_CHECKING:
    from r2r_shared.operating.watch import Watch

log = logging.getLogger(__name__)


class MetricsServer(ThreadingHTTPServer):
    """Serves a watch until it is shut down.

    Args:
        host: a name or address of this machine.
        port: 0 for any that is free; `port` then says which.

    Raises:
        UserError: nobody can listen there.
    """

    daemon_threads = True

    def __init__(self, host: str, port: int, watch: Watch) -> None:
        self.watch = watch
        self.registry = CollectorRegistry(auto_describe=False)  # of our own: nothing of this process's is shown
        self.registry.register(watch)
        try:
            self.address_family = _family(host, port)
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UserError(
                f"cannot listen on {host}:{port}: {reason}",
                "name another with --listen HOST:PORT; port 0 is any free one",
            ) from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone; anything else goes into the log, not past it."""
        del request, client_address
        log.warning("a request was not answered", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server_version, sys_version = "r2r", ""
    timeout = 10  # seconds for a request to come in

    def do_GET(self) -> None:
        path, server = self.path.partition("?")[0], self.server
        assert isinstance(server, MetricsServer)
        if path == "/metrics":
            encode, kind = choose_encoder(self.headers.get("Accept", ""))
            self._answer(HTTPStatus.OK, kind, encode(server.registry))
        elif path == "/health":
            said = checks.as_json(server.watch.checks())
            status = HTTPStatus.OK if said["ok"] else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, "application/json", json.dumps(said).encode() + b"\n")
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"there are /metrics and /health\n")

    do_HEAD = do_GET

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """A scrape every few seconds is no news."""


def _family(host: str, port: int) -> AddressFamily:
    """IPv6 where the address is one."""
    families = [found[0] for found in getaddrinfo(host, port, type=SOCK_STREAM)]
    return AF_INET6 if families and families[0] == AF_INET6 else families[0]

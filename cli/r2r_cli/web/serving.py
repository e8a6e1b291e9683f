"""What `r2r serve` was told: where it listens, who may come, which folders it takes films from."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from r2r_shared.errors import UserError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Serving:
    """How the site is served.

    Attributes:
        host: the address it listens on.
        token: what a visitor has to know; None only on a loopback address.
        folders: films are ingested from these directories, links resolved, and from nowhere else.
        upload_bytes: the largest film that a browser may send.
        names: further host names under which it may be asked for: those of a proxy in front of it.
    """

    host: str
    token: str | None
    folders: tuple[Path, ...]
    upload_bytes: int
    names: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.token is None and not is_loopback(self.host):
            raise UserError(
                f"{self.host} can be reached from other machines, and no token is set",
                "set R2R_WEB_TOKEN (or --token) to a long random text; without one it listens on 127.0.0.1 alone",
            )
        if not is_loopback(self.host):
            own_names()  # a name server may take seconds to answer: before anybody waits for a page

    def may_be_called(self, name: str) -> bool:
        """Whether a request's Host may be this site.

        A page on another site can give its own name this machine's address (DNS rebinding), and would then be served
        as if it were ours. It cannot be called by a number, nor by the names that are known here.
        """
        name = name.lower().rstrip(".")
        if name in {"localhost", self.host.lower(), *self.names}:
            return True
        if _number(name) is not None:
            return not is_loopback(self.host) or is_loopback(name)
        return not is_loopback(self.host) and name in own_names()


@cache
def own_names() -> frozenset[str]:
    """This machine's names, asked for once."""
    return frozenset({socket.gethostname().lower(), socket.getfqdn().lower()})


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    number = _number(host)
    return number.is_loopback if number is not None else host.lower() == "localhost"


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound; port 0 takes any that is free.

    Raises:
        UserError: nobody can listen there.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise UserError(f"{host} is no address of this machine: {error.strerror}", "--host 127.0.0.1") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(1024)
    except OSError as error:
        bound.close()
        raise UserError(
            f"cannot listen on {host}:{port}: {error.strerror}", "name another with --port; --port 0 is any free one"
        ) from error
    return bound


def url_of(bound: socket.socket, host: str) -> str:
    """The address to open in a browser."""
    port = int(bound.getsockname()[1])
    shown = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)  # noqa: S104
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"

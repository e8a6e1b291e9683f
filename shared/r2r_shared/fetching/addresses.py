"""Where may be connected to: web addresses that lead to the public internet, and hosts that a person has named.

A manifest of a stranger may name `http://169.254.169.254/` or a name that resolves to it. So a name is resolved here,
what it resolves to is checked, and that very address is connected to: a second answer of the name server, for another
machine (DNS rebinding), is never asked for. Every redirect goes through here again.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from r2r_shared.errors import NotFetched

NO_ADDRESS = "not a web address"
PRIVATE = "an address that is not on the public internet"
UNKNOWN_HOST = "its server's name is not known"
LONGEST = 4096  # characters of an address; image services with every parameter spelt out take some hundred
KNOWN_FOR_S = 300.0
_MOST_NAMES = 1000
DEFAULT_PORTS = (80, 443)
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\s\[\]/@:?#]+)(?::(\d{1,5}))?", re.ASCII)

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) → IP addresses as text, the best first; raises OSError."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address.

    Attributes:
        path: with the query, as it is sent.
        ips: what may be connected to, the best first.
    """

    scheme: str
    host: str
    port: int
    path: str
    ips: tuple[str, ...]

    @property
    def netloc(self) -> str:
        """The host, and the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"


def server_of(url: str) -> str:
    """The server of an address as `Addresses` takes it, HOST or HOST:PORT; empty where it has none."""
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    try:
        parsed = parse_url(url)
    except LocationParseError:
        return ""
    return (parsed.host or "") + (f":{parsed.port}" if parsed.host and parsed.port else "")


def ports_of(server: str) -> tuple[str, tuple[int, ...]]:
    """The host and the ports that HOST or HOST:PORT means: a host alone means those of http and https.

    Raises:
        ValueError: it is neither.
    """
    if server.count(":") > 1 and not server.startswith("["):  # an IPv6 address without its brackets
        server = f"[{server}]"
    found = _SERVER.fullmatch(server)
    if found is None or not (found[2] is None or 0 < int(found[2]) < 65536):
        raise ValueError(server)
    return found[1].strip("[]").lower(), DEFAULT_PORTS if found[2] is None else (int(found[2]),)


def is_public(ip: str) -> bool:
    """True for an address of the public internet, whichever way it is written."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    if any(address in network for network in _NOT_GLOBAL if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# IANA's special-purpose registries call these not globally reachable; Python's tables before 3.11.9 (CVE-2024-4032), or
# to this day, do not.
_NOT_GLOBAL = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "2001:2::/48", "3fff::/20", "fec0::/10"),
    )
)


def resolve(host: str, port: int) -> list[str]:
    """What the machine's own resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Addresses:
    """Checks addresses; shared by threads.

    Args:
        allowed: servers that a person named, HOST or HOST:PORT (see ports_of): they may be anywhere. No other port of
            theirs is among them: what listens there is another server.
        resolver: what tells a host's IP addresses.
    """

    def __init__(self, allowed: Iterable[str] = (), *, resolver: Resolve = resolve) -> None:
        named = [ports_of(server) for server in allowed if server]
        self._allowed = frozenset((host, port) for host, ports in named for port in ports)
        self._resolver = resolver
        self._known: dict[tuple[str, int], tuple[float, tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    def check(self, url: str) -> Target:
        """The address taken apart, and where it may be connected to.

        Raises:
            NotFetched: it is no http or https address, its name is not known, or it leads to a private machine.
        """
        from urllib3.exceptions import LocationParseError
        from urllib3.util import parse_url

        if len(url) > LONGEST:
            raise NotFetched(NO_ADDRESS, f"{len(url)} characters")
        try:
            parsed = parse_url(url)
            port = parsed.port or (443 if parsed.scheme == "https" else 80)
        except LocationParseError as error:
            raise NotFetched(NO_ADDRESS, url[:200]) from error
        if parsed.scheme not in {"http", "https"} or not parsed.host or "://" not in url:
            raise NotFetched(NO_ADDRESS, url[:200])
        if parsed.auth:
            raise NotFetched(NO_ADDRESS, "it holds a password")
        host = parsed.host.strip("[]")
        return Target(parsed.scheme, host, port, parsed.request_uri, self._ips(host, port))

    def _ips(self, host: str, port: int) -> tuple[str, ...]:
        now = time.monotonic()
        with self._lock:
            until, ips = self._known.get((host, port), (0.0, ()))
        if until > now:
            return ips
        try:
            ips = tuple(self._resolver(host, port))
        except (OSError, UnicodeError) as error:
            raise NotFetched(UNKNOWN_HOST, host, final=False) from error
        # One private address among public ones is how a name is made to lead inside: none of them is taken.
        if (host, port) not in self._allowed and not all(map(is_public, ips)):
            raise NotFetched(PRIVATE, f"{host}:{port}", final=False)  # a person may name it next time
        if not ips:
            raise NotFetched(UNKNOWN_HOST, host, final=False)
        with self._lock:
            if len(self._known) >= _MOST_NAMES:
                self._known.clear()
            self._known[host, port] = (now + KNOWN_FOR_S, ips)
        return ips

"""Where may be connected to: web addresses that lead to the public internet, and hosts that a person has named.

A manifest of a stranger may name `http://169.254.169.254/` or a name that resolves to it. So a name is resolved here,
what it resolves to is checked, and that very address is connected to: a second answer of the name server, for another
machine (DNS rebinding), is never asked for. Every redirect goes through here again.
"""

from __future__ import annotations

import ipaddress
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


def host_of(url: str) -> str:
    """The host of an address, in small letters; empty where it has none."""
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    try:
        return (parse_url(url).host or "").strip("[]")
    except LocationParseError:
        return ""


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
        allowed: hosts that a person named: they may be anywhere.
        resolver: what tells a host's IP addresses.
    """

    def __init__(self, allowed: Iterable[str] = (), *, resolver: Resolve = resolve) -> None:
        self._allowed = frozenset(host.strip("[]").lower() for host in allowed if host)
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
        if host not in self._allowed and not all(map(is_public, ips)):
            raise NotFetched(PRIVATE, host, final=False)  # a person may name it next time
        if not ips:
            raise NotFetched(UNKNOWN_HOST, host, final=False)
        with self._lock:
            if len(self._known) >= _MOST_NAMES:
                self._known.clear()
            self._known[host, port] = (now + KNOWN_FOR_S, ips)
        return ips

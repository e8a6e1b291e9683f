"""Web addresses in records: http and https alone, of bounded length, without a name or password in them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

MAX_CHARS = 2000


_PLAIN = re.compile(r"https?://[a-z0-9._-]+(?::\d{1,5})?(?:/[A-Za-z0-9/:?\[\]@!$&'()*+,;=~%._|{}-]*)?")
_SAFE = "/:?[]@!$&'()*+,;=~%-._|{}"


def web_address(value: Any) -> str:
    """An address as it may be asked for, its spaces and foreign letters escaped; empty where it is none.

    Whether its host may be asked is for the fetcher to decide.
    """
    if not isinstance(value, str) or len(value) > MAX_CHARS:
        return ""
    address = value.strip()
    if _PLAIN.fullmatch(address):  # nearly all of them
        return address if _port_is_one(address) else ""
    if not address or re.search(r"[\x00-\x1f\x7f\\]", address):
        return ""
    return _escaped("https:" + address if address.startswith("//") else address)


def _escaped(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if parts.scheme.lower() not in {"http", "https"} or not host or "@" in parts.netloc:
            return ""
        port = f":{parts.port}" if parts.port is not None else ""
        host = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    except ValueError:  # a port or a host that is none; UnicodeError is one of them
        return ""
    if not re.fullmatch(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", host):
        return ""
    path, query = quote(parts.path, safe=_SAFE), quote(parts.query, safe=_SAFE)
    return f"{parts.scheme.lower()}://{host}{port}{path}" + (f"?{query}" if query else "")


def _port_is_one(address: str) -> bool:
    try:
        return urlsplit(address).port != 0 if address.count(":") > 1 else True
    except ValueError:
        return False


def host_of(address: str) -> str:
    """The host of an address in small letters; empty where it has none."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""

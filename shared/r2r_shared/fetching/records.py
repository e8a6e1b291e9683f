"""A JSON document from its address: a museum's record of a work, or a page of a search."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from r2r_shared.errors import NotFetched

if TYPE_CHECKING:
    from r2r_shared.fetching.client import Client
    from r2r_shared.fetching.patience import Patience

WEB_PAGE = "a web page instead of a record"
NOT_JSON = "its record is not JSON"
TOO_LARGE = "its record is too large"
MAX_BYTES = 8 << 20  # a page of a search with a hundred full records is about one


def get(client: Client, patience: Patience, url: str, *, max_bytes: int = MAX_BYTES) -> Any:
    """The document at `url`.

    Raises:
        NotFetched: it cannot be had, or not this time.
        AskedToWait: its server wants to be left alone.
        Stopped: the command is ending.
    """
    return patience.persist(client.pace, lambda: _attempt(client, url, max_bytes))


def _attempt(client: Client, url: str, max_bytes: int) -> Any:
    with client.get(url, {"Accept": "application/json, application/ld+json, */*;q=0.1"}) as reply:
        if reply.media_type in {"text/html", "application/xhtml+xml"}:
            raise NotFetched(WEB_PAGE, reply.media_type)
        if (reply.length or 0) > max_bytes:
            raise NotFetched(TOO_LARGE, f"at most {max_bytes >> 20} MB are read")
        body = bytearray()
        for chunk in reply.chunks():
            body += chunk
            if len(body) > max_bytes:
                raise NotFetched(TOO_LARGE, f"at most {max_bytes >> 20} MB are read")
    try:
        # NaN and Infinity are no JSON, and the database would not take them.
        return json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise NotFetched(NOT_JSON, str(error)[:80]) from error

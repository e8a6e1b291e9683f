"""What a browser sends: never more than was agreed on, and only with the token that this server's pages carry."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from r2r_cli.web.complaints import Refused
from r2r_cli.web.sessions import octets

if TYPE_CHECKING:
    from r2r_cli.web.site import Site

FIELD, HEADER = "token_of_page", "x-r2r-page"
MOST_BYTES = 64 << 10
MOST_FIELDS = 20


async def read(site: Site, request: Request, *, most_bytes: int = MOST_BYTES) -> FormData:
    """A form's fields and files; files beyond a megabyte lie on the disk until the request ends.

    Raises:
        Refused: it does not come from a page of this server.
        HTTPException: 413, it is larger than `most_bytes`.
    """
    bounded = bound(request, most_bytes)
    form = await bounded.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES)
    said = form.get(FIELD)
    _require(site, request, said if isinstance(said, str) else "")
    return form


def require_page(site: Site, request: Request) -> None:
    """For what is sent by a script: the page's token comes as a header, before anything is read.

    Raises:
        Refused: it does not come from a page of this server.
    """
    _require(site, request, request.headers.get(HEADER, ""))


def bound(request: Request, most_bytes: int) -> Request:
    """The same request, whose body ends in an error where it is longer; refused at once where it says so itself.

    Raises:
        HTTPException: 413.
    """
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most_bytes:
        raise HTTPException(413)
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > most_bytes:
            raise HTTPException(413)
        return message

    return Request(request.scope, receive)


def _require(site: Site, request: Request, said: str) -> None:
    if not hmac.compare_digest(octets(said), octets(site.page_token(request))):
        raise Refused(403, "this page is older than the server", "load it again; nothing was changed")


def text(form: FormData, name: str, *, most: int = 500) -> str:
    """A field of a form, without blanks around it; empty where it is missing.

    Raises:
        Refused: it is longer than anybody would write.
    """
    found = form.get(name)
    if not isinstance(found, str):
        return ""
    if len(found) > most:
        raise Refused(400, f"“{name}” is longer than {most} characters", "shorten it")
    return found.strip()

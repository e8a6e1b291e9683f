"""What goes wrong, said as the command line says it: one line, and what to do about it. Never a traceback."""

from __future__ import annotations

import json
import logging
from html import escape
from typing import TYPE_CHECKING, Any

import psycopg
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from r2r_shared.errors import FilmRefused, NotFound, PermanentError, PictureRefused, R2RError, Unavailable, UserError

if TYPE_CHECKING:
    from r2r_cli.web.site import Site

log = logging.getLogger(__name__)

_HINTS = {
    404: "the address may be mistyped, or what it named was removed",
    405: "open it from its page",
    413: "send a smaller one",
}


class Refused(UserError):
    """A request that cannot be granted, with the status that says so.

    Args:
        status: the HTTP status.
    """

    def __init__(self, status: int, message: str, hint: str = "", *, wait_s: float = 0) -> None:
        super().__init__(message, hint)
        self.status = status
        self.wait_s = wait_s


def handlers(site: Site) -> dict[Any, Any]:
    """What answers for each kind of error."""

    def of_ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, R2RError)
        hint = error.hint if isinstance(error, UserError) else ""
        response = _answer(site, request, status_of(error), str(error), hint)
        if isinstance(error, Refused) and error.wait_s:
            response.headers["retry-after"] = str(round(error.wait_s + 0.5))
        return response

    def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status = error.status_code
        said = {404: "there is no such page", 413: "that is larger than is taken here"}.get(status, error.detail)
        return _answer(site, request, status, said, _HINTS.get(status, ""))

    def of_nobody(request: Request, error: Exception) -> Response:
        del error  # it goes on to uvicorn, which logs it
        return _answer(
            site, request, 500, "something went wrong that nobody foresaw", "the log of `r2r serve` has the details"
        )

    def of_numbers(request: Request, error: Exception) -> Response:
        del error
        return _answer(site, request, 400, "a number in this address is too large", "mend the address")

    return {
        R2RError: of_ours,
        HTTPException: of_http,
        psycopg.errors.NumericValueOutOfRange: of_numbers,
        Exception: of_nobody,
    }


def status_of(error: R2RError) -> int:
    """The HTTP status that says what kind of error it is."""
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, Unavailable):
        return 503
    if isinstance(error, FilmRefused | PictureRefused | PermanentError):
        return 422
    return 400


def _answer(site: Site, request: Request, status: int, message: str, hint: str) -> Response:
    if wants_json(request.scope):
        return plain(request.scope, status, message, hint)
    try:
        return site.page(request, "complaint.html.j2", status=status, message=message, hint=hint, status_code=status)
    except Exception:  # the page that should say it is what is broken
        log.exception("the page of an error was not made")
        return plain(request.scope, status, message, hint)


def wants_json(scope: Scope) -> bool:
    """Whether it was asked for by a program rather than a reader."""
    headers = Headers(scope=scope)
    return scope["path"].startswith("/api/") or "application/json" in headers.get("accept", "")


def plain(scope: Scope, status: int, message: str, hint: str) -> Response:
    """An error that needs nothing to be said: no template, no database."""
    if wants_json(scope):
        body = json.dumps({"error": message, "hint": hint})
        return Response(body, status_code=status, media_type="application/json")
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(message)}</title>'
        f'<link rel="stylesheet" href="/static/site.css"><main class="bare"><h1>{escape(message)}</h1>'
        f"<p>{escape(hint)}</p></main></html>"
    )
    return Response(page, status_code=status, media_type="text/html")


def redirect(where: str) -> Response:
    """Another page, asked for with GET."""
    return RedirectResponse(where, status_code=303)

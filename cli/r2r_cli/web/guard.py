"""Before any page: is it meant for this site, does the visitor know the token, what may the browser do with it?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from r2r_cli.web import complaints
from r2r_cli.web.serving import Serving
from r2r_cli.web.sessions import COOKIE, Sessions

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Other hosts are never told where a reader was. With `no-referrer` a form's own Origin would be `null`, too,
    # which is what a hostile page's sandbox sends.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}

OPEN = ("/login", "/static/")
"""What is answered without the token: it tells nothing of what is kept here."""


class Guard:
    """The outermost layer. Every answer leaves through it, errors and pictures included."""

    def __init__(self, app: ASGIApp, serving: Serving, sessions: Sessions | None) -> None:
        self._app = app
        self._serving = serving
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the lifespan; there are no web sockets
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            await (self._refusal(scope) or self._app)(scope, receive, guarded)
        except asyncio.CancelledError:  # the server stops, and this was not through in its grace
            if not started:
                late = complaints.plain(scope, 503, "the site is being stopped", "ask again when it is back")
                await late(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if not self._serving.may_be_called(host_name(headers.get("host", ""))):
            return complaints.plain(
                scope,
                421,
                "this site is not known by that name",
                "open it by the address that r2r serve printed; --name adds that of a proxy in front of it",
            )
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return complaints.plain(scope, 405, f"{scope['method']} is not served here", "")
        path: str = scope["path"]
        if self._sessions is not None and not path.startswith(OPEN) and not self._is_in(headers):
            if scope["method"] == "POST" or complaints.wants_json(scope):
                return complaints.plain(scope, 401, "this site asks for a token first", "open /login in the browser")
            query = scope["query_string"].decode("latin-1")
            return complaints.redirect(f"/login?next={quote(path + ('?' + query if query else ''), safe='')}")
        if not is_navigation(headers) or (scope["method"] == "POST" and not is_own(headers)):
            return complaints.plain(
                scope, 403, "the request comes from another site", "use the pages of this one; nothing was changed"
            )
        return None

    def _is_in(self, headers: Headers) -> bool:
        assert self._sessions is not None
        # Read leniently, as browsers do: other programs on this host may have set odd ones.
        found = cookie_parser(headers.get("cookie", "")).get(COOKIE)
        return found is not None and self._sessions.holds(found)


def host_name(host: str) -> str:
    """The name in a Host header, without its port and brackets; empty where it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_navigation(headers: Headers) -> bool:
    """Whether a page is gone to: another site may lead here, but its scripts and pictures get nothing, nor make work.

    Browsers say both; programs say neither.
    """
    return headers.get("sec-fetch-site") != "cross-site" or headers.get("sec-fetch-mode") == "navigate"


def is_own(headers: Headers) -> bool:
    """Whether what changes something was asked for by a page of this site.

    A browser sends Origin with every POST. The scheme is not compared: a proxy may have taken https away. Programs
    send none, and have to know the page's token all the same.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    try:
        return bool(origin) and urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    except ValueError:
        return False

"""The form that asks for the token, where one is set."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from r2r_cli.web import complaints, forms
from r2r_cli.web.complaints import Refused
from r2r_cli.web.routes import asked
from r2r_cli.web.sessions import COOKIE, VALID_S


def show(request: Request) -> Response:
    """GET /login."""
    site = asked.site_of(request)
    if site.sessions is None:
        return complaints.redirect("/")
    return site.page(request, "login.html.j2", next=_own(request.query_params.get("next", "")), wrong=False)


async def enter(request: Request) -> Response:
    """POST /login: the right token is answered with a cookie; wrong ones only so often."""
    site = asked.site_of(request)
    form = await forms.read(site, request)
    if site.sessions is None:
        return complaints.redirect("/")
    address = request.client.host if request.client is not None else ""
    if wait_s := site.limit.wait_s(address):
        raise Refused(429, "too many wrong tokens", f"try again in {wait_s:.0f} s", wait_s=wait_s)
    where = _own(forms.text(form, "next", most=2000))
    if not site.sessions.is_token(forms.text(form, "token")):
        site.limit.missed(address)
        return site.page(request, "login.html.j2", next=where, wrong=True, status_code=403)
    response = complaints.redirect(where)
    secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
    # Lax: a link in a mail or a paper leads to what it names. Origin and page token guard whatever changes anything.
    response.set_cookie(
        COOKIE, site.sessions.new(), max_age=VALID_S, httponly=True, samesite="lax", secure=secure, path="/"
    )
    return response


async def leave(request: Request) -> Response:
    """POST /logout."""
    site = asked.site_of(request)
    await forms.read(site, request)
    response = complaints.redirect("/login" if site.sessions is not None else "/")
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    return response


def _own(where: str) -> str:
    """A page of this site, whatever was asked for."""
    return where if where.startswith("/") and not where.startswith(("//", "/\\")) and where.isprintable() else "/"

"""What a reader may do to jobs: cancel them, and have failed or cancelled ones tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from r2r_cli.jobs import waiting
from r2r_cli.web import complaints, forms
from r2r_cli.web.routes import asked
from r2r_cli.web.site import Site
from r2r_shared.queries import job_changes


async def cancel(request: Request) -> Response:
    """POST /jobs/{job}/cancel."""
    return await _change(request, job_changes.cancel)


async def retry(request: Request) -> Response:
    """POST /jobs/{job}/retry."""
    return await _change(request, job_changes.retry)


async def forget(request: Request) -> Response:
    """POST /intakes/{intake}/forget: what became of a film that was looked into has been read."""
    site = asked.site_of(request)
    await forms.read(site, request)
    site.intakes.forget(request.path_params["intake"])
    return complaints.redirect("/")


async def _change(request: Request, change: Callable[[Connection[Any], int], object]) -> Response:
    site = asked.site_of(request)
    await forms.read(site, request)
    await run_in_threadpool(_apply, site, request.path_params["job"], change)
    return complaints.redirect("/")


def _apply(site: Site, job_id: int, change: Callable[[Connection[Any], int], object]) -> None:
    with site.session() as opened:
        change(opened.conn, job_id)
        waiting.sweep(opened)

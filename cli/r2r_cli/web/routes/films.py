"""The films: a grid of cards, what is being worked on, and how to bring more in."""

from __future__ import annotations

from typing import Any, cast

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from r2r_cli.ingesting.film_search import SUFFIXES
from r2r_cli.web.routes import asked
from r2r_cli.web.site import Site
from r2r_shared import db
from r2r_shared.queries import film_cards, job_counts, jobs
from r2r_shared.queries.film_cards import Sort

PAGE = 48
WORK_SHOWN = 12
SORTS = {"title": "title", "year": "year", "newest": "last added", "longest": "length"}


def films(request: Request) -> Response:
    """GET /: the films that match `words`, sorted."""
    site = asked.site_of(request)
    words, page = asked.words(request, "words"), asked.number(request, "page")
    sort = cast(Sort, asked.one_of(request, "sort", tuple(SORTS)))
    with site.connection() as conn:
        found = film_cards.listed(conn, words=words, sort=sort, limit=PAGE, offset=PAGE * (page - 1))
        work = _work(site, conn)
    return site.page(
        request,
        "films.html.j2",
        films=found.films,
        total=found.total,
        words=words,
        sort=sort,
        sorts=SORTS,
        page=page,
        pages=max(1, -(-found.total // PAGE)),
        folders=site.serving.folders,
        upload_bytes=site.serving.upload_bytes,
        suffixes=sorted(SUFFIXES),
        **work,
    )


def work(request: Request) -> Response:
    """GET /work: what is being worked on, a piece of the page; of `film` alone where one is named."""
    site = asked.site_of(request)
    film_id = asked.number(request, "film", default=0)
    with site.connection() as conn:
        found = of_film(conn, film_id) if film_id else _work(site, conn)
    return HTMLResponse(site.draw(request, "work.html.j2", **found))


def of_film(conn: db.Connection, film_id: int) -> dict[str, Any]:
    """What is being done to one film."""
    newest = jobs.newest_of_film(conn, film_id)
    shown = [newest] if newest is not None and newest.state in jobs.OPEN else []
    return {"jobs": shown, "more_jobs": 0, "intakes": []}


def _work(site: Site, conn: db.Connection) -> dict[str, Any]:
    """Open jobs, the running ones first, and films that are being looked into."""
    running = jobs.listed(conn, state="running", limit=WORK_SHOWN)
    queued = jobs.listed(conn, state="queued", limit=WORK_SHOWN - len(running)) if len(running) < WORK_SHOWN else []
    # A question about a picture is a job, too; whoever asked sees its answer.
    shown = [job for job in (*running, *reversed(queued)) if job.kind != "match"]
    total = sum(job_counts.total(conn, state=state) for state in jobs.OPEN)
    return {"jobs": shown, "more_jobs": max(0, total - len(running) - len(queued)), "intakes": site.intakes.shown()}

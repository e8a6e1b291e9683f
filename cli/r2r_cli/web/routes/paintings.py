"""The paintings: a searchable list, and for each its picture, its numbers and every shot that echoes it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from r2r_cli.web.routes import asked
from r2r_shared.queries import catalogue_echoes, features, painting_facets, paintings

PAGE = 60
ECHOES, MOST_ECHOES = 60, 2000


def listed(request: Request) -> Response:
    """GET /paintings: those that match."""
    site = asked.site_of(request)
    words, movement, page = (
        asked.words(request, "words"),
        asked.words(request, "movement"),
        asked.number(request, "page"),
    )
    with site.connection() as conn:
        found = paintings.search(conn, words=words, movement=movement or None, limit=PAGE + 1, offset=PAGE * (page - 1))
        movements = painting_facets.movements(conn)
    return site.page(
        request,
        "paintings.html.j2",
        paintings=found[:PAGE],
        more=len(found) > PAGE,
        words=words,
        movement=movement,
        movements=[name for name, _ in movements],
        page=page,
    )


def show(request: Request) -> Response:
    """GET /paintings/{painting}: its picture, its numbers, and every shot that echoes it, the nearest first."""
    site = asked.site_of(request)
    painting_id = int(request.path_params["painting"])
    convincing = asked.yes(request, "convincing")
    limit = asked.number(request, "limit", default=ECHOES, high=MOST_ECHOES)
    with site.connection() as conn:
        profile = site.profile(conn)
        echoed = catalogue_echoes.echoes(conn, profile.id, painting_id, limit=limit, convincing=convincing)
        painting = paintings.find(conn, str(painting_id))
        measured = features.of_paintings(conn, profile_id=profile.id, ids=[painting_id]).get(painting_id)
    return site.page(
        request,
        "painting.html.j2",
        painting=painting,
        features=measured,
        profile=profile,
        echoed=echoed,
        convincing=convincing,
        limit=limit,
        most=MOST_ECHOES,
    )

"""The site as an ASGI app: its routes, and the layers around them."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from r2r_cli import page
from r2r_cli.web import complaints
from r2r_cli.web.guard import Guard
from r2r_cli.web.routes import catalogue, film, films, ingest, jobs, login, media, paintings, search
from r2r_cli.web.site import HERE, Site


class Number(Convertor[int]):
    """A number in an address. One with more digits than any that is stored is no address of this site."""

    regex = "[0-9]{1,20}"

    def convert(self, value: str) -> int:
        """As it is handed to the route."""
        return int(value)

    def to_string(self, value: int) -> str:
        """As it stands in an address."""
        return str(value)


register_url_convertor("number", Number())


class Assets(StaticFiles):
    """Scripts and styles, asked about again with every page: a new release takes effect at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or that the browser has it already."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def build(site: Site) -> ASGIApp:
    """The whole site."""
    app = Starlette(routes=routes(), exception_handlers=complaints.handlers(site))
    app.state.site = site
    return Guard(app, site.serving, site.sessions)


def routes() -> list[BaseRoute]:
    """Every address that is answered."""
    get, post = ["GET"], ["POST"]
    return [
        Route("/", films.films, methods=get),
        Route("/work", films.work, methods=get),
        Route("/ingest", ingest.by_path, methods=post),
        Route("/api/uploads", ingest.upload, methods=post),
        Route("/intakes/{intake:number}/forget", jobs.forget, methods=post),
        Route("/jobs/{job:number}/cancel", jobs.cancel, methods=post),
        Route("/jobs/{job:number}/retry", jobs.retry, methods=post),
        Route("/films/{film:number}", film.show, methods=get),
        Route("/films/{film:number}/export/{format}", film.export, methods=get),
        Route("/api/films/{film:number}/timeline.json", film.document, methods=get),
        Route("/api/films/{film:number}/matches", film.exact, methods=get),
        Route("/api/films/{film:number}/shots/{shot:number}/matches", film.exact, methods=get),
        Route("/paintings", paintings.listed, methods=get),
        Route("/paintings/{painting:number}", paintings.show, methods=get),
        Route("/search", search.show, methods=get),
        Route("/search", search.ask, methods=post),
        Route("/search/{key}", search.found, methods=get),
        Route("/search/{key}/picture.jpg", search.jpeg, methods=get),
        Route("/api/search/{key}", search.found_json, methods=get),
        Route("/catalogue", catalogue.influence, methods=get),
        Route("/catalogue/similar", catalogue.similar, methods=get),
        Route("/catalogue/hubs", catalogue.hubs, methods=get),
        Route("/login", login.show, methods=get),
        Route("/login", login.enter, methods=post),
        Route("/logout", login.leave, methods=post),
        Route("/media/{key:path}", media.media, methods=get),
        Mount("/static", Assets(directory=HERE / "static")),
        Mount("/film-page", Assets(directory=page.ASSETS)),
    ]

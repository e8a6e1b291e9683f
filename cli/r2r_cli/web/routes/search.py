"""Any picture: the paintings and the shots that resemble it most."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from r2r_cli.web import complaints, forms, words
from r2r_cli.web.complaints import Refused
from r2r_cli.web.measuring import Measured
from r2r_cli.web.routes import asked
from r2r_cli.web.routes.ingest import uploads
from r2r_cli.web.site import Site
from r2r_shared import pictures
from r2r_shared.errors import PictureRefused, Unavailable
from r2r_shared.pictures import Picture
from r2r_shared.queries import matches
from r2r_shared.queries.matched import Match
from r2r_shared.queries.nearest_shots import NearShots, nearest_shots

MOST_BYTES = 20 << 20
MOST_PIXELS = 50_000_000
PAINTINGS, SHOTS = 12, 12


def show(request: Request) -> Response:
    """GET /search: the place to drop a picture."""
    return asked.site_of(request).page(request, "search.html.j2", most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS)


async def ask(request: Request) -> Response:
    """POST /search: a picture, which is measured; leads to its page."""
    site = asked.site_of(request)
    form = await forms.read(site, request, most_bytes=MOST_BYTES + forms.MOST_BYTES)
    sent = form.get("picture")
    try:
        if not isinstance(sent, UploadFile) or not sent.filename:
            raise Refused(400, "no picture came", "choose one, or drop it on the page")
        name = words.clean(sent.filename)[:200]
        picture = await run_in_threadpool(_taken_in, site, name, sent)
    finally:
        await form.close()
    measured = await run_in_threadpool(site.pictures.measure, site, name, picture)
    return complaints.redirect(f"/search/{measured.key}")


def _taken_in(site: Site, name: str, sent: UploadFile) -> Picture:
    """The picture as it is to be measured.

    Raises:
        Refused: it is none, too large or damaged.
    """
    path = uploads(site) / f"{uuid.uuid4().hex}.picture"
    try:
        with path.open("wb") as file:
            while chunk := sent.file.read(1 << 20):
                file.write(chunk)
        return pictures.intake(path, max_bytes=MOST_BYTES, max_pixels=MOST_PIXELS)
    except PictureRefused as error:
        why = PictureRefused(name, error.reason, error.detail).message
        raise Refused(422, why, "JPEG, PNG, WebP, TIFF, BMP and GIF are measured, up to 20 MB") from error
    finally:
        path.unlink(missing_ok=True)


def found(request: Request) -> Response:
    """GET /search/{key}: what a measured picture resembles."""
    site = asked.site_of(request)
    picture = site.pictures.get(request.path_params["key"])
    near = _near(request, site, picture)
    return site.page(request, "found.html.j2", picture=picture, weights=request.query_params.get("weights", ""), **near)


def found_json(request: Request) -> Response:
    """GET /api/search/{key}: the same as a document."""
    site = asked.site_of(request)
    picture = site.pictures.get(request.path_params["key"])
    near = _near(request, site, picture)
    best: list[Match] = near["paintings"]
    shots: NearShots | None = near["shots"]
    document: dict[str, Any] = {
        "picture": {"name": picture.name, "width": picture.width, "height": picture.height},
        "matches": [match.to_json() for match in best],
        "shots": [] if shots is None else [shot.to_json() for shot in shots.shots],
        "shots_exact": None if shots is None else shots.exact,
    }
    return JSONResponse(document)


def _near(request: Request, site: Site, picture: Measured) -> dict[str, Any]:
    """The nearest paintings, and the nearest shots; None where those took too long to search."""
    weights = asked.weights(request)
    with site.connection() as conn:
        best = matches.live(conn, picture.features, picture.profile_id, k=PAINTINGS, weights=weights)
        try:
            shots, why = nearest_shots(conn, picture.features, picture.profile_id, k=SHOTS, weights=weights), ""
        except Unavailable as error:
            shots, why = None, error.message
    return {"paintings": best, "shots": shots, "shots_missing": why}


def jpeg(request: Request) -> Response:
    """GET /search/{key}/picture.jpg: the picture itself, reduced."""
    picture = asked.site_of(request).pictures.get(request.path_params["key"])
    return Response(picture.jpeg, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})

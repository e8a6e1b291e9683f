"""Any picture: the paintings and the shots that resemble it most."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from r2r_cli.page.words import METRIC_LABELS
from r2r_cli.web import complaints, forms, words
from r2r_cli.web.complaints import Refused
from r2r_cli.web.measuring import Measured
from r2r_cli.web.routes import asked
from r2r_cli.web.routes.ingest import uploads
from r2r_cli.web.site import Site
from r2r_shared import pictures
from r2r_shared.errors import PictureRefused, Unavailable
from r2r_shared.queries import job_counts, matches, profiles
from r2r_shared.queries.matched import Match
from r2r_shared.queries.nearest_shots import NearShots, nearest_shots
from r2r_shared.score import DEFAULT, Weights

MOST_BYTES = 20 << 20
MOST_PIXELS = 50_000_000
PAINTINGS, SHOTS = 12, 12

_decoding = threading.BoundedSemaphore(2)  # a picture of MOST_PIXELS is 150 MB when it is decoded


@dataclass(frozen=True, slots=True)
class Near:
    """What a picture resembles most. `shots` is None where those took too long to search, and `shots_missing` why."""

    paintings: list[Match]
    shots: NearShots | None
    shots_missing: str = ""


def show(request: Request) -> Response:
    """GET /search: the place to drop a picture."""
    return asked.site_of(request).page(request, "search.html.j2", most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS)


async def ask(request: Request) -> Response:
    """POST /search: a picture, which is measured; leads to its page."""
    site = asked.site_of(request)
    form = await forms.read(site, request, most_bytes=MOST_BYTES + forms.MOST_BYTES)
    sent = form.get("picture")
    path = uploads(site) / f"{uuid.uuid4().hex}.picture"
    try:
        try:
            if not isinstance(sent, UploadFile) or not sent.filename:
                raise Refused(400, "no picture came", "choose one, or drop it on the page")
            name = words.clean(sent.filename)[:200]
            await run_in_threadpool(_lay_down, sent, path)
        finally:
            await form.close()
        measured = await run_in_threadpool(_before, site, name, path)
        if measured is None:
            async with site.pictures.turn():
                measured = await run_in_threadpool(_measured, site, name, path)
    finally:
        path.unlink(missing_ok=True)
    return complaints.redirect(f"/search/{measured.key}")


def _lay_down(sent: UploadFile, path: Path) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(sent.file, file, 1 << 20)


def _before(site: Site, name: str, path: Path) -> Measured | None:
    """The same file's numbers, where it was measured a while ago: nothing is decoded for it."""
    with _refusals(name):
        sha256 = pictures.digest(path, max_bytes=MOST_BYTES)
    return site.pictures.before(site, name, sha256)


def _measured(site: Site, name: str, path: Path) -> Measured:
    with _refusals(name), _decoding:
        picture = pictures.intake(path, max_bytes=MOST_BYTES, max_pixels=MOST_PIXELS)
    return site.pictures.measure(site, name, picture)


@contextmanager
def _refusals(name: str) -> Generator[None]:
    """A picture that is none, too large or damaged is refused by the name that its reader knows."""
    try:
        yield
    except PictureRefused as error:
        why = PictureRefused(name, error.reason, error.detail).message
        raise Refused(422, why, "JPEG, PNG, WebP, TIFF, BMP and GIF are measured, up to 20 MB") from error


async def found(request: Request) -> Response:
    """GET /search/{key}: what a measured picture resembles."""
    site = asked.site_of(request)
    picture = site.pictures.get(request.path_params["key"])
    near = await _near(request, site, picture)
    weights = asked.weights(request)
    own = {} if weights == DEFAULT else weights.named()
    return await run_in_threadpool(
        site.page,
        *(request, "found.html.j2"),
        picture=picture,
        own_weights=own,
        labels=METRIC_LABELS,
        paintings=near.paintings,
        shots=near.shots,
        shots_missing=near.shots_missing,
    )


async def found_json(request: Request) -> Response:
    """GET /api/search/{key}: the same as a document."""
    site = asked.site_of(request)
    picture = site.pictures.get(request.path_params["key"])
    near = await _near(request, site, picture)
    document: dict[str, Any] = {
        "picture": {"name": picture.name, "width": picture.width, "height": picture.height},
        "matches": [match.to_json() for match in near.paintings],
        "shots": [] if near.shots is None else [shot.to_json() for shot in near.shots.shots],
        "shots_exact": None if near.shots is None else near.shots.exact,
    }
    return JSONResponse(document)


async def _near(request: Request, site: Site, picture: Measured) -> Near:
    """The nearest paintings; and the nearest shots, for which every keyframe that there is may be scored.

    The shots are kept as long as there are no others.
    """
    weights = asked.weights(request)
    best, of_what = await run_in_threadpool(_paintings, site, picture, weights)
    try:
        shots = await site.near.get((picture.key, weights, of_what), partial(_shots, site, picture, weights))
    except Unavailable as error:
        return Near(best, None, error.message)
    return Near(best, shots)


def _paintings(site: Site, picture: Measured, weights: Weights) -> tuple[list[Match], tuple[int, int, int]]:
    """The nearest paintings; and what shots depend on: profile, revision, how many jobs have brought something."""
    profile_id = picture.profile_id
    with site.connection() as conn:
        state = (profile_id, profiles.get(conn, profile_id).revision, job_counts.total(conn, state="done"))
        return matches.live(conn, picture.features, profile_id, k=PAINTINGS, weights=weights), state


def _shots(site: Site, picture: Measured, weights: Weights) -> NearShots:
    with site.connection() as conn:
        return nearest_shots(conn, picture.features, picture.profile_id, k=SHOTS, weights=weights)


def jpeg(request: Request) -> Response:
    """GET /search/{key}/picture.jpg: the picture itself, reduced."""
    picture = asked.site_of(request).pictures.get(request.path_params["key"])
    return Response(picture.jpeg, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})

"""One film: its page, the document behind it, and one shot's matches under any weights."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from r2r_cli import page
from r2r_cli.web.kept import Document
from r2r_cli.web.routes import asked, media
from r2r_cli.web.routes.films import of_film
from r2r_cli.web.site import Site
from r2r_shared import __version__, citation, exports
from r2r_shared.errors import NotFound
from r2r_shared.exports.text import file_name
from r2r_shared.queries import film_cards, films, jobs, palettes, pictureless, profiles, shots
from r2r_shared.queries import timeline as timelines
from r2r_shared.queries.shot_matches import shot_matches, to_json
from r2r_shared.score import VISUAL_SHARE
from r2r_shared.storage import depth_maps


@dataclass(frozen=True, slots=True)
class Named(Document):
    """A document that is taken along as a file of that name."""

    name: str


CANDIDATES = 20
"""Paintings of each shot that a film's page ranks anew by itself, where so many are stored."""
MOST_CANDIDATES = 100
OF_DEFAULT = "it is under the default weights: `r2r timeline FILM --weights … --export FILE` writes others"


async def show(request: Request) -> Response:
    """GET /films/{film}: the page; or, of a film that is not analysed yet, how far it is."""
    site, film_id = asked.site_of(request), int(request.path_params["film"])
    tag, profile_id = await run_in_threadpool(_stamp, site, film_id)
    all_dates = asked.yes(request, "all_dates")
    if not tag:
        return await run_in_threadpool(_waiting, request, site, film_id)

    def make() -> Document:
        return Document.of(_page(site, film_id, profile_id, all_dates=all_dates), "text/html; charset=utf-8")

    made = await site.kept.get(("page", film_id, all_dates, tag), make)
    return made.answer(request, tag=f"{tag}-{int(all_dates)}-{__version__}")


async def document(request: Request) -> Response:
    """GET /api/films/{film}/timeline.json: what `r2r timeline --json` prints, without the folders of this machine."""
    site, film_id = asked.site_of(request), int(request.path_params["film"])
    asked.only(request, "all_dates", "top", why=OF_DEFAULT)
    all_dates = asked.yes(request, "all_dates")
    # More than are stored would have the film matched and stored anew: no reader's address does that.
    top = asked.number(request, "top", default=5, high=max(5, site.settings.top_k))
    tag, profile_id = await run_in_threadpool(_stamp, site, film_id)
    if not tag:
        raise NotFound(f"film {film_id} has no finished analysis", "its page says how far it is")

    def make() -> Document:
        found = _timeline(site, film_id, profile_id, all_dates=all_dates, top_k=top)
        return Document.of(json.dumps(exports.without_folders(found), ensure_ascii=False), "application/json")

    made = await site.kept.get(("json", film_id, all_dates, top, tag), make)
    return made.answer(request, tag=f"{tag}-{int(all_dates)}-{top}")


async def export(request: Request) -> Response:
    """GET /films/{film}/export/{format}: the file that `r2r timeline --export` writes.

    `all_dates`, and for EDL and OTIO `start_timecode`, `drop_frame` and `rate`, as the command's options. Weights are a
    matter of the command: here anyone may ask, and each choice of weights has the whole film matched anew.
    """
    site, film_id = asked.site_of(request), int(request.path_params["film"])
    one = exports.FORMATS.get(request.path_params["format"])
    if one is None:
        raise NotFound("there is no such format", f"use {', '.join(exports.FORMATS)}")
    exports.require(one)
    asked.only(request, "all_dates", *(("start_timecode", "drop_frame", "rate") if one.timed else ()), why=OF_DEFAULT)
    all_dates = asked.yes(request, "all_dates")
    start = asked.words(request, "start_timecode") or None
    rate = asked.words(request, "rate") or None
    drop_frame = asked.yes(request, "drop_frame")
    tag, profile_id = await run_in_threadpool(_stamp, site, film_id)
    if not tag:
        raise NotFound(f"film {film_id} has no finished analysis", "its page says how far it is")
    here = str(request.base_url).rstrip("/")

    def make() -> Named:
        found = _timeline(site, film_id, profile_id, all_dates=all_dates)
        with site.connection() as conn:
            cited = citation.of_profile(conn, profiles.get(conn, profile_id), timeline=found)
        film_file = file_name(found["film"])
        choices = exports.Choices(
            start_timecode=start,
            drop_frame=drop_frame,
            rate=rate,
            address=f"{here}/films/{film_id}/export/{one.name}",
            film_address=f"{here}/films/{film_id}/{quote(film_file)}",
            painting=lambda painting: f"{here}/paintings/{painting}",
        )
        return Named(
            one.media_type,
            gzip.compress(exports.write(one, found, cited, choices), compresslevel=3, mtime=0),
            PurePosixPath(film_file).stem + one.ending,
        )

    key = ("export", one.name, film_id, all_dates, start, drop_frame, rate, here, tag)
    made = await site.kept.get(key, make)
    assert isinstance(made, Named)
    response = made.answer(request, tag=f"{tag}-{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}-{__version__}")
    response.headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(made.name, safe='')}"
    return response


def exact(request: Request) -> Response:
    """GET /api/films/{film}/shots/{shot}/matches: one shot against every painting, under any weights.

    `weights` as `--weights` has them, `visual` the share of V_r (0 to 1), `all_dates`, `top`. The shot's number may
    also come as `shot`, at /api/films/{film}/matches: that is how the film page asks.
    """
    site, film_id = asked.site_of(request), int(request.path_params["film"])
    number = int(request.path_params["shot"]) if "shot" in request.path_params else asked.number(request, "shot")
    visual = asked.share(request, "visual", VISUAL_SHARE)
    weights, all_dates = asked.weights(request), asked.yes(request, "all_dates")
    with site.connection() as conn:
        found = shot_matches(
            conn,
            film_id,
            site.profile(conn).id,
            number,
            k=asked.number(request, "top", default=CANDIDATES, high=MOST_CANDIDATES),
            weights=weights,
            visual_share=visual,
            all_dates=all_dates,
        )
    return JSONResponse(
        {
            "film": film_id,
            "shot": number,
            "weights": weights.named(),
            "visual": visual,
            "all_dates": all_dates,
            "matches": [to_json(match, visual_share=visual) for match in found],
        }
    )


def _stamp(site: Site, film_id: int) -> tuple[str, int]:
    """What the film's page depends on, empty as long as there is nothing to show; and the profile.

    Raises:
        NotFound: there is no such film.
    """
    with site.connection() as conn:
        profile = site.profile(conn)
        film = films.get(conn, film_id)
        if film.analysis_id is None or shots.unmeasured(conn, film_id=film_id, profile_id=profile.id):
            return "", profile.id
        return film_cards.stamp(conn, film_id, profile.id) or "", profile.id


def _timeline(
    site: Site, film_id: int, profile_id: int, *, all_dates: bool, top_k: int = 5, candidates: int = 0
) -> dict[str, Any]:
    keep = site.settings.top_k
    with site.connection() as conn:
        return timelines.timeline(
            conn, film_id, profile_id, top_k=top_k, candidates=candidates, keep=keep, all_dates=all_dates
        ).to_json()


def _page(site: Site, film_id: int, profile_id: int, *, all_dates: bool) -> str:
    later = "?all_dates=1" if all_dates else ""
    candidates = min(CANDIDATES, site.settings.top_k)
    found = _timeline(site, film_id, profile_id, all_dates=all_dates, candidates=candidates)
    with site.connection() as conn:
        colours = palettes.of_timeline(conn, found)
        model = profiles.get(conn, profile_id).depth_digest
    return page.served(
        found,
        media=media.url,
        links=page.Links(
            painting=lambda painting: f"/paintings/{painting}",
            exact=f"/api/films/{film_id}/matches{later}",
            home="/",
            downloads=tuple(
                page.Download(one.ending, one.about, f"/films/{film_id}/export/{one.name}" + later)
                for one in exports.FORMATS.values()
                if one.there
            ),
        ),
        assets="/film-page",
        tool_version=__version__,
        generated=dt.datetime.now(dt.UTC),
        palettes=colours,
        depth=lambda key: media.url(depth_maps.key(key, model)),
    )


def _waiting(request: Request, site: Site, film_id: int) -> Response:
    """The page of a film without numbers: its job, or that it has none."""
    with site.connection() as conn:
        film = films.get(conn, film_id)
        job = jobs.newest_of_film(conn, film_id)
        profile = site.profile(conn)
        without = pictureless.keyframes(conn, film_id=film_id, profile_id=profile.id)
        work = of_film(conn, film_id)
    return site.page(request, "waiting.html.j2", film=film, job=job, profile=profile, without_picture=without, **work)

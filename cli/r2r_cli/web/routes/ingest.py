"""Bringing films in: by a path on this machine, or sent by the browser."""

from __future__ import annotations

import shutil
import time
import uuid
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from r2r_cli.ingesting import bulk, film_source, intake
from r2r_cli.jobs import waiting
from r2r_cli.web import complaints, folders, forms, words
from r2r_cli.web.complaints import Refused
from r2r_cli.web.intakes import Taken
from r2r_cli.web.routes import asked
from r2r_cli.web.site import Site
from r2r_shared.errors import FilmRefused
from r2r_shared.film.places import OnDisk
from r2r_shared.processes import private_directory
from r2r_shared.queries import film_uploads

SPARE_BYTES = 1 << 30
"""So much stays free on the disk that takes uploads."""
CHECKED_EVERY = 16 << 20
NAME_BYTES = 200
SCRAP_S = 86400.0
DETECTOR = "adaptive"
NOTHING: dict[str, Any] = {"title": None, "director": None, "year": None, "country": None}


async def by_path(request: Request) -> Response:
    """POST /ingest: a film that lies in one of the site's folders."""
    site = asked.site_of(request)
    form = await forms.read(site, request)
    path = await run_in_threadpool(folders.allowed, forms.text(form, "path", most=4096), site.serving.folders)
    described = NOTHING | {
        name: words.clean(forms.text(form, name)) or None for name in ("title", "director", "country")
    }
    described["year"] = _year(forms.text(form, "year", most=10))
    site.intakes.begin(words.clean(path.name), partial(_take, site, path, described))
    return complaints.redirect("/")


async def upload(request: Request) -> Response:
    """POST /api/uploads: the body is a film, the header x-r2r-name its name, percent-encoded.

    Streamed to the disk; memory holds a piece of it. What is too large, breaks off, or is called otherwise than a
    film leaves nothing behind.
    """
    site = asked.site_of(request)
    forms.require_page(site, request)
    name = _file_name(request.headers.get("x-r2r-name", ""))
    bounded = forms.bound(request, site.serving.upload_bytes)
    folder = uploads(site) / uuid.uuid4().hex
    said = request.headers.get("content-length", "")
    site.intakes.require_room()
    _require_room(folder.parent, int(said) if said.isdecimal() else 0)
    folder.mkdir(mode=0o700)
    try:
        with (folder / name).open("wb") as file:
            unchecked = 0
            async for chunk in bounded.stream():
                await run_in_threadpool(file.write, chunk)
                unchecked += len(chunk)
                if unchecked > CHECKED_EVERY:  # others write to this disk, too
                    unchecked = 0
                    _require_room(folder, 0)
        one = site.intakes.begin(
            words.clean(name),
            partial(_take_upload, site, folder / name),
            dropped=partial(shutil.rmtree, folder, ignore_errors=True),
        )
    except ClientDisconnect:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)
        raise HTTPException(400) from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return JSONResponse({"intake": one.id, "name": one.name}, status_code=202)


def _require_room(folder: Path, size: int) -> None:
    """See to it that a disk can take so many bytes, and SPARE_BYTES stay free.

    Raises:
        Refused: it cannot.
    """
    if shutil.disk_usage(folder).free - size < SPARE_BYTES:
        raise Refused(507, "the disk of this site is full", "make room, or ingest the film from where it lies")


def uploads(site: Site) -> Path:
    """Where films lie between the browser and the media store; only until they are in it."""
    return private_directory(site.settings.home / "uploads")


def forget_scraps(site: Site) -> None:
    """Remove what a server that was killed has left half received: an upload that goes on changes all the time."""
    for folder in uploads(site).iterdir():
        if folder.is_file():
            folder.unlink(missing_ok=True)
            continue
        newest = max([folder.stat().st_mtime, *(path.stat().st_mtime for path in folder.glob("*"))])
        if time.time() - newest > SCRAP_S:
            shutil.rmtree(folder, ignore_errors=True)


def _take(site: Site, path: Path, described: dict[str, Any], *, send: bool = False) -> Taken:
    """As `r2r ingest PATH --detach`, of one film; `send` as with `--upload`."""
    look = cache(intake.look)
    with site.session() as opened:
        bulk.check_name(path)
        profile = site.profile_to_measure(opened)
        wanted = intake.Wanted(profile, DETECTOR, opened.settings.segment_s, force=False, upload=send)
        if film_source.known(opened, path) is None:
            look(path)  # it takes long: before the transaction
        sent = intake.send_ahead(opened, path, wanted, look)
        with opened.conn.transaction():
            found = intake.take(opened, path, wanted, described, worker=None, look=look, sent=sent)
            if sent is not None:
                film_uploads.settle(opened.conn, found.film_id, sent.place, OnDisk(path.resolve()))
        found = intake.follow_up(opened, found, wanted)
        waiting.sweep(opened)
    return found.film_id, "" if found.job_id is not None else "is known already, and nothing is missing of it"


def _take_upload(site: Site, path: Path) -> Taken:
    """Send the film to the media store, where every worker sees it, and let the file go."""
    try:
        return _take(site, path, NOTHING, send=True)
    except FilmRefused as error:  # it speaks of a file that the reader has never seen
        raise FilmRefused(error.message.replace(str(path), path.name), error.hint) from error
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)


def _file_name(header: str) -> str:
    """The last part of a file's name, as it may lie on this disk.

    Raises:
        FilmRefused: it is none, or not a film's.
    """
    name = words.clean(unquote(header, errors="replace")).replace("\\", "/").rpartition("/")[2].strip(". ")
    while len(name.encode()) > NAME_BYTES:
        stem, dot, suffix = name.rpartition(".")
        name = f"{stem[:-1]}{dot}{suffix}" if stem else name[:-1]
    if not name:
        raise FilmRefused("the film has no name", "give its file one")
    folders.require_suffix(name)
    return name


def _year(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1870 <= int(text) <= 2200:
        raise Refused(400, f"{text} is not a year", "write it as 1975, or leave it out")
    return int(text)

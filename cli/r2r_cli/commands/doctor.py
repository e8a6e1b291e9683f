"""r2r doctor: is everything here well, and is this file a film?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_shared.doctor import Check

_MARKS = {"ok": "ok", "warn": "warn", "fail": "FAIL"}


def doctor(
    path: Annotated[Path | None, typer.Argument(metavar="[FILM]", help="Look at this file instead.")] = None,
    json: options.Json = False,
) -> None:
    """Check every part (servers, versions, codecs, GPU, weights, disk), or list the streams of a film.

    Example: r2r doctor · r2r doctor movie.mp4
    """
    if path is not None:
        _film(path, json=json)
    else:
        _installation(json=json)


def _installation(*, json: bool) -> None:
    from rich.console import Console

    from r2r_cli import render
    from r2r_shared import doctor as examination

    checks: list[Check] = []
    with Console(stderr=True).status("looking at every part …") as status:  # silent on a pipe
        for check in examination.examine_environment():
            checks.append(check)
            status.update(f"{check.name}: {check.verdict} …")
    if json:
        render.print_json(examination.as_json(checks))
    else:
        render.table(["part", "", "found"], [(c.name, _MARKS[c.verdict], c.detail) for c in checks])
        for check in checks:
            if check.verdict != "ok":
                render.say(f"{check.name}: {check.remedy}")
    if any(check.verdict == "fail" for check in checks):
        raise typer.Exit(1)


def _film(path: Path, *, json: bool) -> None:
    """The streams of a file, and whether `ingest` would take it."""
    from dataclasses import asdict

    from r2r_cli import render
    from r2r_shared.errors import FilmRefused
    from r2r_shared.film_streams import streams
    from r2r_shared.probe import probe, probe_to_json

    container = streams(path)
    film, refused = None, None
    try:
        film = probe(path)
    except FilmRefused as error:
        refused = error
    if json:
        said = None if film is None else probe_to_json(film, with_index=False)
        complaint = None if refused is None else {"error": refused.message, "hint": refused.hint}
        render.print_json({"path": str(path), **asdict(container), "film": said, "refused": complaint})
    else:
        length = "" if container.duration_s is None else f", {render.timecode(container.duration_s)}"
        render.say(f"{path.name}: {container.format}{length}")
        rows = [(stream.number, stream.kind, stream.codec, stream.detail) for stream in container.streams]
        render.table([">#", "kind", "codec", "what it is"], rows)
        if film is not None:
            render.say(f"ingest takes it, and reads it with {film.reader}: {film.reader_reason}")
            for warning in film.warnings:
                render.say(f"note: {warning}")
    if refused is not None:
        render.note(f"error: {refused.message}\nhint:  {refused.hint}")
        raise typer.Exit(1)

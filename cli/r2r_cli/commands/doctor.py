"""r2r doctor: is everything here well, and is this file a film?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_shared.operating.checks import Check

_MARKS = {"ok": "ok", "warn": "warn", "fail": "FAIL"}


def doctor(
    path: Annotated[Path | None, typer.Argument(metavar="[FILM]", help="Look at this file instead.")] = None,
    remote: Annotated[
        bool, typer.Option("--remote", help="Ask every worker what it is, sees and would compute with.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Check every part (servers, versions, codecs, GPU, weights, disk), each worker's, or list the streams of a film.

    Example: r2r doctor · r2r doctor --remote · r2r doctor movie.mp4
    """
    if path is not None and remote:
        raise typer.BadParameter("workers are asked about themselves, not about a film", param_hint="--remote")
    if path is not None:
        _film(path, json=json)
    elif remote:
        _workers(json=json)
    else:
        _installation(json=json)


def _installation(*, json: bool) -> None:
    from r2r_shared.operating.checks import as_json
    from r2r_shared.operating.doctor import examine_environment

    checks = _walk(examine_environment(), "looking at every part …")
    _show(checks, as_json(checks) if json else None)


def _workers(*, json: bool) -> None:
    from r2r_shared.operating.checks import as_json
    from r2r_shared.operating.doctor_remote import Remote
    from r2r_shared.settings import Settings

    remote = Remote(Settings.from_env())
    checks = _walk(remote.checks(), "asking every worker …")
    _show(checks, as_json(checks) | {"workers": remote.workers} if json else None)


def _walk(looks: Iterator[Check], about: str) -> list[Check]:
    from rich.console import Console
    from rich.markup import escape

    checks: list[Check] = []
    with Console(stderr=True).status(about) as status:  # silent on a pipe
        for check in looks:
            checks.append(check)
            status.update(escape(f"{check.name}: {check.verdict} …"))
    return checks


def _show(checks: list[Check], document: dict[str, Any] | None) -> None:
    """A table and the remedies, or the document; the exit code says whether anything fails."""
    from r2r_cli import render

    if document is not None:
        render.print_json(document)
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
    from r2r_shared.film.probe import probe, probe_to_json
    from r2r_shared.film.streams import streams

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

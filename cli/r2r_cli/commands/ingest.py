"""r2r ingest: a film becomes shots, keyframes, numbers and matches."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_cli.intake import Intake, Wanted
    from r2r_shared.errors import FilmRefused
    from r2r_shared.local_worker import LocalWorker
    from r2r_shared.queries.films import Film
    from r2r_shared.queries.jobs import Job


def ingest(  # noqa: PLR0912, PLR0917  (a command is its options)
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Film files; directories with --recursive.")],
    title: Annotated[
        str | None, typer.Option(help="The film's title; by default from the file name.", callback=options.utf8)
    ] = None,
    director: Annotated[str | None, typer.Option(help="Who directed it.", callback=options.utf8)] = None,
    year: Annotated[int | None, typer.Option(min=1870, max=2200, help="When it was released.")] = None,
    country: Annotated[str | None, typer.Option(help="Where it was made.", callback=options.utf8)] = None,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Take the films in directories, too.")] = False,
    shots: Annotated[str, typer.Option(help="Shot detector: adaptive, or transnet (an extra).")] = "adaptive",
    segment_seconds: Annotated[
        float | None, typer.Option(min=1, help="Length of a segment; does not change the result.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Queue the work and return.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Analyse a known film again.")] = False,
    json: options.Json = False,
) -> None:
    """Analyse films: shots, keyframes, style, and the paintings they resemble.

    A film is known by its content: the same bytes under another name are the same film, and ingesting it
    again does nothing but say so. Interrupted work goes on where it was.

    Example: r2r ingest "Barry Lyndon (1975).mkv" --director "Stanley Kubrick"
    """
    if shots not in ("adaptive", "transnet"):
        raise typer.BadParameter("use adaptive or transnet", param_hint="--shots")
    if segment_seconds is not None and not math.isfinite(segment_seconds):
        raise typer.BadParameter("a number of seconds", param_hint="--segment-seconds")
    from r2r_cli import context, intake, render, waiting
    from r2r_shared.errors import FilmRefused

    files = intake.expand(paths, recursive=recursive)
    if title is not None and len(files) > 1:
        raise typer.BadParameter(f"one title cannot name {len(files)} films", param_hint="--title")
    described = {"title": title, "director": director, "year": year, "country": country}
    taken: list[Intake] = []
    refused: list[tuple[Path, FilmRefused]] = []
    waited: list[int] = []
    ended: list[Job] = []
    with context.session() as opened:
        wanted = intake.Wanted(
            context.profile_to_measure(opened), shots, segment_seconds or opened.settings.segment_s, force
        )
        worker = None if detach else waiting.local_worker(opened)
        try:
            for path in files:
                found = _take(opened, path, wanted, described, worker=worker, quiet=json)
                if isinstance(found, FilmRefused):
                    refused.append((path, found))
                else:
                    taken.append(found)
            waited = [found.job_id for found in taken if found.job_id is not None and not detach]
            if waited:
                ended = waiting.wait_for_jobs(opened, waited, quiet=json, worker=worker)
        except KeyboardInterrupt:
            render.note("\nstopped; nothing is lost: the same command goes on where it was")
            raise SystemExit(130) from None
        finally:
            if worker is not None:
                waiting.end_worker(opened, worker)
        if json:
            render.print_json(_report(opened, taken, refused))
        else:
            _say(opened, taken, ended, detached=detach)
    if refused or len(ended) < len(waited) or any(job.state != "done" for job in ended):
        raise typer.Exit(1)


def _take(
    opened: Session, path: Path, wanted: Wanted, described: dict[str, Any], *, worker: LocalWorker | None, quiet: bool
) -> Intake | FilmRefused:
    """Take a film in and say so; a refusal is said and returned: the others go on."""
    from r2r_cli import intake, render
    from r2r_shared.errors import FilmRefused
    from r2r_shared.queries import films

    try:
        _check_name(path)
        found = intake.take(opened, path, wanted, described, worker=worker)
    except FilmRefused as error:
        if not quiet:
            render.note(f"error: {error.message}\nhint:  {error.hint}")
        return error
    if not quiet:
        render.note(found.said)
        for warning in films.probe_of(opened.conn, found.film_id).warnings:
            render.note(f"note:  {path.name}: {warning}")
    return found


def _check_name(path: Path) -> None:
    """A film is found again by its path, which the database keeps as text.

    Raises:
        FilmRefused: it is no text, or no path at all.
    """
    from r2r_shared.collections.text import storable
    from r2r_shared.errors import FilmRefused

    try:
        path.is_file()
        real = str(path.resolve())
    except (OSError, RuntimeError) as error:  # too long a name, no permission, links in a circle
        why = error.strerror if isinstance(error, OSError) else error
        raise FilmRefused(f"{path} cannot be reached: {why}", "check the path, and who may read it") from error
    if storable(real) != real:
        raise FilmRefused(f"{storable(real)} has a name that is not text in UTF-8", "rename it, or its directory")


def _say(opened: Session, taken: list[Intake], ended: list[Job], *, detached: bool) -> None:
    from r2r_cli import render

    if detached and opened.stack.local and any(found.job_id for found in taken):
        render.note("queued; this machine's own stack works on it while `r2r up` or another ingest runs")
    for job in ended:
        if job.state == "done":
            film = _film(opened, job.film_id)
            if film is None:
                render.note(f"job {job.id} is done, but its film was removed meanwhile")
                continue
            missing = f", {film.frames_missing} frames could not be read" if film.frames_missing else ""
            render.say(f"film {film.id} “{film.title}”: {film.shots} shots, {film.keyframes} keyframes{missing}")
        elif job.state == "failed":
            render.note(f"error: job {job.id} failed: {job.error}\nhint:  r2r jobs show {job.id}")
        else:
            render.note(f"job {job.id} was cancelled; `r2r jobs retry {job.id}` starts it again")
    ready = [found for found in taken if found.job_id is None]
    if len(taken) == 1 and (ready or (ended and ended[0].state == "done")):
        render.note(f"see it: r2r timeline {taken[0].film_id}")


def _film(opened: Session, film_id: int | None) -> Film | None:
    """The film; None where someone removed it meanwhile."""
    from r2r_shared.errors import NotFound
    from r2r_shared.queries import films

    try:
        return None if film_id is None else films.get(opened.conn, film_id)
    except NotFound:
        return None


def _report(opened: Session, taken: list[Intake], refused: list[tuple[Path, FilmRefused]]) -> dict[str, Any]:
    from r2r_shared.queries import films, jobs

    asked = [found.job_id for found in taken if found.job_id is not None]
    of_films = {job.id: job for job in jobs.several(opened.conn, asked)}
    rows: list[dict[str, Any]] = []
    for found in taken:
        film = _film(opened, found.film_id)
        job = None if found.job_id is None else of_films.get(found.job_id)
        rows.append(
            {
                "path": str(found.path),
                "film": found.film_id,
                "title": "" if film is None else film.title,
                "state": "removed" if film is None else film.state,
                "shots": 0 if film is None else film.shots,
                "keyframes": 0 if film is None else film.keyframes,
                "frames_missing": 0 if film is None else film.frames_missing,
                "warnings": [] if film is None else list(films.probe_of(opened.conn, film.id).warnings),
                "reader": None if film is None else film.reader,
                "known": found.known,
                "job": None
                if job is None
                else {
                    "id": job.id,
                    "state": job.state,
                    "error": job.error,
                    "decode_s": job.decode_s,
                    "model_s": job.model_s,
                },
            }
        )
    return {
        "films": rows,
        "refused": [{"path": str(path), "error": error.message, "hint": error.hint} for path, error in refused],
    }

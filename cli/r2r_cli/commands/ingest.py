"""r2r ingest: a film becomes shots, keyframes, numbers and matches."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from r2r_cli import options


def ingest(  # noqa: PLR0917  (a command is its options)
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH…", help="Film files; directories with --recursive.")
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="The film's title; by default from the file name.", callback=options.utf8)
    ] = None,
    director: Annotated[str | None, typer.Option(help="Who directed it.", callback=options.utf8)] = None,
    year: Annotated[int | None, typer.Option(min=1870, max=2200, help="When it was released.")] = None,
    country: Annotated[str | None, typer.Option(help="Where it was made.", callback=options.utf8)] = None,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Take the films in directories, too.")] = False,
    catalogue: Annotated[
        Path | None,
        typer.Option(help="A CSV or JSONL of films: path, title, director, year, country.", metavar="FILE"),
    ] = None,
    shots: Annotated[str, typer.Option(help="Shot detector: adaptive, or transnet (an extra).")] = "adaptive",
    segment_seconds: Annotated[
        float | None, typer.Option(min=1, help="Length of a segment; does not change the result.")
    ] = None,
    priority: options.Priority = 0,
    upload: Annotated[
        bool, typer.Option("--upload", help="Copy the films into the media store, for workers that do not see them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write a row for each file: .jsonl or .csv. `taken_as` says what this call made of it; where the call "
            "waits, a further row for each job says in `state` how it ended, and why.",
            metavar="FILE",
        ),
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Queue the work and return.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Analyse a known film again.")] = False,
    json: options.Json = False,
) -> None:
    """Analyse films: shots, keyframes, style, and the paintings they resemble.

    A film is known by its content: the same bytes under another name are the same film, and ingesting it
    again does nothing but say so. Interrupted work goes on where it was: the same call again takes up what is
    missing, of one film or of ten thousand. A file that is refused stops none of the others. A film whose last
    job failed goes on with what that is missing, unless --force or another detector is asked for; one whose job
    was cancelled begins anew.

    Example: r2r ingest "Barry Lyndon (1975).mkv" --director "Stanley Kubrick"

    Example: r2r ingest --recursive /films --report films.csv --detach
    """
    if shots not in ("adaptive", "transnet"):
        raise typer.BadParameter("use adaptive or transnet", param_hint="--shots")
    if segment_seconds is not None and not math.isfinite(segment_seconds):
        raise typer.BadParameter("a number of seconds", param_hint="--segment-seconds")
    if not paths and catalogue is None:
        raise typer.BadParameter("name a film, a directory with --recursive, or a --catalogue", param_hint="PATH…")
    _check_report(report, catalogue)
    from r2r_cli.ingesting import catalogue as catalogues
    from r2r_cli.ingesting import run
    from r2r_cli.ingesting.asked import Call, place_of

    described = {"title": title, "director": director, "year": year, "country": country}
    call = Call([place_of(text) for text in paths or ()], recursive, catalogue, described)
    if title is not None and (call.catalogue is not None or call.at_least() > 1):
        what = "a catalogue's films" if call.catalogue is not None else f"{call.at_least()} films"
        raise typer.BadParameter(f"one title cannot name {what}", param_hint="--title")
    how = run.How(shots, segment_seconds, force, priority, upload, detach, json)
    with nullcontext() if catalogue is None else catalogues.spooled(catalogue) as spool:
        call = replace(call, spool=spool if spool != catalogue else None)
        well = (run.foresee if dry_run else run.run)(call, how, report)
    if not well:
        raise typer.Exit(1)


def _check_report(report: Path | None, catalogue: Path | None) -> None:
    """A report is one of two forms, and must not take the place of what was to be read."""
    if report is None:
        return
    if report.suffix.lower() not in (".jsonl", ".csv"):
        raise typer.BadParameter("name it .jsonl or .csv", param_hint="--report")
    if catalogue is not None and report.resolve() == catalogue.resolve():
        raise typer.BadParameter("it would take the catalogue's place", param_hint="--report")

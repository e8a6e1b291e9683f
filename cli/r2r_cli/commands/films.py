"""r2r films: what has been ingested."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_shared.queries.exchange_origin import Origin
    from r2r_shared.queries.films import Film

app = typer.Typer(help="List, show and remove films.", no_args_is_help=True)


@app.command("list")
def list_(json: options.Json = False) -> None:
    """List the films.

    Example: r2r films list --json
    """
    from r2r_cli import context, render
    from r2r_shared.queries import films

    with context.session() as opened:
        rows = films.listed(opened.conn)
    if json:
        render.print_json([as_json(film) for film in rows])
        return
    if not rows:
        render.note("no films yet: r2r ingest movie.mp4")
        return
    render.table(
        [">id", "title", "year", "director", ">length", ">shots", "state"],
        [(f.id, f.title, f.year, f.director, render.timecode(f.duration_s), f.shots, f.state) for f in rows],
    )
    if without := sum(not f.pictured for f in rows):
        render.note(f"{without:,} without pictures")


@app.command()
def show(film: options.Film, json: options.Json = False) -> None:
    """Show what is known about a film.

    Example: r2r films show "Barry Lyndon"
    """
    from r2r_cli import context, render
    from r2r_cli.ingesting import intake
    from r2r_shared.queries import exchange_origin, films

    with context.session() as opened:
        found = films.get(opened.conn, intake.find(opened, film))
        probe = films.probe_of(opened.conn, found.id)
        origin = exchange_origin.of_film(opened.conn, found.id)
    if json:
        details = asdict(probe)
        del details["index"]
        render.print_json(as_json(found) | {"probe": details, "imported": origin and asdict(origin)})
        return
    active = probe.active
    render.table(
        ["", ""],
        [
            ("film", f"{found.id}  {found.title}"),
            ("by", found.director),
            ("year", found.year),
            ("country", found.country),
            ("file", found.path),
            ("sha256", found.sha256.hex()),
            ("picture", f"{found.width}×{found.height} {found.codec} in {found.container}"),
            ("without bars", f"{active.width}×{active.height} at {active.x}, {active.y}"),
            ("length", f"{render.timecode(found.duration_s)}, {found.frames} frames at {probe.fps:.3f} a second"),
            ("frame rate", "variable" if probe.variable_rate else "constant"),
            ("read by", f"{found.reader or probe.reader} ({probe.reader_reason})"),
            ("shots", f"{found.shots}, {found.keyframes} keyframes, detector {found.detector or '–'}"),
            *(() if found.pictured else (("pictures", "it came without some or all of them"),)),
            ("not readable", f"{found.frames_missing} frames" if found.frames_missing else "nothing"),
            ("state", found.state),
            *(_came_from(origin) if origin else ()),
            *(("note", warning) for warning in probe.warnings),
        ],
    )


def _came_from(origin: Origin) -> list[tuple[str, str]]:
    said = f"data set “{origin.name}” {origin.digest[:12]}, imported on {origin.date}, made by {origin.tool}"
    return [("analysis", said)]


@app.command()
def remove(
    film: options.WholeFilm,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Remove a film with its shots, keyframes and matches; the file itself stays where it is.

    Example: r2r films remove 3 --yes
    """
    options.require_yes(yes=yes, json=json)
    from r2r_cli import context, render
    from r2r_cli.ingesting import intake
    from r2r_shared.queries import films

    with context.session() as opened:
        found = films.get(opened.conn, intake.find(opened, film, whole=True))
        if not yes:
            question = f"Remove film {found.id} “{found.title}” with {found.shots} shots?"
            typer.confirm(render.printable(question), abort=True)
        with opened.conn.transaction():
            folders = films.remove(opened.conn, found.id)
        for folder in folders:
            opened.store.delete_prefix(folder)
    if json:
        render.print_json({"removed": found.id})
    else:
        render.say(f"removed film {found.id} “{found.title}”")


def as_json(film: Film) -> dict[str, Any]:
    """A film's row as JSON."""
    row = asdict(film)
    row["sha256"] = film.sha256.hex()
    return row

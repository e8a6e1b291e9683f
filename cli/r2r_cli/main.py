"""The Typer app. This module and those it imports stay light: a command's work is imported when it runs."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from r2r_cli.commands import (
    database,
    demo,
    doctor,
    films,
    ingest,
    jobs,
    match,
    models,
    paintings,
    timeline,
    worker,
)

app = typer.Typer(
    name="r2r",
    help="Which paintings a film looks like, where, and why.",
    epilog="Start with: r2r paintings import ./my-paintings · r2r ingest movie.mp4 · r2r timeline movie.mp4",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(paintings.app, name="paintings")
app.command("ingest")(ingest.ingest)
app.add_typer(films.app, name="films")
app.command("timeline")(timeline.timeline)
app.command("match")(match.match)
app.add_typer(jobs.app, name="jobs")
app.command("worker")(worker.worker)
app.command("up")(worker.up)
app.add_typer(database.app, name="db")
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)


def _version(value: bool) -> None:
    if value:
        from r2r_shared import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Which paintings a film looks like, where, and why."""


def main() -> None:
    """Run a command: exit code 0, 1 for a failure, 2 for a wrong call, 130 after Ctrl-C."""
    from r2r_shared.errors import R2RError, UserError

    try:
        app()
    except UserError as error:
        _complain(error.message, error.hint)
        raise SystemExit(1) from None
    except R2RError as error:
        _complain(str(error), "")
        raise SystemExit(1) from None
    except BrokenPipeError:  # `r2r films list | head`
        sys.stderr.close()
        raise SystemExit(0) from None


def _complain(message: str, hint: str) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"error": message, "hint": hint}, ensure_ascii=False))  # noqa: T201
    typer.echo(f"error: {message}", err=True)
    if hint:
        typer.echo(f"hint:  {hint}", err=True)


if __name__ == "__main__":
    main()

"""The Typer app. This module and those it imports stay light: a command's work is imported when it runs."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from r2r_cli.commands import (
    beat,
    catalogue,
    database,
    demo,
    depth,
    doctor,
    evaluate,
    export,
    films,
    health,
    import_,
    ingest,
    jobs,
    match,
    metrics,
    models,
    paintings,
    serve,
    thresholds,
    timeline,
    train,
    triplets,
    worker,
)
from r2r_cli.usage import Group, complain_in_json

app = typer.Typer(
    name="r2r",
    cls=Group,
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
app.command("serve")(serve.serve)
app.command("match")(match.match)
app.add_typer(catalogue.app, name="catalogue")
app.command("depth")(depth.depth)
app.command("export")(export.export)
app.command("import")(import_.import_)
app.add_typer(jobs.app, name="jobs")
app.command("worker")(worker.worker)
app.command("beat")(beat.beat)
app.command("up")(worker.up)
app.add_typer(database.app, name="db")
app.add_typer(models.app, name="models")
app.add_typer(triplets.app, name="triplets")
app.add_typer(thresholds.app, name="thresholds")
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("doctor")(doctor.doctor)
app.command("health")(health.health)
app.command("metrics")(metrics.metrics)
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
    """Run a command: exit code 0, 1 for a failure, 2 for a wrong call, 128 + the signal (Ctrl-C: 130) that ended it.

    A reader that has left (`r2r films list | head`) ends it without a word; Typer sees to that.
    """
    from r2r_shared.errors import R2RError, UserError

    _leave_in_order()
    if (reconfigure := getattr(sys.stdout, "reconfigure", None)) is not None:
        reconfigure(errors="backslashreplace")  # file names need not be text; to JSON, \udcff means the same byte
    try:
        app()
    except SystemExit as ended:
        if isinstance(ended.code, int) and ended.code > 128:
            complain_in_json("stopped before its end", "nothing is lost: the same command goes on where it was")
        raise
    except UserError as error:
        _complain(error.message, error.hint)
        raise SystemExit(1) from None
    except R2RError as error:
        _complain(str(error), "")
        raise SystemExit(1) from None
    except Exception as error:
        if not _is_of_the_machine(error) or os.environ.get("R2R_DEBUG") == "1":
            raise
        _complain(_first_line(error), "r2r doctor checks every part; with R2R_DEBUG=1 the same command says where")
        raise SystemExit(1) from None


def _leave_in_order() -> None:
    """A terminal that is closed or a `kill` ends a command as Ctrl-C does: servers and workers go with it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's wish
            signal.signal(number, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    signal.signal(number, signal.SIG_IGN)  # a second one would break off the leaving
    raise SystemExit(128 + number)


def _is_of_the_machine(error: Exception) -> bool:
    """True for what files, names and servers do to a program, where nobody nearer has said it better.

    Anything else is a bug, and wants its traceback.
    """
    driver = sys.modules.get("psycopg")  # not imported here: most commands that fail this way have it
    return isinstance(error, (OSError, UnicodeError) if driver is None else (OSError, UnicodeError, driver.Error))


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _complain(message: str, hint: str) -> None:
    from r2r_cli.render import printable

    complain_in_json(message, hint)
    typer.echo(f"error: {printable(message)}", err=True)
    if hint:
        typer.echo(f"hint:  {printable(hint)}", err=True)


if __name__ == "__main__":
    main()

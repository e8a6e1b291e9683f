"""Options that several commands share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from r2r_shared import score


def utf8(text: str | None) -> str | None:
    """A callback for what will be stored: refused before there is anything to undo.

    Raises:
        UserError: it is not text.
    """
    if text is not None and not text.isprintable():
        from r2r_shared.collections.text import storable
        from r2r_shared.errors import UserError

        if storable(text) != text:
            raise UserError(f"“{storable(text)}” is not text in UTF-8", "write it in UTF-8")
    return text


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
Film = Annotated[str, typer.Argument(metavar="FILM", help="A path, an id, or an unambiguous piece of the title.")]
WholeFilm = Annotated[str, typer.Argument(metavar="FILM", help="A path, an id, or the whole title.")]
TopK = Annotated[int, typer.Option("--top", min=1, max=100, help="Paintings per shot.")]
Weights = Annotated[
    str | None,
    typer.Option("--weights", help="Other weights for the eight metrics, such as dc=.3,balance=.05."),
]
AllDates = Annotated[bool, typer.Option("--all-dates", help="Keep paintings made after the film.")]
Priority = Annotated[int, typer.Option("--priority", min=0, max=9, help="0 to 9: 9 comes before all others.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Exact = Annotated[bool, typer.Option("--exact", help="Score every painting, however large the collection.")]

HubCorrection = Annotated[
    bool,
    typer.Option(help="Put back paintings that are near to everything (CSLS); both scores are in --json and --csv."),
]


def parse_weights(text: str | None) -> score.Weights:
    """The weights that a person wrote, else the defaults.

    Raises:
        BadParameter: they name no metric, or give it no weight.
    """
    from r2r_shared.errors import UserError
    from r2r_shared.score import DEFAULT, Weights

    if text is None:
        return DEFAULT
    try:
        return Weights.parse(text)
    except UserError as error:
        raise typer.BadParameter(f"{error.message}; {error.hint}", param_hint="--weights") from error


def require_yes(*, yes: bool, json: bool) -> None:
    """Nothing is removed unless a person says yes, by --yes or when asked on a terminal.

    Raises:
        Exit: with 2, a wrong call, where nobody can be asked.
    """
    if yes or (sys.stdin.isatty() and not json):
        return
    why = "--json does not ask" if json else "there is no terminal to ask on"
    typer.echo(f"error: nothing is removed without a yes, and {why}: add --yes", err=True)
    from r2r_cli.usage import complain_in_json

    complain_in_json(f"nothing is removed without a yes, and {why}", "add --yes")
    raise typer.Exit(2)

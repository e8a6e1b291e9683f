"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
Film = Annotated[str, typer.Argument(metavar="FILM", help="A path, an id, or an unambiguous piece of the title.")]
TopK = Annotated[int, typer.Option("--top", min=1, max=100, help="Paintings per shot.")]
Weights = Annotated[
    str | None,
    typer.Option("--weights", help="Other weights for the eight metrics, such as dc=.3,balance=.05."),
]
AllDates = Annotated[bool, typer.Option("--all-dates", help="Keep paintings made after the film.")]
Exact = Annotated[bool, typer.Option("--exact", help="Score every painting, however large the collection.")]

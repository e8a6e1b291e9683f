"""Options that the commands about triplets share. Light: it is imported with the app."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from r2r_cli import options


def a_number(value: float) -> float:
    """A callback for shares: `nan` is within every range.

    Raises:
        BadParameter: it is none.
    """
    if math.isnan(value):
        raise typer.BadParameter("nan is not a share")
    return value


Collections = Annotated[
    list[str] | None,
    typer.Option("--collection", metavar="NAME", help="Only this collection; may be given several times."),
]
PositiveQuantile = Annotated[
    float,
    typer.Option(
        min=0, max=1, callback=a_number, help="In each metric, this share of one artist's and movement's pairs is near."
    ),
]
NegativeQuantile = Annotated[
    float,
    typer.Option(
        min=0, max=1, callback=a_number, help="In each metric, all but this share of the pairs of others are far."
    ),
]
HeldOut = Annotated[
    float,
    typer.Option("--held-out", min=0, max=0.9, callback=a_number, help="This share of the artists is for the test."),
]
Salt = Annotated[
    str, typer.Option("--salt", callback=options.utf8, help="Another one keeps other artists for the test.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same result.")]

"""r2r match: any picture against the collection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from r2r_cli import options

UNSERVED_LIMIT_S = 60.0
"""A person waits for the answer: without a worker for its queue there is none."""


def match(  # noqa: PLR0917
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="Any picture: JPEG, PNG, WebP, TIFF.")],
    top: options.TopK = 10,
    weights: options.Weights = None,
    exact: options.Exact = False,
    hub_correction: options.HubCorrection = True,
    json: options.Json = False,
) -> None:
    """Show the paintings that a picture resembles, and why.

    p is how often the best of all unrelated paintings is that near to a picture; from 0.05 down a match is convincing.

    Example: r2r match still.png --top 5
    """
    from r2r_cli import context, render, tables
    from r2r_cli.catalogue import refreshing
    from r2r_cli.jobs import measuring, waiting
    from r2r_shared.queries import matches
    from r2r_shared.score import DEFAULT

    chosen = options.parse_weights(weights)
    jpeg = _read(image)
    with context.session() as opened:
        profile = context.profile_to_measure(opened)
        features = measuring.measure(
            opened,
            profile.id,
            jpeg,
            wait=lambda job_id: waiting.wait_for_jobs(opened, [job_id], quiet=True, unserved_limit_s=UNSERVED_LIMIT_S)[
                0
            ],
        )
        if chosen == DEFAULT:
            refreshing.measure_null(opened, profile)
        rows = matches.live(
            *(opened.conn, features, profile.id),
            k=top,
            weights=chosen,
            how="exact" if exact else "auto",
            hub_correction=hub_correction,
        )
        found = [row.to_json() for row in rows]
    if json:
        render.print_json({"image": str(image), "profile": profile.name, "matches": found})
        return
    if not found:
        render.note("no paintings yet: r2r paintings import ./my-paintings")
        return
    corrected = tables.has_corrected(found)
    render.table(
        [">rank", *tables.scores_head(corrected), "painting", "artist", "movement", "year", "why"],
        [_row(row, corrected) for row in found],
    )
    if found[0]["convincing"] is None and chosen == DEFAULT:
        render.note("which matches are convincing is not known: of too few paintings by several artists")
    if found[0]["convincing"] is False:
        render.note("no convincing match: unrelated paintings are as near to a picture more often than 1 in 20 times")


def _row(row: dict[str, Any], corrected: bool) -> tuple[Any, ...]:
    from r2r_cli import tables

    painting = row["painting"]
    return (
        row["rank"],
        *tables.scores(row, corrected),
        painting["title"],
        painting["artist"],
        painting["movement"],
        tables.years(painting),
        tables.why(row),
    )


def _read(image: Path) -> bytes:
    """The picture as it is to be measured.

    Raises:
        UserError: there is no such file, or it is no picture.
    """
    from r2r_shared import pictures
    from r2r_shared.collections import disk
    from r2r_shared.errors import PictureRefused, UserError

    hint = "name a picture: JPEG, PNG, WebP or TIFF"
    if not disk.exists(image):
        raise UserError(f"there is no file {image}", hint)
    try:
        return pictures.intake(image).jpeg
    except PictureRefused as error:
        raise UserError(error.message, hint) from error

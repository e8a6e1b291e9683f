"""r2r timeline: who a film echoes, shot by shot and minute by minute."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_cli.context import Session


def timeline(  # noqa: PLR0917
    film: options.Film,
    by: Annotated[str, typer.Option(help="Whose influence: movement, artist or painting.")] = "movement",
    top: options.TopK = 5,
    weights: options.Weights = None,
    all_dates: options.AllDates = False,
    exact: options.Exact = False,
    csv: Annotated[Path | None, typer.Option(help="Write one row per shot and painting.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with everything in it.")] = None,
    json: options.Json = False,
) -> None:
    """Show which paintings a film resembles, where, and why.

    Likeness, not proof of influence. Paintings made after the film are left out when both dates are known.

    Example: r2r timeline movie.mp4 --by artist --html movie.html
    """
    if by not in ("movement", "artist", "painting"):
        raise typer.BadParameter("use movement, artist or painting", param_hint="--by")
    import shlex

    from r2r_cli import context, intake, render, tables
    from r2r_shared.errors import UserError
    from r2r_shared.queries import films, shots
    from r2r_shared.queries import timeline as query
    from r2r_shared.score import Weights

    chosen = None if weights is None else Weights.parse(weights)
    with context.session() as opened:
        film_id = films.find(opened.conn, film, digest_of=intake.digest)
        profile = context.profile(opened)
        if shots.unmeasured(opened.conn, film_id=film_id, profile_id=profile.id):
            raise UserError(
                f"this film has not been measured under the profile “{profile.name}”",
                f"{'' if profile.active else f'R2R_PROFILE={profile.name} '}r2r ingest {shlex.quote(film)}",
            )
        found = query.timeline(
            opened.conn,
            film_id,
            profile.id,
            top_k=top,
            weights=chosen,
            all_dates=all_dates,
            exact=exact,
        ).to_json()
        if csv is not None:
            tables.write_csv(found, csv)
            render.note(f"wrote {csv}")
        if html is not None:
            _write_page(opened, found, html)
            render.note(f"wrote {html}")
    if json:
        render.print_json(found)
    elif csv is None and html is None:
        tables.print_timeline(found, by=by)


def _write_page(opened: Session, found: dict[str, Any], path: Path) -> None:
    import datetime as dt

    from r2r_cli import files, page
    from r2r_shared import __version__

    document = page.render(found, image=opened.store.get, tool_version=__version__, generated=dt.datetime.now(dt.UTC))
    files.write_text(path, document)

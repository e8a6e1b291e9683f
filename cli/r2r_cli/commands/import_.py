"""r2r import: the analysis of another installation."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_shared.exchange.bringing_in import Imported


def import_(  # noqa: PLR0917
    data_set: Annotated[Path, typer.Argument(metavar="DATA_SET", help="A folder or a .zip that r2r export wrote.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all of it, say what would come in, and stop.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Where a film is here with other shots, take the data set's instead.")
    ] = False,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="OLD=NEW",
            help="What a collection of the data set is to be called here. Repeatable.",
        ),
    ] = None,
    merge: Annotated[
        bool,
        typer.Option("--merge", help="Put paintings into collections of the same name that seem to be others, too."),
    ] = False,
    profile_name: Annotated[
        str | None,
        typer.Option(
            "--profile-name",
            help="What its profile is to be called here, where the name stands for other models already.",
            callback=options.utf8,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Bring a data set in: paintings, films, shots, numbers and matches of another installation, without the films.

    Every checksum and every value is verified first, and some of the matches are computed again; then all of it comes
    in, or nothing. Checksums tell damage, not forgery: take data sets from people whom you would believe their numbers.
    What is here already stays as it is. Running it again changes nothing. A film that turns up later is known by its
    content. A collection of yours grows where it is the same as the data set's of that name (they have half of the
    smaller one's pictures in common); else --rename keeps both apart, and --merge puts them together.

    Example: r2r import barry-lyndon.zip
    """
    from r2r_cli import context, exchange_progress, exchange_telling, render
    from r2r_shared.exchange import bringing_in

    with context.session() as opened:
        try:
            with exchange_progress.shown(quiet=json) as on_step:
                done = bringing_in.import_(
                    opened.conn,
                    opened.store,
                    data_set,
                    dry_run=dry_run,
                    replace=replace,
                    rename=rename or (),
                    merge=merge,
                    profile_name=profile_name,
                    on_step=on_step,
                    on_collections=lambda taken: exchange_telling.announce(taken, dry_run=dry_run),
                )
        except KeyboardInterrupt:
            render.note("\nstopped; nothing of the data set is here")
            raise SystemExit(130) from None
    if json:
        render.print_json(_document(done))
    else:
        exchange_telling.say(done)


def _document(done: Imported) -> dict[str, Any]:
    document = asdict(done)
    del document["films"]["unused"], document["number"]
    differences = {
        "first": [one.to_json() for one in done.differences.first],
        "beyond": done.differences.beyond,
    }
    return document | {"differences": differences, "changed": done.changed}

"""r2r export: an analysis for another installation, without the films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.exchange.exporting import Exported, Wanted
    from r2r_shared.records import Profile


def export(  # noqa: PLR0917
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder to make, or a file ending in .zip.")],
    film: Annotated[
        list[str] | None, typer.Option("--film", help="A film, and the paintings it was compared with. Repeatable.")
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option("--collection", help="A collection and its numbers. Repeatable.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All films and paintings that have numbers.")] = False,
    matched_only: Annotated[
        bool,
        typer.Option("--matched-only", help="Of the paintings only those that the films' matches name."),
    ] = False,
    pictures: Annotated[
        str, typer.Option(help="The small pictures, too: none, paintings, or all (keyframes are stills of the film).")
    ] = "none",
    licence: Annotated[
        list[str] | None,
        typer.Option("--licence", help="Only pictures under it, such as public-domain, open or cc-by. Repeatable."),
    ] = None,
    format: Annotated[str, typer.Option(help="parquet.")] = "parquet",
    force: Annotated[bool, typer.Option("--force", help="Replace a data set that is there.")] = False,
    json: options.Json = False,
) -> None:
    """Write a data set that `r2r import` brings into another installation: numbers, shots, matches, no film.

    Parquet tables of the profile that is active (R2R_PROFILE names another), with a manifest and checksums, which tell
    damage and not forgery. With a film go all paintings that it was compared with: what is found by chance, and every
    score, is told by those.

    Example: r2r export barry-lyndon.zip --film "Barry Lyndon"
    """
    if (film is not None) + (collection is not None) + everything != 1:
        raise typer.BadParameter("name films, or collections, or --all", param_hint="--film")
    if format != "parquet":
        raise typer.BadParameter("use parquet", param_hint="--format")
    if pictures not in ("none", "paintings", "all"):
        raise typer.BadParameter("use none, paintings or all", param_hint="--pictures")
    if licence is not None and pictures == "none":
        raise typer.BadParameter("is about pictures: add --pictures paintings", param_hint="--licence")
    if matched_only and collection is not None:
        raise typer.BadParameter("is about films", param_hint="--matched-only")
    from r2r_shared.collections import licences

    if unknown := [word for word in licence or () if not licences.is_word(word)]:
        raise typer.BadParameter(
            f"“{unknown[0]}” is none; there are {', '.join(licences.WORDS)}", param_hint="--licence"
        )
    from r2r_cli import context, exchange_progress, render
    from r2r_cli.ingesting import intake
    from r2r_shared.exchange import exporting
    from r2r_shared.queries import paintings

    with context.session() as opened:
        profile = _profile(opened)
        wanted = exporting.Wanted(
            films=None if film is None else [intake.find(opened, name) for name in film],
            collections=None
            if collection is None
            else [paintings.collection_named(opened.conn, name) for name in collection],
            matched_only=matched_only,
            pictures=pictures,
            licences=licence or (),
        )
        with exchange_progress.shown(quiet=json) as on_step:
            done = exporting.export(
                opened.conn,
                opened.store,
                profile,
                wanted,
                out,
                force=force,
                on_rows=lambda table, rows: on_step(f"{table}: rows written", rows, 0),
            )
    if json:
        render.print_json(_document(out, done))
    else:
        _say(out, done, wanted)


def _profile(opened: Session) -> Profile:
    """The profile that was named, else the active one; none is made for an export."""
    from r2r_shared.errors import NotFound, UserError
    from r2r_shared.queries import profiles

    name = opened.settings.profile
    found = profiles.active(opened.conn) if name is None else profiles.named(opened.conn, name)
    if found is None and name is not None:
        raise NotFound(f"nothing has been measured under the profile “{name}”", "`r2r models list` shows what there is")
    if found is None:
        raise UserError("there is nothing to export yet", "r2r paintings import ./my-paintings · r2r ingest movie.mp4")
    return found


def _document(out: Path, done: Exported) -> dict[str, Any]:
    return {"data_set": str(out)} | asdict(done)


def _say(out: Path, done: Exported, wanted: Wanted) -> None:
    from r2r_cli import render
    from r2r_cli.exchange_progress import counted, they_are

    rows = done.rows
    said = ", ".join(counted(rows[name], name) for name in ("films", "shots", "paintings", "matches"))
    render.say(f"{out}: {said} ({done.bytes / 1e6:,.1f} MB)")
    if done.pictures or wanted.pictures != "none":
        render.say(f"{counted(done.pictures, 'pictures')} went along")
    if done.withheld:
        render.note(_withheld(done.withheld, wanted.licences))
    if done.unlicensed:
        render.note(f"of {done.unlicensed:,} of them nobody says the licence: see to it that you may pass them on")
    if done.missing:
        render.note(f"{they_are(done.missing, 'pictures')} missing from the media store and stayed behind")
    if done.left_out:
        render.note(f"left out, for they have no numbers under this profile: {_some(done.left_out)}")
    if done.unmeasured:
        why = "is left out, for it has" if done.unmeasured == 1 else "are left out, for they have"
        render.note(
            f"{counted(done.unmeasured, 'paintings')} {why} no numbers under this profile: r2r paintings import, run "
            "again, measures them"
        )
    if done.unmatched:
        render.note(
            f"without matches, for theirs are of other paintings than those that are here now: {_some(done.unmatched)}"
            "; r2r catalogue refresh brings them up to date"
        )
    if not done.whole and rows["films"]:
        render.note(
            "a part of the paintings: scores and ranges are of all of them, but what is found by chance, and other "
            "weights, will be reckoned with these alone where the data set is imported"
        )
    render.note(f"bring it in elsewhere: r2r import {out}")


def _withheld(licences: dict[str, int], wanted: Sequence[str]) -> str:
    """Why pictures of paintings stayed behind: under which licences they are."""
    from r2r_cli.exchange_progress import they_are

    kinds = [
        f"{number:,} {f'under {name}' if name else 'of which nobody says it'}" for name, number in licences.items()
    ]
    total = sum(licences.values())
    return f"{they_are(total, 'pictures')} not under the licence {' or '.join(wanted)}: {_some(kinds)}"


def _some(titles: list[str]) -> str:
    return ", ".join(titles[:5]) + (f" and {len(titles) - 5:,} more" if len(titles) > 5 else "")

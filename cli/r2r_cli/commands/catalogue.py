"""r2r catalogue: what thousands of films resemble, counted from stored matches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.records import Profile

Found = TypeVar("Found")

app = typer.Typer(help="Ask all films at once: whose paintings they resemble.", no_args_is_help=True)

Csv = Annotated[Path | None, typer.Option("--csv", help="Write the rows to this file instead.")]


@app.command()
def influence(  # noqa: PLR0917
    by: Annotated[str, typer.Option(help="Group films by director, decade, country or film.")] = "director",
    of: Annotated[str, typer.Option(help="Whose influence: movement, artist or painting.")] = "movement",
    only: Annotated[
        str | None, typer.Option("--only", help="One group: a director, a decade (1920s), a country; a film.")
    ] = None,
    names: Annotated[int, typer.Option(min=1, max=1000, help="Movements, artists or paintings of each group.")] = 5,
    groups: Annotated[int, typer.Option(min=1, max=100_000, help="Groups, those of the longest matched time.")] = 50,
    convincing: Annotated[bool, typer.Option("--convincing", help="Count only convincing matches.")] = False,
    csv: Csv = None,
    json: options.Json = False,
) -> None:
    """Show whose paintings the films of a director, a decade or a country resemble, set against chance.

    Likeness, not proof of influence. The interval is over the films of a group; of fewer than 5 there is none.

    Example: r2r catalogue influence --by decade --of artist
    """
    from r2r_cli.catalogue import tables
    from r2r_shared.errors import NotFound
    from r2r_shared.queries import catalogue, catalogue_influence
    from r2r_shared.queries.catalogue_influence import CatalogueInfluence

    if by not in ("director", "decade", "country", "film"):
        raise typer.BadParameter("use director, decade, country or film", param_hint="--by")
    if of not in ("movement", "artist", "painting"):
        raise typer.BadParameter("use movement, artist or painting", param_hint="--of")

    def ask(opened: Session, profile: Profile) -> CatalogueInfluence:
        chosen = str(_film(opened, only)) if only is not None and by == "film" else only

        def of_groups(convincing: bool) -> CatalogueInfluence:
            return catalogue_influence.influence(
                opened.conn,
                profile.id,
                by=by,
                of=of,
                names=names,
                groups=groups,
                only=chosen,
                each=True,
                convincing=convincing,
            )

        found = of_groups(convincing)
        if only is not None and not found.groups and not (convincing and of_groups(False).groups):
            raise NotFound(
                f"no film that is counted has the {by} “{only}”" if by != "film" else f"“{only}” is not counted",
                f"`r2r catalogue influence --by {by}` lists those that are; `r2r catalogue refresh` counts the others",
            )
        if convincing:
            tables.note_undecided(catalogue.coverage(opened.conn, profile.id))
        return found

    _answer(ask, "influence", tables.print_influence, tables.influence_rows, csv=csv, json=json)


@app.command()
def similar(
    film: options.Film,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Films at most.")] = 20,
    csv: Csv = None,
    json: options.Json = False,
) -> None:
    """Show the films nearest to a film: those that resemble the same painters in the same measure.

    Example: r2r catalogue similar "Barry Lyndon"
    """
    from r2r_cli.catalogue import tables
    from r2r_shared.queries import catalogue_similar
    from r2r_shared.queries.catalogue_similar import SimilarFilm

    def ask(opened: Session, profile: Profile) -> list[SimilarFilm]:
        film_id = _film(opened, film)
        found = catalogue_similar.similar(opened.conn, profile.id, film_id, limit=limit)
        if not found:
            tables.note_not_similar(catalogue_similar.why_none(opened.conn, profile.id, film_id))
        return found

    _answer(ask, "similar", tables.print_similar, tables.similar_rows, csv=csv, json=json)


@app.command()
def echoes(
    painting: Annotated[
        str, typer.Argument(metavar="PAINTING", help="Its id, its file, or words of artist and title.")
    ],
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Shots at most.")] = 50,
    convincing: Annotated[bool, typer.Option("--convincing", help="Only convincing matches.")] = False,
    csv: Csv = None,
    json: options.Json = False,
) -> None:
    """Show every shot of every film that is near to a painting, nearest first.

    Example: r2r catalogue echoes "hokusai wave"
    """
    from r2r_cli.catalogue import tables
    from r2r_shared.collections.text import storable
    from r2r_shared.queries import catalogue, catalogue_echoes, paintings
    from r2r_shared.queries.catalogue_echoes import Echoes

    def ask(opened: Session, profile: Profile) -> Echoes:
        found = paintings.find(opened.conn, storable(painting))
        if convincing:
            tables.note_undecided(catalogue.coverage(opened.conn, profile.id))
        return catalogue_echoes.echoes(opened.conn, profile.id, found.id, limit=limit, convincing=convincing)

    _answer(ask, "echoes", tables.print_echoes, tables.echo_rows, csv=csv, json=json)


@app.command()
def hubs(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Paintings at most.")] = 20,
    csv: Csv = None,
    json: options.Json = False,
) -> None:
    """Show the paintings that most of the catalogue's time is nearest to: echoes, or pictures near to everything.

    Example: r2r catalogue hubs --limit 50
    """
    from r2r_cli.catalogue import tables
    from r2r_shared.queries import catalogue_hubs
    from r2r_shared.queries.catalogue_hubs import Hub

    def ask(opened: Session, profile: Profile) -> list[Hub]:
        return catalogue_hubs.hubs(opened.conn, profile.id, limit=limit)

    _answer(ask, "hubs", tables.print_hubs, tables.hub_rows, csv=csv, json=json)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write; made where it is not there.")],
    json: options.Json = False,
) -> None:
    """Write the catalogue's tables into a folder: CSV files, and one JSON document, of influence and of hubs.

    Echoes of a painting and films similar to one are not in it: `echoes` and `similar` write those with --csv.

    Example: r2r catalogue export ./catalogue
    """
    from r2r_cli import context, render
    from r2r_cli.catalogue import export as exporting
    from r2r_cli.catalogue import tables
    from r2r_shared.queries import catalogue

    written: list[str] = []
    with context.session() as opened:
        profile = context.profile(opened)
        for path in exporting.write(opened.conn, profile, folder):
            written.append(str(path))
            render.note(f"wrote {path}")
        tables.note_coverage(catalogue.coverage(opened.conn, profile.id))
    if json:
        render.print_json({"folder": str(folder), "files": written})


@app.command()
def refresh(json: options.Json = False) -> None:
    """Bring what the catalogue counts up to date: what unrelated pictures reach, and films without current matches.

    Films are matched here, one after the other, each as a whole: what was done before an interruption is done. On a
    cluster `r2r models activate PROFILE` has the workers do it.

    Example: r2r catalogue refresh
    """
    from r2r_cli import context, render
    from r2r_cli.catalogue import refreshing, tables
    from r2r_shared.queries import catalogue

    with context.session() as opened:
        profile = context.profile(opened)
        done = refreshing.refresh(opened, profile)
        tables.note_coverage(catalogue.coverage(opened.conn, profile.id), unmeasured=done.unmeasured)
        tables.note_unmeasured(done.unmeasured, profile)
    if json:
        render.print_json({"null": done.null, "matched": done.matched, "counted": done.counted})
    else:
        render.say(f"{done.matched} films matched, {done.counted} more counted anew")


def _film(opened: Session, name: str) -> int:
    from r2r_cli.ingesting import intake

    return intake.find(opened, name)


def _answer(
    ask: Callable[[Session, Profile], Found],
    name: str,
    show: Callable[[Found], None],
    rows: Callable[[Found], Iterable[Iterable[Any]]],
    *,
    csv: Path | None,
    json: bool,
) -> None:
    """Ask in one session, then print a table, a document, or write a file.

    Args:
        name: the answer's member of the document.
        show: prints it.   rows: its rows for CSV, a heading first.
    """
    from r2r_cli import context, render
    from r2r_cli.catalogue import export, tables
    from r2r_shared.queries import catalogue

    with context.session() as opened:
        profile = context.profile(opened)
        found = ask(opened, profile)
        seen = catalogue.coverage(opened.conn, profile.id)
    if csv is not None:
        export.write_csv(csv, rows(found))
        render.note(f"wrote {csv}")
    if json:
        document = {"profile": export.about(profile), "coverage": seen.to_json(), name: export.as_json(found)}
        render.print_json(document)
        return
    tables.note_coverage(seen)
    if csv is None:
        show(found)

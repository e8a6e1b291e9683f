"""r2r paintings: collections, brought in, looked at and removed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from r2r_cli import options
from r2r_cli.collecting import asking

app = typer.Typer(help="Import, fetch, list, show and remove paintings.", no_args_is_help=True)
InCollection = Annotated[str | None, typer.Option("--collection", help="Only in this collection.")]


@app.command("import")
def import_(  # noqa: PLR0917
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="A folder of pictures, a CSV, JSON or JSONL, or the address of what a museum lists."
        ),
    ],
    collection: Annotated[
        str | None, typer.Option(help="Its name here; the folder's or the museum's by default.", callback=options.utf8)
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            help="folder, manifest, artgan, wikiart, met, nga, artic, smk, cleveland or iiif, where the guess is wrong."
        ),
    ] = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Leave out sketches, sculpture and works later than 1895.")
    ] = False,
    licence: asking.Licences = None,
    classification: Annotated[
        list[str] | None,
        typer.Option(help="Take a museum's works of this class instead of its paintings; `any` takes all."),
    ] = None,
    metadata_only: Annotated[
        bool, typer.Option("--metadata-only", help="Describe the works; `r2r paintings fetch` brings their pictures.")
    ] = False,
    rate: asking.Rate = 1.0,
    limit: asking.Limit = None,
    contact: asking.Contact = None,
    cache: asking.CacheDir = None,
    max_mb: asking.MaxMb = 64,
    allow_host: asking.AllowHosts = None,
    priority: options.Priority = 0,
    detach: Annotated[bool, typer.Option("--detach", help="Queue the measuring and return.")] = False,
    json: options.Json = False,
) -> None:
    """Bring a collection in and measure it. Running it again takes only what is new or changed.

    SOURCE is a folder (sub-folders are the movement, or movement/artist), a manifest of pictures with columns such as
    file, title, artist, year and movement, WikiArt in ArtGAN's or its general layout, or what a museum publishes: the
    Met's MetObjects.csv, the National Gallery of Art's folder, the Art Institute of Chicago's, SMK's and Cleveland's
    JSON, IIIF manifests. Pictures that lie at a museum are fetched at a rate you set, after all works have been
    described; `r2r paintings fetch` beside it fetches those that are described already, at the same rate together.
    Stopped or killed, the same command goes on where it was: what an address has answered is kept for a day.

    Example: r2r paintings import ./my-paintings --collection "Our museum"
    """
    from r2r_cli.collecting import taking
    from r2r_shared.collections import classes
    from r2r_shared.collections.detect import READERS, detect
    from r2r_shared.collections.museums import MUSEUMS

    if format is not None and format not in (known := (*READERS, *MUSEUMS)):
        raise typer.BadParameter(f"use {', '.join(known)}", param_hint="--format")
    wanted = classes.of(classification or ())
    found = detect(source, format=format, classes=wanted)
    name = found.default_name if collection is None else collection.strip()
    if not name:
        raise typer.BadParameter("a collection needs a name", param_hint="--collection")
    how = asking.how(licence, rate, limit, contact, cache, max_mb, allow_host, named=found.address)
    ending = taking.Ending(priority, detach, json)
    taking.take(found, name, how, ending, classes=wanted, clean=clean, metadata_only=metadata_only)


@app.command()
def fetch(  # noqa: PLR0917
    collection: Annotated[str, typer.Argument(metavar="COLLECTION", help="The collection's name.")],
    licence: asking.Licences = None,
    rate: asking.Rate = 1.0,
    limit: asking.Limit = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Ask again for what was given up, and for what was put off.")
    ] = False,
    contact: asking.Contact = None,
    cache: asking.CacheDir = None,
    max_mb: asking.MaxMb = 64,
    allow_host: asking.AllowHosts = None,
    priority: options.Priority = 0,
    detach: Annotated[bool, typer.Option("--detach", help="Queue the measuring and return.")] = False,
    json: options.Json = False,
) -> None:
    """Fetch the pictures that a collection still waits for, and measure them; its source is not needed.

    Stopped or killed, the same command goes on where it was. What its server says is not there is asked for once;
    what did not come for another reason is asked for again, in five runs at most.

    Example: r2r paintings fetch met --rate 5 --contact curator@museum.example
    """
    from r2r_cli.collecting import taking

    how = asking.how(licence, rate, limit, contact, cache, max_mb, allow_host)
    taking.fetch(collection, how, taking.Ending(priority, detach, json), retry=retry)


@app.command("list")
def list_(  # noqa: PLR0917
    collection: InCollection = None,
    search: Annotated[str, typer.Option(help="Words of the artist, the title or the file's name.")] = "",
    artist: Annotated[str | None, typer.Option(help="A piece of the artist's name.")] = None,
    movement: Annotated[str | None, typer.Option(help="A piece of the movement's name.")] = None,
    licence: asking.Licences = None,
    awaited: Annotated[
        bool, typer.Option("--awaited", help="Works whose pictures are not here, instead of paintings.")
    ] = False,
    data_set: Annotated[
        str | None, typer.Option("--data-set", help="Only what r2r import brought with it: its name, or its digest.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many paintings.")] = 50,
    json: options.Json = False,
) -> None:
    """List the collections; with any option, the paintings that match, or the works that still wait for a picture.

    Example: r2r paintings list --artist hokusai
    """
    from r2r_cli import context, render, tables
    from r2r_cli.collecting import listing
    from r2r_shared.collections.text import storable
    from r2r_shared.queries import paintings, profiles

    asked = listing.Asked(collection, storable(search), artist, movement, tuple(licence or ()), limit, data_set)
    if awaited and data_set is not None:
        raise typer.BadParameter("brings paintings, not works that wait: leave --awaited out", param_hint="--data-set")
    with context.session() as opened:
        if asked.is_empty and not awaited:
            named = opened.settings.profile
            profile = profiles.active(opened.conn) if named is None else profiles.named(opened.conn, named)
            rows = paintings.collections(opened.conn, profile_id=profile.id if profile else None)
            if json:
                render.print_json([asdict(row) for row in rows])
            elif not rows:
                render.note("no paintings yet: r2r paintings import ./my-paintings")
            else:
                render.table(
                    [">id", "collection", ">paintings", ">measured", ">awaited", ">movements", ">artists", "years"],
                    [
                        (
                            *(r.id, r.name, r.paintings, r.measured, r.awaited, r.movements, r.artists),
                            tables.years(asdict(r)),
                        )
                        for r in rows
                    ],
                )
                for row in rows:
                    if row.without_picture:
                        render.note(f"{row.name}: {row.without_picture:,} without a picture")
            return
        if collection is not None:
            paintings.collection_named(opened.conn, collection)
        if awaited:
            listing.awaited_works(opened.conn, asked, json=json)
        else:
            listing.paintings_that_match(opened.conn, asked, json=json)


@app.command()
def show(
    painting: Annotated[
        str, typer.Argument(metavar="PAINTING", help="Its id, its file, or words of artist and title.")
    ],
    collection: InCollection = None,
    json: options.Json = False,
) -> None:
    """Show what is known about a painting, or about a work whose picture is not here.

    Example: r2r paintings show "hokusai wave"
    """
    from r2r_cli import context, render
    from r2r_cli.collecting import finding, showing
    from r2r_shared.collections.text import storable
    from r2r_shared.queries.paintings import Painting

    with context.session() as opened:
        found = finding.one(opened.conn, storable(painting), collection=collection)
        if not isinstance(found, Painting):
            if json:
                render.print_json(asdict(found) | {"awaited": True})
            else:
                showing.awaited_work(found)
            return
        image = opened.store.path_or_none(found.image)
    if json:
        render.print_json(showing.as_json(found))
    else:
        kept_as = str(image or found.image) if found.pictured else "nowhere: it came without its picture"
        showing.painting(found, kept_as=kept_as)


@app.command()
def remove(
    collection: Annotated[str | None, typer.Argument(metavar="[COLLECTION]", help="The collection's name.")] = None,
    painting: Annotated[
        str | None, typer.Option("--painting", help="Only this painting: its id, its file, or words of it.")
    ] = None,
    data_set: Annotated[
        str | None, typer.Option("--data-set", help="All that r2r import brought with it: its name, or its digest.")
    ] = None,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Remove a collection, one painting, or what a data set brought, with what was measured; their files stay.

    With a collection go the works whose pictures it still waits for; --painting names one of those, too. Of a data set
    go the paintings that were new with it; its films stay, and `r2r films remove` takes them out.

    Example: r2r paintings remove "Our museum" --yes
    """
    if collection is None and painting is None and data_set is None:
        raise typer.BadParameter("name a collection, or a painting with --painting", param_hint="COLLECTION")
    if data_set is not None and not (collection is None and painting is None):
        raise typer.BadParameter("stands alone: it names all that came with it", param_hint="--data-set")
    options.require_yes(yes=yes, json=json)
    from r2r_cli import context, render
    from r2r_cli.collecting import removing
    from r2r_shared.collections.text import storable

    with context.session() as opened:
        if data_set is not None:
            what, removed = removing.data_set(opened, data_set, yes=yes)
        elif painting is not None:
            what, removed = removing.one(opened, storable(painting), collection=collection, yes=yes)
        else:
            assert collection is not None
            what, removed = removing.collection(opened, collection, yes=yes)
    if json:
        render.print_json({"removed": what, "paintings": removed.paintings, "awaited": removed.awaited})
    else:
        render.say(f"removed {what}: {removing.numbers(removed.paintings, removed.awaited)}")

"""r2r paintings: collections, brought in, looked at and removed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from r2r_cli import options
from r2r_cli.collecting import asking

if TYPE_CHECKING:
    from r2r_shared.queries.paintings import Painting, Removed

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
    JSON, IIIF manifests. Pictures that lie at a museum are fetched at a rate you set.

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
    limit: Annotated[int, typer.Option(min=1, help="At most so many paintings.")] = 50,
    json: options.Json = False,
) -> None:
    """List the collections; with any option, the paintings that match.

    Example: r2r paintings list --artist hokusai
    """
    from r2r_cli import context, render, tables
    from r2r_shared.collections import licences
    from r2r_shared.collections.text import storable
    from r2r_shared.queries import painting_facets, paintings, profiles

    with context.session() as opened:
        if collection is None and not search and artist is None and movement is None and not licence:
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
            return
        if collection is not None:
            paintings.collection_named(opened.conn, collection)
        there = painting_facets.licences(opened.conn) if licence else []
        found = paintings.search(
            opened.conn,
            collection=collection,
            words=storable(search),
            artist=artist,
            movement=movement,
            licences=[one for one in there if licences.matches(licence or (), one)] if licence else None,
            limit=limit,
        )
    if json:
        render.print_json([as_json(painting) for painting in found])
    elif not found:
        render.note("no painting matches")
    else:
        render.table(
            [">id", "artist", "title", "year", "movement", "licence", "file"],
            [
                (p.id, p.artist, render.short(p.title, 60), p.year, p.movement, p.licence, render.short(p.file, 60))
                for p in found
            ],
        )
        if len(found) == limit:
            render.note(f"the first {limit}; --limit shows more")


@app.command()
def show(
    painting: Annotated[
        str, typer.Argument(metavar="PAINTING", help="Its id, its file, or words of artist and title.")
    ],
    collection: InCollection = None,
    json: options.Json = False,
) -> None:
    """Show what is known about a painting.

    Example: r2r paintings show "hokusai wave"
    """
    from r2r_cli import context, render
    from r2r_cli.collecting import showing
    from r2r_shared.collections.text import storable
    from r2r_shared.errors import NotFound
    from r2r_shared.queries import awaited, paintings

    with context.session() as opened:
        name = storable(painting)
        try:
            found = paintings.find(opened.conn, name, collection=collection)
        except NotFound:
            if paintings.search(opened.conn, collection=collection, words=name, limit=1):
                raise  # several paintings answer to it
            work = awaited.find(opened.conn, name, collection=collection)
            if work is None:
                raise
            if json:
                render.print_json(asdict(work) | {"awaited": True})
            else:
                showing.awaited_work(work)
            return
        image = opened.store.path_or_none(found.image)
    if json:
        render.print_json(as_json(found))
    else:
        showing.painting(found, kept_as=str(image or found.image))


@app.command()
def remove(
    collection: Annotated[str | None, typer.Argument(metavar="[COLLECTION]", help="The collection's name.")] = None,
    painting: Annotated[
        str | None, typer.Option("--painting", help="Only this painting: its id, its file, or words of it.")
    ] = None,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Remove a collection, or one painting, with what was measured; the files it came from stay.

    With a collection go the works whose pictures it still waits for.

    Example: r2r paintings remove "Our museum" --yes
    """
    if collection is None and painting is None:
        raise typer.BadParameter("name a collection, or a painting with --painting", param_hint="COLLECTION")
    options.require_yes(yes=yes, json=json)
    from r2r_cli import context, render
    from r2r_shared.collections.text import storable
    from r2r_shared.importing import delete_images
    from r2r_shared.queries import paintings, profiles

    with context.session() as opened:
        if painting is not None:
            found = paintings.find(opened.conn, storable(painting), collection=collection)
            what = f"painting {found.id} “{found.title}”"
            _confirm(what, yes=yes)
            with opened.conn.transaction():
                removed = paintings.remove(opened.conn, [found.id])
        else:
            assert collection is not None
            number = paintings.collection_named(opened.conn, collection)
            what = f"collection “{collection}”"
            _confirm(what, yes=yes)
            with opened.conn.transaction():
                removed = paintings.remove_collection(opened.conn, number)
        with opened.conn.transaction():
            digests = profiles.depth_digests(opened.conn)
        delete_images(opened.store, removed.images, depth_digests=digests)
    if json:
        render.print_json({"removed": what, "paintings": removed.paintings})
    else:
        render.say(_removed(what, removed))


def _confirm(what: str, *, yes: bool) -> None:
    from r2r_cli import render

    if not yes:
        typer.confirm(render.printable(f"Remove {what} and what was measured of it?"), abort=True)


def _removed(what: str, removed: Removed) -> str:
    return f"removed {what}: {removed.paintings} painting{'' if removed.paintings == 1 else 's'}"


def as_json(painting: Painting) -> dict[str, Any]:
    """A painting's row as JSON."""
    return asdict(painting) | {"sha256": painting.sha256.hex()}

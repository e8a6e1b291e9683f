"""r2r paintings: collections, brought in, looked at and removed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.importing import ImportSummary
    from r2r_shared.queries.jobs import Job
    from r2r_shared.queries.paintings import Painting, Removed

app = typer.Typer(help="Import, list, show and remove paintings.", no_args_is_help=True)
InCollection = Annotated[str | None, typer.Option("--collection", help="Only in this collection.")]


@app.command("import")
def import_(  # noqa: PLR0917
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A folder of pictures, or a CSV, JSON or JSONL.")],
    collection: Annotated[
        str | None, typer.Option(help="Its name here; the folder's name by default.", callback=options.utf8)
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="folder, manifest, artgan or wikiart, where the guess is wrong.")
    ] = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Leave out sketches, sculpture and works later than 1895.")
    ] = False,
    priority: options.Priority = 0,
    detach: Annotated[bool, typer.Option("--detach", help="Queue the measuring and return.")] = False,
    json: options.Json = False,
) -> None:
    """Bring a collection in and measure it. Running it again takes only what is new or changed.

    SOURCE is a folder (sub-folders are the movement, or movement/artist), a manifest beside its pictures with
    columns such as file, title, artist, year and movement, or WikiArt in ArtGAN's or its general layout.

    Example: r2r paintings import ./my-paintings --collection "Our museum"
    """
    from r2r_cli import context, import_progress, render
    from r2r_cli.jobs import waiting
    from r2r_shared import importing
    from r2r_shared.collections.detect import READERS, detect

    if format is not None and format not in READERS:
        raise typer.BadParameter(f"use {', '.join(READERS)}", param_hint="--format")
    found = detect(source, format=format)
    name = found.default_name if collection is None else collection.strip()
    if not name:
        raise typer.BadParameter("a collection needs a name", param_hint="--collection")
    with context.session() as opened:
        profile = context.profile_to_measure(opened)
        try:
            with import_progress.shown(found, quiet=json) as on_progress:
                summary = importing.import_paintings(
                    opened.conn,
                    opened.store,
                    found.records(),
                    collection=name,
                    profile_id=profile.id,
                    clean=clean,
                    on_progress=on_progress,
                )
            queued = summary.job_id
            job = None if queued is None else _measure(opened, queued, priority, detach=detach, quiet=json)
        except KeyboardInterrupt:
            render.note("\nstopped; nothing is lost: the same command goes on where it was")
            raise SystemExit(130) from None
    if json:
        render.print_json(asdict(summary) | {"format": found.format, "job": asdict(job) if job else None})
    else:
        print_summary(summary)
        if job is not None and job.state != "queued":
            typer.echo(f"measured under profile {profile.name}: {waiting.describe(job)}")
    if summary.collection_id is None or (job is not None and job.state in ("failed", "cancelled")):
        raise typer.Exit(1)


def _measure(opened: Session, job_id: int, priority: int, *, detach: bool, quiet: bool) -> Job:
    """Send the job's messages and wait for it, unless that is not wanted."""
    from r2r_cli import render
    from r2r_cli.jobs import waiting
    from r2r_shared.queries import job_changes, jobs

    if priority:
        job_changes.prioritise(opened.conn, job_id, priority)
    waiting.sweep(opened)
    if not detach:
        mine = jobs.get(opened.conn, job_id)
        assert mine.collection_id is not None
        # An import that was interrupted may have left a job that still measures part of the collection.
        others = set(jobs.open_imports(opened.conn, mine.collection_id, mine.profile_id)) - {job_id}
        return waiting.wait_for_jobs(opened, [job_id, *sorted(others)], quiet=quiet)[0]
    if not quiet:
        render.note(f"queued as job {job_id}: r2r jobs watch {job_id}")
    return jobs.get(opened.conn, job_id)


def print_summary(summary: ImportSummary) -> None:
    """What became of the source's entries: numbers, then every reason with its first files."""
    from r2r_cli import render

    numbers = {
        "added": summary.added,
        "updated": summary.updated,
        "picture replaced": summary.replaced,
        "unchanged": summary.unchanged,
    }
    said = ", ".join(f"{count} {what}" for what, count in numbers.items() if count) or "no painting taken"
    render.say(f"collection “{summary.collection}”: {said}")
    for what, tallies in (
        ("duplicate", summary.duplicates),
        ("left out", summary.dropped),
        ("refused", summary.refused),
    ):
        for reason, tally in tallies.items():
            render.say(f"{tally.count} {what}: {reason}")
            for example in tally.examples:
                render.say(f"    {example}")
            if tally.count > len(tally.examples):
                render.say(f"    and {tally.count - len(tally.examples)} more")


@app.command("list")
def list_(  # noqa: PLR0917
    collection: InCollection = None,
    search: Annotated[str, typer.Option(help="Words of the artist, the title or the file's name.")] = "",
    artist: Annotated[str | None, typer.Option(help="A piece of the artist's name.")] = None,
    movement: Annotated[str | None, typer.Option(help="A piece of the movement's name.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many paintings.")] = 50,
    json: options.Json = False,
) -> None:
    """List the collections; with any option, the paintings that match.

    Example: r2r paintings list --artist hokusai
    """
    from r2r_cli import context, render, tables
    from r2r_shared.collections.text import storable
    from r2r_shared.queries import paintings, profiles

    with context.session() as opened:
        if collection is None and not search and artist is None and movement is None:
            named = opened.settings.profile
            profile = profiles.active(opened.conn) if named is None else profiles.named(opened.conn, named)
            rows = paintings.collections(opened.conn, profile_id=profile.id if profile else None)
            if json:
                render.print_json([asdict(row) for row in rows])
            elif not rows:
                render.note("no paintings yet: r2r paintings import ./my-paintings")
            else:
                render.table(
                    [">id", "collection", ">paintings", ">measured", ">movements", ">artists", "years"],
                    [
                        (r.id, r.name, r.paintings, r.measured, r.movements, r.artists, tables.years(asdict(r)))
                        for r in rows
                    ],
                )
            return
        if collection is not None:
            paintings.collection_named(opened.conn, collection)
        found = paintings.search(
            opened.conn, collection=collection, words=storable(search), artist=artist, movement=movement, limit=limit
        )
    if json:
        render.print_json([as_json(painting) for painting in found])
    elif not found:
        render.note("no painting matches")
    else:
        render.table(
            [">id", "artist", "title", "year", "movement", "file"],
            [(p.id, p.artist, render.short(p.title, 60), p.year, p.movement, render.short(p.file, 60)) for p in found],
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
    from r2r_cli import context, render, tables
    from r2r_shared.collections.text import storable
    from r2r_shared.queries import paintings

    with context.session() as opened:
        found = paintings.find(opened.conn, storable(painting), collection=collection)
        image = opened.store.path_or_none(found.image)
    if json:
        render.print_json(as_json(found))
        return
    years = tables.years(asdict(found))
    said = {
        "painting": f"{found.id}  {found.title}",
        "by": found.artist,
        "year": found.year if years in ("", found.year) else f"{found.year} ({years})".strip(),
        "movement": found.movement,
        "medium": found.medium,
        "genre": found.genre,
        "museum": found.museum,
        "collection": found.collection,
        "file": found.file,
        "sha256": found.sha256.hex(),
        "picture": f"{found.width}×{found.height}",
        "kept as": str(image or found.image),
        "measured": ", ".join(found.profiles) or "not yet",
    }
    said |= {key: str(value) for key, value in found.extra.items()}
    render.table(["", ""], [(key, value) for key, value in said.items() if value])


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

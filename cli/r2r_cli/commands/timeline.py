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
    hub_correction: options.HubCorrection = True,
    csv: Annotated[
        Path | None,
        typer.Option(help="Write one row per shot and painting, in UTF-8: in Excel by Data, From Text/CSV, 65001."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with everything in it.")] = None,
    export: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Write a file; again for more. Its ending says the format: .csv, .json, .jsonl, .parquet, "
            ".eaf (ELAN), .otio, .edl, .vtt, .annotations.json (W3C), .iiif.json.",
        ),
    ] = None,
    as_: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="FORMAT",
            help="The format of one --export: csv, json, jsonl, parquet, eaf, otio, edl, vtt, annotations or iiif.",
        ),
    ] = None,
    start_timecode: Annotated[
        str | None,
        typer.Option(
            metavar="HH:MM:SS:FF",
            help="Where the track of .edl and .otio begins (record timecode); by default the film's own, else zero. "
            "HH:MM:SS;FF is drop-frame. Source timecode is the film's own in any case, else zero.",
        ),
    ] = None,
    drop_frame: Annotated[
        bool, typer.Option("--drop-frame", help="Count .edl and .otio drop-frame, at 29.97 and 59.94.")
    ] = False,
    rate: Annotated[
        str | None,
        typer.Option(
            metavar="FPS",
            help="Count .edl and .otio at 23.976, 24, 25, 29.97, 30, 48, 50, 59.94 or 60 frames a second, from true "
            "seconds where the film has another rate; by default the film's, or what is nearest.",
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where the files and the film will lie, for the addresses in .annotations.json and .iiif.json.",
        ),
    ] = None,
    film_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The film's own address, where it lies elsewhere.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Show which paintings a film resembles, where, and why.

    Likeness, not proof of influence. Paintings made after the film are left out when both dates are known. A match is
    convincing where unrelated paintings seldom are that near (p ≤ 0.05); a shot may have none.

    Example: r2r timeline movie.mp4 --by artist --html movie.html --export movie.eaf --export movie.edl
    """
    if by not in ("movement", "artist", "painting"):
        raise typer.BadParameter("use movement, artist or painting", param_hint="--by")
    from r2r_cli import context, exporting, files, render, tables
    from r2r_cli.catalogue import refreshing
    from r2r_cli.ingesting import intake
    from r2r_shared import citation
    from r2r_shared.queries import film_numbers, films, profiles
    from r2r_shared.queries import timeline as query
    from r2r_shared.score import DEFAULT

    chosen = options.parse_weights(weights)
    asked = exporting.wanted(
        export or (),
        as_,
        start_timecode=start_timecode,
        drop_frame=drop_frame,
        rate=rate,
        base_url=base_url,
        film_url=film_url,
    ).with_csv(csv)
    if json:
        exporting.require_own_stream([*(path for path, _ in asked.files), *([html] if html else [])])
    with context.session() as opened:
        named = films.get(opened.conn, intake.find(opened, film))
        files.spare(Path(named.path), [*(path for path, _ in asked.files), *([html] if html else [])])
        profile = context.profile(opened)
        film_numbers.require(opened.conn, named, profile)
        if chosen == DEFAULT:
            refreshing.measure_null(opened, profile)
        found = query.timeline(
            opened.conn,
            named.id,
            profile.id,
            top_k=top,
            keep=opened.settings.top_k,
            weights=chosen,
            all_dates=all_dates,
            exact=exact,
            hub_correction=hub_correction,
        ).to_json()
        if asked.files:
            # The profile as it is now: looking at the film may have measured what its collection spans.
            cited = citation.of_profile(opened.conn, profiles.get(opened.conn, profile.id), timeline=found)
            exporting.write(asked, found, cited)
            render.note("\n".join(f"wrote {path}" for path, _ in asked.files))
            for said in asked.notes(found["film"]):
                render.note(said)
        if html is not None:
            missing = _write_page(opened, found, html)
            render.note(f"wrote {html}")
            if missing:
                render.note(f"pictures missing from the media store {opened.store.url}: {missing}")
        if why := _nothing_matched(opened, found):
            render.note(why)
    if json:
        render.print_json(found)
    elif html is None and not asked.files:
        tables.print_timeline(found, by=by)


def _nothing_matched(opened: Session, found: dict[str, Any]) -> str:
    """Why no shot has a painting; empty where one has, or where there is no shot."""
    from r2r_shared.queries import paintings

    profile, shown = found["profile"], found["shots"]
    if not shown or any(shot["matches"] for shot in shown):
        return ""
    if all(shot["blank"] for shot in shown):
        return "no matches: every shot is black, white or a title card"
    collections = paintings.collections(opened.conn, profile_id=profile["id"])
    if not any(collection.paintings for collection in collections):
        return "no matches: there are no paintings; `r2r paintings import SOURCE` brings a collection in"
    if not any(collection.measured for collection in collections):
        return (
            f"no matches: no painting has been measured under the profile “{profile['name']}”; "
            "`r2r paintings import` the collection again"
        )
    if profile["ranges"] and found["film"]["year"] is not None and not profile["all_dates"]:
        return f"no matches: every painting is later than the film ({found['film']['year']}); --all-dates keeps them"
    return "no matches: the paintings are still being measured; `r2r jobs list` shows how far"


def _write_page(opened: Session, found: dict[str, Any], path: Path) -> int:
    """Write the film's page; returns how many pictures it asked for and the media store has not."""
    import datetime as dt

    from r2r_cli import files, page
    from r2r_shared import __version__
    from r2r_shared.queries import palettes, profiles
    from r2r_shared.storage import depth_maps

    model = profiles.get(opened.conn, found["profile"]["id"]).depth_digest
    missing: set[str] = set()

    def image(key: str) -> bytes:
        try:
            return opened.store.get(key)
        except FileNotFoundError:
            missing.add(key)
            raise

    document = page.render(
        found,
        image=image,
        tool_version=__version__,
        generated=dt.datetime.now(dt.UTC),
        palettes=palettes.of_timeline(opened.conn, found),
        depth=lambda key: opened.store.get(depth_maps.key(key, model)),
    )
    files.write_text(path, document)
    return len(missing)

"""r2r import: the analysis of another installation."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_shared.exchange.bringing_in import Imported


def import_(
    data_set: Annotated[Path, typer.Argument(metavar="DATA_SET", help="A folder or a .zip that r2r export wrote.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all of it, say what would come in, and stop.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Where a film is here with other shots, take the data set's instead.")
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
    content.

    Example: r2r import barry-lyndon.zip
    """
    from r2r_cli import context, exchange_progress, render
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
                    profile_name=profile_name,
                    on_step=on_step,
                )
        except KeyboardInterrupt:
            render.note("\nstopped; nothing of the data set is here")
            raise SystemExit(130) from None
    if json:
        render.print_json(_document(done))
    else:
        _say(done)


def _document(done: Imported) -> dict[str, Any]:
    document = asdict(done)
    del document["films"]["unused"]
    return document | {"changed": done.changed}


def _say(done: Imported) -> None:
    from r2r_cli import render

    if not done.changed:
        other = done.paintings.differing or done.films.differing
        when = f", which was imported on {done.before}" if done.before else ""
        render.say(f"data set “{done.name}”{when}: nothing is new{', but numbers differ' if other else ''}")
    else:
        head = "would bring" if done.dry_run else "brought"
        render.say(f"data set “{done.name}” {head} in:")
        for line in _counts(done):
            render.say(f"    {line}")
    for line in _remarks(done):
        render.note(line)
    if text := done.citation.get("text"):
        render.note(f"to be cited as: {render.short(str(text), 1_000)}")
    if done.dry_run:
        render.note("a dry run: nothing was written")


def _counts(done: Imported) -> list[str]:
    from r2r_cli.exchange_progress import counted

    paintings, films = done.paintings, done.films
    profile = done.profile.name + (" (new here)" if done.profile_added else "")
    said = [
        f"profile {profile}",
        _line("paintings", added=paintings.added, here=paintings.here, kept=paintings.other),
        _line("films", added=films.added, here=films.here, kept=films.kept, replaced=films.replaced),
    ]
    if films.shots:
        said.append(f"{counted(films.shots, 'shots')}, {counted(films.keyframes, 'keyframes')}")
    if paintings.measured or films.measured:
        said.append(f"numbers of {counted(paintings.measured, 'paintings')} and {counted(films.measured, 'keyframes')}")
    if done.matched:
        said.append(f"matches of {counted(done.matched, 'films')}")
    if done.pictures:
        said.append(counted(done.pictures, "pictures"))
    return said


def _line(what: str, *, added: int, here: int, kept: int, replaced: int = 0) -> str:
    parts = {"added": added, "already here": here, "kept as they are here": kept, "replaced": replaced}
    return f"{what}: " + (", ".join(f"{count:,} {name}" for name, count in parts.items() if count) or "none")


def _remarks(done: Imported) -> list[str]:
    """What a person should know, and what to do about it."""
    import shlex

    said = [*_kept(done), *_scores(done)]
    name = shlex.quote(done.profile.name)
    if not done.profile.active:
        said.append(f"its profile is not the active one: see it with R2R_PROFILE={name} r2r timeline FILM")
    if not done.models_here:
        said.append(
            f"the models of its profile are not here: r2r models import FILE --name {name} brings them, so that what "
            "is new can be measured with them; until then measure with R2R_PROFILE=starter"
        )
    if done.without_picture and (done.paintings.added or done.films.added):
        said.append(
            f"{done.without_picture} came without pictures: pages show none, and other models cannot measure these "
            "works, until r2r paintings import and r2r ingest --force have their files, or a data set with --pictures "
            "all comes"
        )
    if done.newer:
        said.append(f"{done.newer} made it, a newer release than this one: what only that one knows is left out")
    if done.unread:
        said.append(f"not looked at, for they are none of the data set: {', '.join(done.unread)}")
    return said


def _kept(done: Imported) -> list[str]:
    """What the data set says otherwise than this installation, which stays as it is."""
    from r2r_cli.exchange_progress import counted

    paintings, films = done.paintings, done.films
    said: list[str] = []
    if paintings.other:
        verb = "is" if paintings.other == 1 else "are"
        said.append(
            f"{counted(paintings.other, 'paintings')} {verb} left out: of that file name there is another picture "
            "here, which stays"
        )
    if paintings.described:
        said.append(f"{counted(paintings.described, 'paintings')} described otherwise here: kept ours")
    for count, what in ((paintings.differing, "paintings"), (films.differing, "keyframes")):
        if count:
            verb = "has" if count == 1 else "have"
            said.append(
                f"{counted(count, what)} {verb} other numbers here: kept ours. Under one profile the same picture has "
                "the same numbers, up to rounding on other machines: see who changed them"
            )
    if films.kept:
        verb = "is" if films.kept == 1 else "are"
        said.append(
            f"{counted(films.kept, 'films')} {verb} here with other shots, which stay; --replace takes the data set's"
        )
    return said


def _scores(done: Imported) -> list[str]:
    """What becomes of scores."""
    from r2r_cli.exchange_progress import counted

    said: list[str] = []
    if done.widened:
        grown = ", ".join(f"{metric} {times:,.3g} times" for metric, times in done.widened.items())
        said.append(
            f"with its paintings the ranges that differences are divided by grew ({grown}): scores here change with "
            "them. Look at the new paintings before you go by them: r2r paintings show COLLECTION"
        )
    if done.to_match:
        verb = "is" if done.to_match == 1 else "are"
        said.append(
            f"{counted(done.to_match, 'films')} {verb} to be matched anew, for the paintings, their numbers or the "
            "film's year are not those of the data set: r2r catalogue refresh, or the next r2r timeline does it"
        )
    if done.outdated:
        verb = "is" if done.outdated == 1 else "are"
        said.append(
            f"{counted(done.outdated, 'films')} of before {verb} to be matched with the new paintings, too: "
            "r2r catalogue refresh"
        )
    if not done.whole and done.films.added:
        said.append(
            "a part of the paintings that the films were compared with: what is found by chance, and other weights, "
            "are reckoned with these alone"
        )
    return said

"""What `r2r import` says of a data set: what came in, what stayed as it is here, and what to do about it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from r2r_cli import render
from r2r_cli.exchange_progress import counted, they_are

if TYPE_CHECKING:
    from r2r_shared.exchange.imported import Imported
    from r2r_shared.queries.exchange_described import Difference
    from r2r_shared.queries.exchange_paintings import Collection

_NAMED = 5  # so many of several are named


def announce(taken: Sequence[Collection], *, dry_run: bool) -> None:
    """Which collections of this installation's own are going to grow, before they do."""
    growing = [one for one in taken if one.grows]
    verb = "would go" if dry_run else "go"
    for one in growing[:_NAMED]:
        works = counted(one.added, "paintings")
        render.note(f"{works} {verb} into your collection {one.name} ({one.before:,} works)")
    if len(growing) > _NAMED:
        render.note(f"and some into {len(growing) - _NAMED:,} more of your collections: --json names them")


def say(done: Imported) -> None:
    """What came in, and what a person should know of it."""
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
    if done.paintings.added and not done.dry_run:
        number = done.digest[:12]
        render.note(f"what it brought: {_new_paintings(done)}; r2r paintings remove --data-set {number} takes it out")
    if text := done.citation.get("text"):
        render.note(f"to be cited as: {render.short(str(text), 1_000)}")
    if done.dry_run:
        render.note("a dry run: nothing was written")


def _counts(done: Imported) -> list[str]:
    paintings, films = done.paintings, done.films
    profile = done.profile.name + (" (new here)" if done.profile_added else "")
    said = [
        f"profile {profile}",
        _line("paintings", added=paintings.added, here=paintings.here, kept=paintings.other),
        *_collections(done.collections),
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


def _collections(taken: Sequence[Collection]) -> list[str]:
    """Those that are new, and those that grow."""
    said: list[str] = []
    for one in taken:
        called = "" if one.name == one.there else f" ({one.there} in the data set)"
        if one.new:
            said.append(f"new collection {one.name}{called}: {counted(one.added, 'paintings')}")
        elif one.added:
            said.append(
                f"{counted(one.added, 'paintings')} into your collection {one.name}{called}: "
                f"{one.before + one.added:,} works instead of {one.before:,}"
            )
    more = len(said) - _NAMED
    return said[:_NAMED] + ([f"and {more:,} more collections: --json names them"] if more > 0 else [])


def _line(what: str, *, added: int, here: int, kept: int, replaced: int = 0) -> str:
    parts = {"added": added, "already here": here, "kept as they are here": kept, "replaced": replaced}
    return f"{what}: " + (", ".join(f"{count:,} {name}" for name, count in parts.items() if count) or "none")


def _remarks(done: Imported) -> list[str]:
    """What a person should know, and what to do about it."""
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
    paintings, films, first = done.paintings, done.films, done.differences.first
    said: list[str] = []
    if paintings.other:
        said.append(
            f"{they_are(paintings.other, 'paintings')} left out: of that file name there is another picture "
            f"here, which stays{_listed([one for one in first if one.left_out], paintings.other)}"
        )
    if paintings.described:
        works = [one for one in first if one.kind == "painting" and not one.left_out]
        said.append(
            f"{counted(paintings.described, 'paintings')} described otherwise here: kept ours"
            f"{_listed(works, paintings.described)}"
        )
    if number := done.differences.films:
        taken = [one for one in first if one.kind == "film"]
        said.append(
            f"{they_are(number, 'films')} described otherwise here: kept ours{_listed(taken, number)}"
            f"{_ingest(taken[0])}"
        )
    for count, what in ((paintings.differing, "paintings"), (films.differing, "keyframes")):
        if count:
            verb = "has" if count == 1 else "have"
            said.append(
                f"{counted(count, what)} {verb} other numbers here: kept ours. Under one profile the same picture has "
                "the same numbers, up to rounding on other machines: see who changed them"
            )
    if films.kept:
        said.append(
            f"{they_are(films.kept, 'films')} here with other shots, which stay; --replace takes the data set's"
        )
    return said


def _listed(found: Sequence[Difference], number: int) -> str:
    """The first few of them, a line each: which it is, and what is said there and here."""
    lines = [f"\n    {_where(one)}: {_said(one)}" for one in found[:_NAMED]]
    if number > len(lines):
        lines.append(f"\n    and {number - len(lines):,} more: --json names them")
    return "".join(lines)


def _where(one: Difference) -> str:
    where = f"{one.collection}/{one.name}" if one.collection else f"“{one.name}”"
    return render.short(" ".join(where.split()), 80)  # a file's name may have lines


def _said(one: Difference) -> str:
    if one.left_out:  # its picture is another: few words of which
        theirs, ours = (", ".join(_value(pair[side]) for pair in _titles(one)) for side in (0, 1))
        return f"{theirs} there, {ours} here" if theirs != ours else "another picture of what is called the same"
    pairs = (f"{name} {_value(there)} there, {_value(here)} here" for name, (there, here) in one.fields.items())
    return "; ".join(pairs)


def _titles(one: Difference) -> list[tuple[object, object]]:
    return [one.fields[name] for name in ("artist", "title") if name in one.fields]


def _value(value: object) -> str:
    if value is None or value == "":
        return "none"
    return f"“{render.short(value, 60)}”" if isinstance(value, str) else str(value)


def _ingest(film: Difference) -> str:
    """The command that says of a film what the data set does."""
    words = {name: there for name, (there, _) in film.fields.items() if there is not None and there != ""}
    said = " ".join(f"--{name} {shlex.quote(render.short(str(value), 200))}" for name, value in words.items())
    if not said:
        return ""
    path = shlex.quote(film.path) if "/" in film.path and film.path.isprintable() else "FILE"
    year = "; the year decides which paintings are compared" if "year" in film.fields else ""
    return f"\n    r2r ingest {path} {said} takes the data set's{year}"


def _scores(done: Imported) -> list[str]:
    """What becomes of scores."""
    said: list[str] = []
    if done.widened:
        grown = ", ".join(f"{metric} {times:,.3g} times" for metric, times in done.widened.items())
        said.append(
            f"with its paintings the ranges that differences are divided by grew ({grown}): scores here change with "
            f"them. Look at the new paintings before you go by them: {_new_paintings(done)}"
        )
    if done.to_match:
        said.append(
            f"{they_are(done.to_match, 'films')} to be matched anew, for the paintings, their numbers or the "
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


def _new_paintings(done: Imported) -> str:
    """The command that lists what the data set brought."""
    return f"r2r paintings list --data-set {done.digest[:12]}"

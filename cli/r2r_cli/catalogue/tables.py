"""A catalogue's answers as rows of text: for a terminal, and for CSV."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from r2r_cli import render
from r2r_cli.tables import chance, lift, percent

if TYPE_CHECKING:
    from r2r_shared.queries.catalogue import Coverage
    from r2r_shared.queries.catalogue_echoes import Echoes
    from r2r_shared.queries.catalogue_hubs import Hub
    from r2r_shared.queries.catalogue_influence import CatalogueInfluence
    from r2r_shared.queries.catalogue_similar import SimilarFilm, WhyNone
    from r2r_shared.records import Profile

LIKENESS = "Likeness, not proof of influence."

CELL = ("name", "painting_id", "seconds", "share", "expected", "lift", "lift_low", "lift_high")
ECHO = (
    *("film_id", "title", "director", "year", "shot", "start_s", "end_s", "keyframe_s"),
    *("rank", "score", "p_value", "convincing"),
)
HUB = ("shots", "films", "share", "expected", "lift", "nearness", "excess")
PAINTING = ("id", "file", "title", "artist", "movement", "year_from", "year_to")
SIMILAR = ("film_id", "title", "director", "year", "likeness")


def print_influence(found: CatalogueInfluence) -> None:
    """A row for each group and name."""
    rows: list[tuple[Any, ...]] = []
    for group in found.groups:
        begin: tuple[Any, ...] = (group.name or render.UNKNOWN, group.films, render.timecode(group.seconds))
        for cell in group.cells:
            name = render.short(cell.name or render.UNKNOWN, 40)
            rows.append((*begin, name, percent(cell.share), percent(cell.expected), *lift(cell.to_json())))
            begin = ("", "", "")
        if not group.cells:
            rows.append((*begin, "–", "", "", "", ""))
    render.table([found.by, ">films", ">matched", found.of, ">share", ">by chance", ">lift", ">95 %"], rows)
    if found.groups_left_out:
        render.note(f"the {len(found.groups)} of the longest matched time; {found.groups_left_out} more: --groups")
    if any(group.few for group in found.groups):
        render.note("no interval of fewer than 5 films: what is said of them is said of these films alone")
    of = "the convincing matches' time" if found.convincing else "matched time"
    render.say(
        f"\nshare: of {of}, by each shot's first painting; by chance: what the collection's make-up alone gives, "
        f"without paintings made after a film; lift: share over chance; 95 %: over the films, "
        f"where none is alike up to what so many may miss. {LIKENESS}"
    )


def print_echoes(found: Echoes) -> None:
    """A row for each shot."""
    painting = found.painting
    render.say(f"{painting.title}, {painting.artist or render.UNKNOWN}: {found.shots} shots of {found.films} films\n")
    render.table(
        [">score", ">p", "", "film", "year", "director", ">shot", ">at"],
        [
            (
                f"{echo.score:.3f}",
                "" if echo.p_value is None else f"{echo.p_value:.3f}",
                "convincing" if echo.convincing else "",
                render.short(echo.title, 40),
                echo.year,
                render.short(echo.director, 30),
                echo.shot,
                render.timecode(echo.keyframe_s),
            )
            for echo in found.echoes
        ],
    )
    if len(found.echoes) < found.shots:
        render.note(f"the nearest {len(found.echoes)}; --limit shows more")
    render.say(f"\np: how often the best of unrelated pictures reaches the score. {LIKENESS}")


def print_similar(found: list[SimilarFilm]) -> None:
    """A row for each film."""
    render.table(
        [">likeness", ">id", "film", "year", "director", "painters they share"],
        [
            (
                f"{film.likeness:.2f}",
                film.film_id,
                render.short(film.title, 40),
                film.year,
                render.short(film.director, 30),
                ", ".join(f"{one.artist} {one.share:.0%} and {one.share_there:.0%}" for one in film.common[:3]),
            )
            for film in found
        ],
    )
    render.say(f"\nlikeness: of the shares of matched time that go to each artist; 1: the same shares. {LIKENESS}")


def print_hubs(found: list[Hub]) -> None:
    """A row for each painting."""
    render.table(
        [">shots", ">films", ">share", ">lift", ">nearness", ">correction", ">id", "painting", "artist"],
        [
            (
                hub.shots,
                hub.films,
                percent(hub.share),
                f"{hub.lift:.1f}×",
                "" if hub.nearness is None else f"{hub.nearness:.3f}",
                "" if hub.excess is None else f"{-hub.excess:+.3f}",
                hub.painting.id,
                render.short(hub.painting.title, 40),
                render.short(hub.painting.artist, 30),
            )
            for hub in found
        ],
    )
    render.say(
        "\nshots: whose first painting it is; nearness: mean score with its nearest paintings by others; correction: "
        "what that adds to its scores. A painting of high share whose correction is well below 0 is near to much by "
        "itself."
    )


def note_coverage(seen: Coverage, *, unmeasured: int = 0) -> None:
    """Say what is not counted, and what to do about it.

    Args:
        unmeasured: films that are not counted, of which something else is said.
    """
    if seen.without_picture:
        render.note(
            f"{seen.without_picture} of {seen.films} films are not counted: they came without pictures, and have no "
            "numbers under this profile"
        )
    if (missing := seen.films - seen.counted - seen.without_picture - unmeasured) > 0:
        render.note(
            f"{missing} of {seen.films} films are not counted: they have no matches of the collection as it is; "
            "`r2r catalogue refresh` matches them"
        )
    if seen.counted and seen.pictures == 0:
        render.note(
            "which matches are convincing cannot be told: the collection names fewer than two artists, so that there "
            "is nothing unrelated to compare with"
        )
    elif seen.counted and seen.pictures and not seen.by_chance:
        render.note(
            f"which matches are convincing cannot be told: {seen.pictures} paintings by several artists are too few"
        )
    elif seen.counted > seen.judged:
        render.note(
            f"of {seen.counted - seen.judged} films it is not known which matches are convincing; "
            "`r2r catalogue refresh` finds out"
        )
    if seen.judged and seen.by_chance and seen.pictures:
        render.note(convincing(seen.convincing_shots, seen.judged_shots, seen.pictures))


def note_unmeasured(films: int, profile: Profile) -> None:
    """Say of how many films there is nothing to match, and what to do about it."""
    if films:
        render.note(
            f"{films} films are not measured under “{profile.name}”; `r2r models activate {shlex.quote(profile.name)}`"
        )


def note_undecided(seen: Coverage) -> None:
    """Where only convincing matches were asked for: say that nobody knows which are, if so."""
    if not seen.by_chance:
        render.note("it is not known which matches are convincing: none is shown")


def note_not_similar(why: WhyNone) -> None:
    """Say why a film has no others that are similar."""
    render.note(
        {
            "not counted": "the film is not counted: it has no matches of the collection as it is; "
            "`r2r catalogue refresh` matches it",
            "nothing matched": "no shot of the film is matched with a painting",
            "painters not known": "the painters of all works that the film resembles most are not known",
            "nothing in common": "no other film that is counted resembles a painter that this one does",
        }[why]
    )


def convincing(count: int, shots: int, pictures: int) -> str:
    """How many shots have a convincing match, beside what chance gives."""
    return f"{count:,} of {shots:,} matched shots have a convincing match; {chance(shots, pictures)}"


def influence_rows(found: CatalogueInfluence) -> Iterator[tuple[Any, ...]]:
    """For CSV: a heading, then a row for each group and name."""
    yield (found.by, "film_id", "films", "matched_s", "matched_shots", "convincing_shots", found.of, *CELL[1:])
    for group in found.groups:
        begin = (group.name, group.film_id, group.films, group.seconds, group.shots, group.convincing_shots)
        for cell in group.cells:
            row = cell.to_json()
            yield (*begin, *(row[column] for column in CELL))


def echo_rows(found: Echoes) -> Iterator[tuple[Any, ...]]:
    """For CSV, likewise."""
    yield ECHO
    for echo in found.echoes:
        row = echo.to_json()
        yield tuple(row[column] for column in ECHO)


def hub_rows(found: list[Hub]) -> Iterator[tuple[Any, ...]]:
    """For CSV, likewise."""
    yield (*(f"painting_{column}" if column == "id" else column for column in PAINTING), *HUB)
    for hub in found:
        row, painting = hub.to_json(), hub.painting.to_json()
        yield (*(painting[column] for column in PAINTING), *(row[column] for column in HUB))


def similar_rows(found: list[SimilarFilm]) -> Iterator[tuple[Any, ...]]:
    """For CSV, likewise."""
    yield (*SIMILAR, "common")
    for film in found:
        row = film.to_json()
        yield (*(row[column] for column in SIMILAR), "; ".join(one.artist for one in film.common))

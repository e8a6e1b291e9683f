"""The timeline and its matches as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from r2r_cli import render
from r2r_shared.queries.matched import CONVINCING, by_chance

BLANK = {"black": "black", "white": "white", "title": "title card"}


def print_timeline(found: dict[str, Any], *, by: str) -> None:
    """Two tables: the best painting of each shot, and the influence over the whole film."""
    film = found["film"]
    year = f" ({film['year']})" if film.get("year") else ""
    render.say(f"{film['title']}{year}: {render.timecode(film['duration_s'])}, {len(found['shots'])} shots\n")
    corrected = has_corrected(match for shot in found["shots"] for match in shot["matches"][:1])
    render.table(
        [">shot", ">at", "begins", *scores_head(corrected), "painting", "artist", "year", "why"],
        [_shot_row(shot, corrected) for shot in found["shots"]],
    )
    render.say("")
    render.say(judgement(found))
    rows = [row for row in found["influence"] if row["by"] == by][:15]
    if not rows:
        return
    render.say("")
    render.table(
        [by, ">share", ">by chance", ">lift", ">95 %"],
        [(row["name"] or render.UNKNOWN, percent(row["share"]), percent(row["expected"]), *lift(row)) for row in rows],
    )
    render.say(
        "\nshare: of the film's time among the best matches; lift: share over chance; 95 %: over its shots, "
        "where none is alike up to what so many may miss. Likeness, not proof of influence."
    )


def _shot_row(shot: dict[str, Any], corrected: bool) -> tuple[Any, ...]:
    start = (shot["number"], render.timecode(shot["start_s"]), shot["transition"])
    no_score = ("",) * len(scores_head(corrected))
    if shot["blank"]:
        return (*start, *no_score, f"({BLANK[shot['blank']]})", "", "", "")
    if not shot["matches"]:
        return (*start, *no_score, "–", "", "", "")
    best = shot["matches"][0]
    score = scores(best, corrected)
    if shot["convincing"] is False:
        return (*start, *score, "no convincing match", "", "", "")
    painting = best["painting"]
    return (
        *start,
        *score,
        render.short(painting["title"], 36),
        render.short(painting["artist"], 24),
        years(painting),
        why(best),
    )


def judgement(found: dict[str, Any]) -> str:
    """How many shots resemble a painting convincingly, beside what chance gives; or why that is not known."""
    null, hubs = found["profile"]["null"], found["profile"]["hub_correction"]
    if null is None:
        return (
            "p: not known, of other weights than the defaults, of a collection that names fewer than two artists, or "
            "before `r2r catalogue refresh` has measured it."
        )
    matched = [shot for shot in found["shots"] if shot["matches"]]
    count = sum(shot["convincing"] is True for shot in matched)
    asked = f"{null['pictures']:,}"
    if null["pictures"] < null["of_pictures"]:
        asked += f" of {null['of_pictures']:,}"
    if null["convincing_from"] is None:
        return f"p: of {asked} paintings by several artists, which is too few to call a match convincing."
    order = "scores corrected for paintings that are near to everything" if hubs else "scores as they are"
    return (
        f"{count} of {len(matched)} matched shots have a convincing match (p ≤ {CONVINCING}: a score from "
        f"{null['convincing_from']:.3f} on); {chance(len(matched), null['pictures'])}.\n"
        f"p: how often the best of all unrelated paintings is that near to a picture, by {asked} paintings and those "
        f"by other artists. Ranked by {order}."
    )


def chance(shots: int, pictures: int) -> str:
    """How many of so many shots would be convincing by chance, by a null of so many pictures."""
    return f"by chance alone about {shots * by_chance(pictures):,.0f} would, more where shots have several keyframes"


def has_corrected(matches: Iterable[dict[str, Any]]) -> bool:
    """Whether any has a score that is corrected for hubs, which then decides its rank."""
    return any(match["corrected"] is not None for match in matches)


def scores_head(corrected: bool) -> tuple[str, ...]:
    """The headings of `scores`."""
    return (">score", ">corrected", ">p") if corrected else (">score", ">p")


def scores(match: dict[str, Any], corrected: bool) -> tuple[str, ...]:
    """The score, the corrected one where there is a column for it, and p."""
    score = f"{match['score']:.3f}"
    if not corrected:
        return score, p_value(match)
    return score, "" if match["corrected"] is None else f"{match['corrected']:.3f}", p_value(match)


def p_value(match: dict[str, Any]) -> str:
    """0.012, or nothing where it is not known."""
    return "" if match["p_value"] is None else f"{match['p_value']:.3f}"


def why(match: dict[str, Any]) -> str:
    """V_r, S_a, and the two metrics that bring the most of what they could."""
    best = sorted(match["metrics"].items(), key=lambda item: -item[1])[:2]
    names = ", ".join(f"{name} {value:.2f}" for name, value in best)
    return f"V {match['visual']:.2f} S {match['semantic']:.2f}: {names}"


def years(painting: dict[str, Any]) -> str:
    """1503–1506, 1890, or nothing."""
    begin, end = painting["year_from"], painting["year_to"]
    if begin is None and end is None:
        return ""
    if begin == end:
        return str(begin)
    return f"{'' if begin is None else begin}–{'' if end is None else end}"


def percent(value: float) -> str:
    """12.3%."""
    return f"{value:.1%}"


def lift(row: dict[str, Any]) -> tuple[str, str]:
    """1.25×, and its interval 1.10–1.40 where there is one."""
    low, high = row.get("lift_low"), row.get("lift_high")
    times = "–" if row["lift"] is None else f"{row['lift']:.2f}×"
    return times, "" if low is None or high is None else f"{low:.2f}–{high:.2f}"

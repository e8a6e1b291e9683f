"""Did the timeline find what the film was made from? Plain arithmetic on two documents."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

CUT_TOLERANCE_FRAMES = 2


@dataclass(frozen=True, slots=True)
class ShotCheck:
    """One true shot of a painting beside what the timeline says of it.

    Attributes:
        number: the timeline's shot that shares most frames with it; None where none does.
        found: that shot and the true one share more than half of the frames that either covers
            (intersection over union > 0.5).
        first: the stem of the painting matched first there; None where nothing was matched.
        rank: the true painting's rank there, from 1; None where it is not among the matches.
    """

    painting: str
    start: int
    end: int
    number: int | None
    found: bool
    first: str | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """All true painting shots, and the totals.

    Attributes:
        shots_found, first, in_first_five: of `len(shots)`; a rank counts only where the shot was found.
        cuts, cuts_found: true hard cuts, and those with a shot of the timeline beginning within ±2 frames.
        cuts_extra: shots of the timeline that begin with a cut where the truth has no transition at all.
        blends, blends_found: dissolves and fades, and those with a shot beginning inside, ±2 frames.
    """

    shots: tuple[ShotCheck, ...]
    shots_found: int
    first: int
    in_first_five: int
    cuts: int
    cuts_found: int
    cuts_extra: int
    blends: int
    blends_found: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare(timeline_json: dict[str, Any], truth: dict[str, Any]) -> Report:
    """Hold a timeline (`r2r timeline --json`) against a film's truth (`render_film`'s document).

    Paintings are compared by file stem. Every boundary of the timeline is used at most once.
    """
    found = [shot for shot in timeline_json["shots"] if shot["end_frame"] > shot["start_frame"]]
    checks = tuple(_check(shot, found) for shot in truth["shots"] if shot["painting"] is not None)

    begins = sorted({shot["start_frame"] for shot in found if shot["start_frame"] > 0})
    cuts = [(s["start"], s["start"]) for s in truth["shots"] if s["start"] > 0 and s["transition"] == "cut"]
    blends = [(s["start"], s["start"] + s["transition_frames"]) for s in truth["shots"]
              if s["start"] > 0 and s["transition"] != "cut"]  # fmt: skip
    near_cut = _claim(cuts, begins)
    near_blend = _claim(blends, [begin for begin in begins if begin not in near_cut])
    extra = [
        shot for shot in found
        if shot["transition"] == "cut" and shot["start_frame"] > 0
        and shot["start_frame"] not in near_cut | near_blend
    ]  # fmt: skip
    return Report(
        shots=checks,
        shots_found=sum(check.found for check in checks),
        first=sum(check.found and check.rank == 1 for check in checks),
        in_first_five=sum(check.found and check.rank is not None and check.rank <= 5 for check in checks),
        cuts=len(cuts),
        cuts_found=len(near_cut),
        cuts_extra=len(extra),
        blends=len(blends),
        blends_found=len(near_blend),
    )


def _check(true: dict[str, Any], found: list[dict[str, Any]]) -> ShotCheck:
    """The timeline's shot that overlaps a true one most, the earlier of equals, and what it was matched with."""

    def shared(shot: dict[str, Any]) -> int:
        return min(shot["end_frame"], true["end"]) - max(shot["start_frame"], true["start"])

    best = max(found, key=shared, default=None)
    if best is None or shared(best) <= 0:
        return ShotCheck(true["painting"], true["start"], true["end"], None, False, None, None)
    union = max(best["end_frame"], true["end"]) - min(best["start_frame"], true["start"])
    ranked = sorted(best["matches"], key=lambda match: match["rank"])
    stems = [PurePosixPath(match["painting"]["file"]).stem for match in ranked]
    rank = ranked[stems.index(true["painting"])]["rank"] if true["painting"] in stems else None
    return ShotCheck(
        true["painting"], true["start"], true["end"], best["number"], shared(best) / union > 0.5,
        stems[0] if stems else None, rank,
    )  # fmt: skip


def _claim(spans: list[tuple[int, int]], begins: list[int]) -> set[int]:
    """Give each span (first, last frame) at most one of `begins` within the tolerance; none is given twice.

    Spans come in order of time and are as long as each other, so the earliest that fits is always right.
    """
    taken: set[int] = set()
    for first, last in sorted(spans):
        fits = [
            b for b in begins if first - CUT_TOLERANCE_FRAMES <= b <= last + CUT_TOLERANCE_FRAMES and b not in taken
        ]
        if fits:
            taken.add(fits[0])
    return taken

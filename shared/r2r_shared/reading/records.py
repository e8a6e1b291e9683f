"""Records as a notebook gets them: flat, so that each is a row of a data frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from r2r_shared.queries.catalogue_influence import CatalogueInfluence
    from r2r_shared.queries.influence import Influence
    from r2r_shared.queries.matched import Match
    from r2r_shared.queries.timeline_document import Shot, Timeline


@dataclass(frozen=True, slots=True)
class ShotRow:
    """Frames start..end (end exclusive) of a film; `transition` is how the shot begins.

    Attributes:
        blank: black, white or title, of shots that are never matched.
        convincing: whether its first match is; None where it has none, or that is not known.
    """

    film_id: int
    film: str
    shot: int
    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    transition: str
    blank: str | None
    keyframes: int
    convincing: bool | None


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A painting that a shot resembles.

    Attributes:
        rank: from 1, by `corrected` where that is known, else by `score`.
        score: 0..1, half `visual` (V_r), half `semantic` (S_a).
        p_value: how often unrelated pictures reach such a score; None where that is not known.
        dc … contrast: each metric's max(0, 1 − Δ / range).
    """

    film_id: int
    film: str
    shot: int
    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    rank: int
    painting_id: int
    title: str
    artist: str
    movement: str
    year: str
    year_from: int | None
    year_to: int | None
    museum: str
    collection: str
    file: str
    score: float
    corrected: float | None
    p_value: float | None
    convincing: bool | None
    visual: float
    semantic: float
    dc: float
    avg_dof: float
    max_dof: float
    min_dof: float
    saturation: float
    balance: float
    shadow: float
    contrast: float


@dataclass(frozen=True, slots=True)
class InfluenceRow:
    """A movement, artist or painting, and how much of a film looks like it.

    Attributes:
        share: of the matched shots' time.   expected: by the collection's make-up alone.   lift: their ratio.
        lift_low, lift_high: 95 % interval over the film's shots, from 0 to what so many may miss by chance where the
            share is 0; None of too few.
        painting_id: of a painting, for titles repeat.
    """

    film_id: int
    film: str
    of: str
    name: str
    painting_id: int | None
    share: float
    expected: float
    lift: float
    lift_low: float | None
    lift_high: float | None


@dataclass(frozen=True, slots=True)
class WindowRow:
    """The share of a movement, artist or painting in a stretch of film."""

    film_id: int
    film: str
    of: str
    name: str
    painting_id: int | None
    start_s: float
    end_s: float
    share: float


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A movement, artist or painting in a group of films: those of a director, a decade, a country, or one film.

    Attributes:
        films, group_seconds: of the group.   seconds: of the shots that resemble the name most.
        lift: None where nothing is expected.
        lift_low, lift_high: 95 % interval over films, from 0 to what so many may miss by chance where the share is 0;
            None of fewer than 5.
    """

    by: str
    group: str
    film_id: int | None
    films: int
    group_seconds: float
    of: str
    name: str
    painting_id: int | None
    seconds: float
    share: float
    expected: float
    lift: float | None
    lift_low: float | None
    lift_high: float | None


def shot_row(found: Timeline, shot: Shot) -> ShotRow:
    """A shot as a row."""
    return ShotRow(
        film_id=found.film["id"],
        film=found.film["title"],
        shot=shot.number,
        start_frame=shot.start_frame,
        end_frame=shot.end_frame,
        start_s=shot.start_s,
        end_s=shot.end_s,
        transition=shot.transition,
        blank=shot.blank,
        keyframes=len(shot.keyframes),
        convincing=shot.convincing,
    )


def match_row(found: Timeline, shot: Shot, match: Match) -> MatchRow:
    """A match of a shot as a row."""
    painting = match.painting
    return MatchRow(
        found.film["id"],
        found.film["title"],
        shot.number,
        shot.start_frame,
        shot.end_frame,
        shot.start_s,
        shot.end_s,
        match.rank,
        painting.id,
        painting.title,
        painting.artist,
        painting.movement,
        painting.year,
        painting.year_from,
        painting.year_to,
        painting.museum,
        painting.collection,
        painting.file,
        match.score,
        match.corrected,
        match.p_value,
        match.convincing,
        match.visual,
        match.semantic,
        *match.similarities,
    )


def influence_row(found: Timeline, row: Influence) -> InfluenceRow:
    """What a film echoes as a row; `name` is empty for works of no known movement or artist."""
    return InfluenceRow(
        film_id=found.film["id"],
        film=found.film["title"],
        of=row.by,
        name=row.name,
        painting_id=row.painting_id,
        share=row.share,
        expected=row.expected,
        lift=row.lift,
        lift_low=row.lift_low,
        lift_high=row.lift_high,
    )


def window_rows(found: Timeline, row: Influence) -> list[WindowRow]:
    """The same, stretch by stretch."""
    return [
        WindowRow(
            film_id=found.film["id"],
            film=found.film["title"],
            of=row.by,
            name=row.name,
            painting_id=row.painting_id,
            start_s=window.start_s,
            end_s=window.end_s,
            share=window.share,
        )
        for window in row.windows
    ]


def group_rows(found: CatalogueInfluence) -> list[GroupRow]:
    """What groups of films echo, group by group."""
    return [
        GroupRow(
            by=found.by,
            group=group.name,
            film_id=group.film_id,
            films=group.films,
            group_seconds=group.seconds,
            of=found.of,
            name=cell.name,
            painting_id=cell.painting_id,
            seconds=cell.seconds,
            share=cell.share,
            expected=cell.expected,
            lift=cell.lift,
            lift_low=cell.lift_low,
            lift_high=cell.lift_high,
        )
        for group in found.groups
        for cell in group.cells
    ]

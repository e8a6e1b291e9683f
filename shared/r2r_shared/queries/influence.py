"""Influence: whose paintings a film's shots are nearest to, over the whole film and window by window."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from psycopg import Connection

from r2r_shared import bootstrap
from r2r_shared.queries.matched import Painting

WINDOWS = 24
"""Windows that a film is cut into where nobody says otherwise; fewer where they would be shorter than SHORTEST_S."""

SHORTEST_S = 10.0

NAMES_AT_MOST = 50
"""So many movements, artists and paintings are listed, those of the largest share."""


By: TypeAlias = Literal["movement", "artist", "painting"]

_KINDS: dict[int, By] = {1: "movement", 2: "artist", 3: "painting"}


class Window(NamedTuple):
    """A stretch of film, and the share of a name in it. A tuple: a film has thousands."""

    start_s: float
    end_s: float
    share: float

    def to_json(self) -> dict[str, Any]:
        """As in timeline.schema.json."""
        return self._asdict()


@dataclass(frozen=True, slots=True)
class Influence:
    """A movement, artist or painting, and how much of a film looks like it.

    Attributes:
        share: of the matched shots' time. Each shot spreads its duration evenly over its top matches.
        expected: what its share would be if matches were drawn from the collection by lot.
        lift: share / expected.
        lift_low, lift_high: 95 % interval of lift, by resampling the film's shots, or by their number where the share
            is 0 (bootstrap.py); None of too few shots.
        painting_id: of a painting, for titles repeat.
    """

    by: By
    name: str
    painting_id: int | None
    share: float
    expected: float
    lift: float
    windows: tuple[Window, ...]
    lift_low: float | None = None
    lift_high: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As in timeline.schema.json."""
        return {
            "by": self.by,
            "name": self.name,
            "painting_id": self.painting_id,
            "share": self.share,
            "expected": self.expected,
            "lift": self.lift,
            "lift_low": self.lift_low,
            "lift_high": self.lift_high,
            "windows": [window.to_json() for window in self.windows],
        }


def measure(
    conn: Connection[Any],
    top: Mapping[int, Sequence[Painting]],
    *,
    profile_id: int,
    duration_s: float,
    year: int | None,
    window_s: float | None = None,
) -> list[Influence]:
    """The influence of every movement of the collection, and of the artists and paintings with a share.

    Largest share first, at most NAMES_AT_MOST of each kind.

    Args:
        top: each shot's top matches, by shot id.
        year: leaves paintings known to be made after it out of the collection; None leaves out none.
        window_s: the film is cut into as few equal windows as are not longer than this.
    """
    pairs = [(shot_id, painting.id) for shot_id, of_shot in top.items() for painting in of_shot]
    if not pairs:
        return []
    count = windows(duration_s, window_s)
    rows = conn.execute(
        """
        WITH collection AS MATERIALIZED (
             SELECT p.movement, p.artist, count(*) AS works
               FROM painting_features AS f JOIN paintings AS p ON p.id = f.painting_id
              WHERE f.profile_id = %(profile)s
                AND (p.year_from IS NULL OR %(year)s::int IS NULL OR p.year_from <= %(year)s)
              GROUP BY p.movement, p.artist),
        size AS MATERIALIZED (SELECT sum(works)::double precision AS works FROM collection),
        top AS MATERIALIZED (
             SELECT t.shot_id, p.id, p.movement, p.artist
               FROM unnest(%(shots)s::bigint[], %(paintings)s::bigint[]) AS t (shot_id, id)
               JOIN paintings AS p USING (id)),
        cut AS MATERIALIZED (  -- shots, cut at the windows' borders
             SELECT t.shot_id, t.matches, s.start_frame AS place, w.number,
                    least(s.end_s, (w.number + 1) * %(width)s) - greatest(s.start_s, w.number * %(width)s) AS seconds
               FROM (SELECT shot_id, count(*) AS matches FROM top GROUP BY shot_id) AS t
               JOIN shots AS s ON s.id = t.shot_id
              CROSS JOIN LATERAL generate_series(
                    least(floor(s.start_s / %(width)s)::int, %(last)s),
                    least(ceil(s.end_s / %(width)s)::int - 1, %(last)s)) AS w (number)),
        part AS MATERIALIZED (  -- what each match of a shot gets of the film, and of the window
             -- Shots are added up in the film's order, here and below: in another the last digit may be another,
             -- and rows lie in other orders in other installations.
             SELECT shot_id, place, number,
                    seconds / matches / (SELECT sum(seconds ORDER BY place, number) FROM cut) AS share,
                    seconds / matches / nullif(sum(seconds) OVER whole, 0) AS window_share
               FROM cut
             WINDOW whole AS (PARTITION BY number ORDER BY place
                              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
        total AS MATERIALIZED (
             SELECT t.movement, t.artist, t.id, sum(s.share ORDER BY s.place) AS share
               FROM top AS t
               JOIN (SELECT shot_id, place, sum(share ORDER BY number) AS share FROM part GROUP BY shot_id, place) AS s
              USING (shot_id)
              GROUP BY GROUPING SETS ((t.movement), (t.artist), (t.id))),
        chance AS MATERIALIZED (  -- the share of the collection; a painting's is one of them all
             SELECT movement, artist, sum(works) / (SELECT works FROM size) AS expected
               FROM collection GROUP BY GROUPING SETS ((movement), (artist))),
        candidate AS (
             SELECT 1 AS kind, c.movement AS name, NULL::bigint AS id, coalesce(t.share, 0) AS share, c.expected
               FROM chance AS c LEFT JOIN total AS t USING (movement) WHERE c.movement IS NOT NULL
              UNION ALL
             SELECT 2, t.artist, NULL, t.share, c.expected
               FROM total AS t JOIN chance AS c USING (artist)
              UNION ALL
             SELECT 3, NULL, t.id, t.share, 1 / (SELECT works FROM size) FROM total AS t WHERE t.id IS NOT NULL),
        listed AS MATERIALIZED (
             SELECT kind, name, id, share, expected, place
               FROM (SELECT *, row_number() OVER (PARTITION BY kind ORDER BY share DESC, id, name) AS place
                       FROM candidate) AS ranked
              WHERE place <= %(names)s),
        piece AS (  -- windows of those that are listed: of thousands of paintings, a few
             SELECT l.kind, l.place, t.shot_id
               FROM listed AS l JOIN top AS t ON t.movement = l.name WHERE l.kind = 1
              UNION ALL
             SELECT l.kind, l.place, t.shot_id
               FROM listed AS l JOIN top AS t ON t.artist = l.name WHERE l.kind = 2
              UNION ALL
             SELECT l.kind, l.place, t.shot_id
               FROM listed AS l JOIN top AS t ON t.id = l.id WHERE l.kind = 3),
        shown AS (
             SELECT kind, place, array_agg(number) AS numbers, array_agg(share) AS shares
               FROM (SELECT b.kind, b.place, p.number,
                            coalesce(sum(p.window_share ORDER BY p.place), 0) AS share
                       FROM piece AS b JOIN part AS p USING (shot_id)
                      GROUP BY b.kind, b.place, p.number) AS windows
              GROUP BY kind, place)
        SELECT l.kind, coalesce(l.name, (SELECT title FROM paintings WHERE id = l.id)), l.id, l.share, l.expected,
               coalesce(s.numbers, '{}'), coalesce(s.shares, '{}')
          FROM listed AS l
          LEFT JOIN shown AS s USING (kind, place)
         ORDER BY l.kind, l.place
        """,
        {
            "profile": profile_id,
            "year": year,
            "shots": _array([shot_id for shot_id, _ in pairs]),
            "paintings": _array([painting_id for _, painting_id in pairs]),
            "width": duration_s / count,
            "last": count - 1,
            "names": NAMES_AT_MOST,
        },
        binary=True,
    ).fetchall()
    borders = [number * duration_s / count for number in range(count + 1)]
    found = [
        Influence(
            by=_KINDS[kind],
            name=name,
            painting_id=painting_id,
            share=share,
            expected=expected,
            lift=share / expected,
            windows=_windows(borders, dict(zip(numbers, shares, strict=True))),
        )
        for kind, name, painting_id, share, expected, numbers, shares in rows
    ]
    return _with_intervals(conn, found, top)


def _with_intervals(
    conn: Connection[Any], found: list[Influence], top: Mapping[int, Sequence[Painting]]
) -> list[Influence]:
    """The rows with the interval of their lift, over the shots that are matched."""
    seconds = conn.execute(
        "SELECT id, end_s - start_s FROM shots WHERE id = ANY(%s) ORDER BY start_frame", (_array([*top]),), binary=True
    ).fetchall()
    column: dict[tuple[By, str | int], int] = {
        (row.by, row.name if row.painting_id is None else row.painting_id): number for number, row in enumerate(found)
    }
    over = np.zeros((len(seconds), len(found)))
    under = np.array([[length] for _, length in seconds])
    for shot, (shot_id, length) in enumerate(seconds):
        part = length / len(top[shot_id])
        for painting in top[shot_id]:
            keys: tuple[tuple[By, str | int], ...] = (
                ("movement", painting.movement),
                ("artist", painting.artist),
                ("painting", painting.id),
            )
            for key in keys:
                if (number := column.get(key)) is not None:
                    over[shot, number] += part
    expected = np.array([row.expected for row in found])
    return [
        row if pair is None else replace(row, lift_low=pair[0], lift_high=pair[1])
        for row, pair in zip(found, bootstrap.intervals(over / expected, under, under / expected), strict=True)
    ]


def _array(ids: Sequence[int]) -> str:
    """An array as Postgres writes it: the driver's own way, value by value, takes as long as the query."""
    return "{" + ",".join(map(str, ids)) + "}"


def _windows(borders: Sequence[float], shares: dict[int, float]) -> tuple[Window, ...]:
    """All windows, those without a share too."""
    return tuple(Window(*pair, shares.get(number, 0.0)) for number, pair in enumerate(pairwise(borders)))


def windows(duration_s: float, window_s: float | None = None) -> int:
    """How many equal windows a film is cut into: one, of a film shorter than SHORTEST_S."""
    if window_s is None:
        return max(1, min(WINDOWS, math.floor(duration_s / SHORTEST_S + 1e-9)))
    return max(1, math.ceil(duration_s / window_s - 1e-9))

"""Influence: whose paintings a film's shots are nearest to, over the whole film and window by window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from psycopg import Connection

WINDOWS = 24
"""Windows that a film is cut into where nobody says otherwise, unless they would be shorter than SHORTEST_S."""

SHORTEST_S = 10.0

NAMES_AT_MOST = 50
"""So many movements, artists and paintings are listed, those of the largest share."""


By: TypeAlias = Literal["movement", "artist", "painting"]

_KINDS: dict[int, By] = {1: "movement", 2: "artist", 3: "painting"}


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of film, and the share of a name in it."""

    start_s: float
    end_s: float
    share: float

    def to_json(self) -> dict[str, Any]:
        """As in timeline.schema.json."""
        return {"start_s": self.start_s, "end_s": self.end_s, "share": self.share}


@dataclass(frozen=True, slots=True)
class Influence:
    """A movement, artist or painting, and how much of a film looks like it.

    Attributes:
        share: of the matched shots' time. Each shot spreads its duration evenly over its top matches.
        expected: what its share would be if matches were drawn from the collection by lot.
        lift: share / expected.
        painting_id: of a painting, for titles repeat.
    """

    by: By
    name: str
    painting_id: int | None
    share: float
    expected: float
    lift: float
    windows: tuple[Window, ...]

    def to_json(self) -> dict[str, Any]:
        """As in timeline.schema.json."""
        return {
            "by": self.by,
            "name": self.name,
            "painting_id": self.painting_id,
            "share": self.share,
            "expected": self.expected,
            "lift": self.lift,
            "windows": [window.to_json() for window in self.windows],
        }


def measure(
    conn: Connection[Any],
    top: Sequence[tuple[int, int]],
    *,
    profile_id: int,
    duration_s: float,
    year: int | None,
    window_s: float | None = None,
) -> list[Influence]:
    """The influence of every movement of the collection, and of the artists and paintings with a share.

    Largest share first, at most NAMES_AT_MOST of each kind.

    Args:
        top: (shot id, painting id) of each shot's top matches.
        year: leaves paintings known to be made after it out of the collection; None leaves out none.
        window_s: the film is cut into equal windows of about this length.
    """
    if not top:
        return []
    count = windows(duration_s, window_s)
    rows = conn.execute(
        """
        WITH eligible AS MATERIALIZED (
             SELECT p.id, p.movement, p.artist, p.title
               FROM painting_features AS f JOIN paintings AS p ON p.id = f.painting_id
              WHERE f.profile_id = %(profile)s
                AND (p.year_from IS NULL OR %(year)s::int IS NULL OR p.year_from <= %(year)s)),
        chance AS (  -- each name's share of the collection
             SELECT kind, key, name, count(*)::double precision / (SELECT count(*) FROM eligible) AS expected
               FROM (SELECT 1 AS kind, movement AS key, movement AS name FROM eligible
                     UNION ALL SELECT 2, artist, artist FROM eligible
                     UNION ALL SELECT 3, e.id::text, e.title FROM eligible AS e
                                WHERE e.id = ANY(%(paintings)s)) AS named
              GROUP BY kind, key, name),
        echo AS MATERIALIZED (  -- a shot's seconds, spread over its top matches
             SELECT e.id, e.movement, e.artist, s.start_s, s.end_s,
                    1.0::double precision / count(*) OVER (PARTITION BY s.id) AS part
               FROM unnest(%(shots)s::bigint[], %(paintings)s::bigint[]) AS t (shot_id, painting_id)
               JOIN shots AS s ON s.id = t.shot_id
               JOIN eligible AS e ON e.id = t.painting_id),
        piece AS MATERIALIZED (  -- cut at the windows' borders
             SELECT w.number, c.kind, c.key,
                    sum(e.part * (least(e.end_s, (w.number + 1) * %(width)s)
                                  - greatest(e.start_s, w.number * %(width)s))) AS seconds
               FROM echo AS e
              CROSS JOIN LATERAL (VALUES (1, e.movement), (2, e.artist), (3, e.id::text)) AS c (kind, key)
              CROSS JOIN LATERAL generate_series(
                    least(floor(e.start_s / %(width)s)::int, %(last)s),
                    least(ceil(e.end_s / %(width)s)::int - 1, %(last)s)) AS w (number)
              GROUP BY w.number, c.kind, c.key),
        matched AS (  -- seconds of matched shots in each window
             SELECT number, sum(seconds) AS seconds FROM piece WHERE kind = 1 GROUP BY number),
        total AS (
             SELECT kind, key, sum(seconds) / (SELECT sum(seconds) FROM matched) AS share
               FROM piece GROUP BY kind, key),
        ranked AS (
             SELECT c.kind, c.key, c.name, coalesce(t.share, 0) AS share, c.expected,
                    row_number() OVER (PARTITION BY c.kind
                                       ORDER BY coalesce(t.share, 0) DESC, c.name, c.key) AS place
               FROM chance AS c LEFT JOIN total AS t USING (kind, key)
              WHERE c.kind = 1 OR t.share > 0)
        SELECT r.kind, r.key, r.name, r.share, r.expected,
               ARRAY(SELECT coalesce(p.seconds / m.seconds, 0)
                       FROM generate_series(0, %(last)s) AS w (number)
                       LEFT JOIN matched AS m ON m.number = w.number AND m.seconds > 0
                       LEFT JOIN piece AS p ON p.number = w.number AND p.kind = r.kind AND p.key = r.key
                      ORDER BY w.number) AS shares
          FROM ranked AS r
         WHERE r.place <= %(names)s
         ORDER BY r.kind, r.place
        """,
        {
            "profile": profile_id,
            "year": year,
            "shots": [shot_id for shot_id, _ in top],
            "paintings": [painting_id for _, painting_id in top],
            "width": duration_s / count,
            "last": count - 1,
            "names": NAMES_AT_MOST,
        },
        binary=True,
    ).fetchall()
    borders = [number * duration_s / count for number in range(count + 1)]
    return [
        Influence(
            by=_KINDS[kind],
            name=name,
            painting_id=int(key) if _KINDS[kind] == "painting" else None,
            share=share,
            expected=expected,
            lift=share / expected,
            windows=tuple(map(Window, borders, borders[1:], shares)),
        )
        for kind, key, name, share, expected, shares in rows
    ]


def windows(duration_s: float, window_s: float | None = None) -> int:
    """How many equal windows a film is cut into."""
    length = max(SHORTEST_S, duration_s / WINDOWS) if window_s is None else window_s
    return max(1, math.ceil(duration_s / length - 1e-9))

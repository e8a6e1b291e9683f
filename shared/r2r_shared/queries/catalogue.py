"""The catalogue: which films its questions are about, and which of them are not counted and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from psycopg import Connection


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the catalogue is counted.

    Attributes:
        films: that have a finished analysis.
        counted: whose stored matches are of the collection as it is; the others are in no answer.
        judged: of those, the ones whose matches are known to be convincing or not, and are corrected for hubs.
        seconds, shots: matched, of the films that are counted.
        judged_shots, convincing_shots: of the films that are judged, those that are matched and those convincingly.
    """

    films: int
    counted: int
    judged: int
    seconds: float
    shots: int
    judged_shots: int
    convincing_shots: int

    def to_json(self) -> dict[str, Any]:
        """As in catalogue.schema.json."""
        return asdict(self)


def coverage(conn: Connection[Any], profile_id: int) -> Coverage:
    """How much of the catalogue is counted under a profile."""
    row = conn.execute(
        """
        SELECT count(*)::int, count(c.film_id)::int, (count(*) FILTER (WHERE c.judged))::int,
               coalesce(sum(c.seconds), 0)::double precision, coalesce(sum(c.shots), 0)::int,
               coalesce(sum(c.shots) FILTER (WHERE c.judged), 0)::int,
               coalesce(sum(c.convincing_shots) FILTER (WHERE c.judged), 0)::int
          FROM films AS f
          LEFT JOIN (SELECT m.*
                       FROM film_matches AS m JOIN profiles AS p ON p.id = m.profile_id AND p.revision = m.revision
                      WHERE m.profile_id = %s AND m.seconds IS NOT NULL) AS c
                 ON c.film_id = f.id AND c.film_year IS NOT DISTINCT FROM f.year
         WHERE f.analysis_id IS NOT NULL
        """,
        (profile_id,),
    ).fetchone()
    assert row is not None
    return Coverage(*row)


def stale(conn: Connection[Any], profile_id: int) -> list[int]:
    """Films that have a finished analysis and no matches of the collection as it is, by id."""
    rows = conn.execute(
        """
        SELECT f.id
          FROM films AS f
         WHERE f.analysis_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM film_matches AS m JOIN profiles AS p ON p.id = m.profile_id
                            WHERE m.film_id = f.id AND m.profile_id = %s
                              AND m.revision = p.revision AND m.film_year IS NOT DISTINCT FROM f.year)
         ORDER BY f.id
        """,
        (profile_id,),
    ).fetchall()
    return [row[0] for row in rows]

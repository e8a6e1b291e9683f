"""Hubs: paintings that many films come out nearest to, and how near they are to unrelated pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from r2r_shared.queries import matched, unrelated
from r2r_shared.queries.catalogue_chance import Chance
from r2r_shared.queries.matched import Painting

LIMIT = 50


@dataclass(frozen=True, slots=True)
class Hub:
    """A painting, and how often it is the first of a shot.

    Attributes:
        shots, films: whose first painting it is, of how many films.
        share: of the catalogue's matched time.   expected: one of the paintings that each film may be matched with,
            without those made after it.
        lift: share / expected.
        nearness: its mean score with its nearest unrelated paintings (unrelated.py); None where not known.
        excess: what the hub correction takes from its scores: above 0 of a painting that is near to everything.
    """

    painting: Painting
    shots: int
    films: int
    share: float
    expected: float
    lift: float
    nearness: float | None
    excess: float | None

    def to_json(self) -> dict[str, Any]:
        """As in catalogue.schema.json."""
        return {
            "painting": self.painting.to_json(),
            "shots": self.shots,
            "films": self.films,
            "share": self.share,
            "expected": self.expected,
            "lift": self.lift,
            "nearness": self.nearness,
            "excess": self.excess,
        }


def hubs(conn: Connection[Any], profile_id: int, *, limit: int = LIMIT) -> list[Hub]:
    """The paintings with the largest share of the catalogue's time, largest first, ties by id."""
    null = unrelated.known(conn, profile_id)
    rows = conn.execute(
        """
        WITH counted AS MATERIALIZED (
             SELECT m.film_id
               FROM film_matches AS m
               JOIN profiles AS p ON p.id = m.profile_id AND p.revision = m.revision
               JOIN films AS f ON f.id = m.film_id AND f.year IS NOT DISTINCT FROM m.film_year
              WHERE m.profile_id = %(profile)s AND m.seconds > 0),
        total AS (
             SELECT t.painting_id, sum(t.shots)::int AS shots, count(*)::int AS films, sum(t.seconds) AS seconds
               FROM film_paintings AS t JOIN counted AS c USING (film_id)
              WHERE t.profile_id = %(profile)s
              GROUP BY t.painting_id),
        whole AS (SELECT sum(seconds) AS seconds FROM total)
        SELECT t.painting_id, t.shots, t.films, t.seconds / nullif(whole.seconds, 0), n.nearness
          FROM total AS t CROSS JOIN whole
          LEFT JOIN painting_nearness AS n ON n.profile_id = %(profile)s AND n.painting_id = t.painting_id
         ORDER BY t.seconds DESC, t.painting_id
         LIMIT %(limit)s
        """,
        {"profile": profile_id, "limit": limit},
    ).fetchall()
    ids = [row[0] for row in rows]
    known, expected = matched.paintings(conn, ids), _expected(conn, profile_id, ids)
    return [
        Hub(
            known[painting_id],
            shots,
            films,
            share,
            expected[painting_id],
            share / expected[painting_id],
            nearness if null else None,
            unrelated.FACTOR * (nearness - null.nearness) if null and nearness is not None else None,
        )
        for painting_id, shots, films, share, nearness in rows
        if painting_id in known and expected[painting_id]  # else removed a moment ago, or dated anew
    ]


def _expected(conn: Connection[Any], profile_id: int, ids: list[int]) -> dict[int, float]:
    """By painting id its share of the matched time by chance: of each film's, one of what the film may be matched with.

    As `r2r catalogue influence --of painting` has it, over all films.
    """
    of_year = conn.execute(
        """
        SELECT f.year, sum(m.seconds)
          FROM film_matches AS m
          JOIN profiles AS p ON p.id = m.profile_id AND p.revision = m.revision
          JOIN films AS f ON f.id = m.film_id AND f.year IS NOT DISTINCT FROM m.film_year
         WHERE m.profile_id = %s AND m.seconds > 0
         GROUP BY f.year
        """,
        (profile_id,),
    ).fetchall()
    every = sum(seconds for _, seconds in of_year) or 1.0
    chance = Chance.of_collection(conn, profile_id, "painting", ids)
    return {one: sum(seconds * chance.expected(one, year) for year, seconds in of_year) / every for one in ids}

"""Films nearest to a film: those that resemble the same painters, in the same measure.

A film is taken as the shares of its matched time that go to each artist, and two films' likeness is their
Bhattacharyya coefficient, Σ √(a · b): 1 where the shares are the same, 0 where no artist is common to both. It is
chosen over the distance of the films' embeddings because it can be said in words what two films have in common, and
because paintings that are near to every film count alike for all. It is about painters in the collection, not about
plots, cameras or cutting. Works of unknown artists are left out: two unknowns are not one painter.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from psycopg import Connection

from r2r_shared.errors import NotFound

LIMIT = 20
SHARED = 5
"""So many of the artists that two films have in common are named."""


@dataclass(frozen=True, slots=True)
class Common:
    """An artist that two films resemble, and their shares of each."""

    artist: str
    share: float
    share_there: float


@dataclass(frozen=True, slots=True)
class SimilarFilm:
    """A film, how alike it is (0..1), and the artists that bring most of that."""

    film_id: int
    title: str
    director: str
    year: int | None
    likeness: float
    common: tuple[Common, ...]

    def to_json(self) -> dict[str, Any]:
        """As in catalogue.schema.json."""
        return asdict(self) | {"common": [asdict(one) for one in self.common]}


WhyNone: TypeAlias = Literal["not counted", "nothing matched", "painters not known", "nothing in common"]


def similar(conn: Connection[Any], profile_id: int, film_id: int, *, limit: int = LIMIT) -> list[SimilarFilm]:
    """The films most alike, best first, ties by id; none where the film itself is not counted.

    Raises:
        NotFound: no such film.
    """
    if conn.execute("SELECT FROM films WHERE id = %s", (film_id,)).rowcount != 1:
        raise NotFound(f"there is no film {film_id}", "`r2r films list` shows them all")
    rows = conn.execute(
        """
        WITH counted AS MATERIALIZED (
             SELECT f.id, f.title, f.director, f.year,
                    m.seconds - coalesce(u.seconds, 0) AS seconds  -- that go to artists whose names are known
               FROM film_matches AS m
               JOIN profiles AS p ON p.id = m.profile_id AND p.revision = m.revision
               JOIN films AS f ON f.id = m.film_id AND f.year IS NOT DISTINCT FROM m.film_year
               LEFT JOIN film_names AS u
                      ON u.profile_id = m.profile_id AND u.kind = 2 AND u.film_id = m.film_id AND u.name = ''
              WHERE m.profile_id = %(profile)s AND m.seconds > coalesce(u.seconds, 0)),
        mine AS MATERIALIZED (
             SELECT n.name, n.seconds / c.seconds AS share
               FROM film_names AS n JOIN counted AS c ON c.id = n.film_id
              WHERE n.film_id = %(film)s AND n.profile_id = %(profile)s AND n.kind = 2 AND n.name <> ''),
        near AS (
             SELECT n.film_id, sum(sqrt(mine.share * n.seconds)) / sqrt(min(c.seconds)) AS likeness
               FROM film_names AS n JOIN mine USING (name) JOIN counted AS c ON c.id = n.film_id
              WHERE n.profile_id = %(profile)s AND n.kind = 2 AND n.film_id <> %(film)s
              GROUP BY n.film_id
              ORDER BY likeness DESC, n.film_id LIMIT %(limit)s)
        SELECT f.id, f.title, f.director, f.year, least(n.likeness, 1.0), c.names, c.shares, c.there
          FROM near AS n JOIN counted AS f ON f.id = n.film_id
         CROSS JOIN LATERAL (
               SELECT array_agg(name) AS names, array_agg(share) AS shares, array_agg(there) AS there
                 FROM (SELECT name, mine.share, o.seconds / f.seconds AS there
                         FROM film_names AS o JOIN mine USING (name)
                        WHERE o.film_id = n.film_id AND o.profile_id = %(profile)s AND o.kind = 2
                        ORDER BY mine.share * o.seconds DESC, name LIMIT %(shared)s) AS most) AS c
         ORDER BY n.likeness DESC, f.id
        """,
        {"profile": profile_id, "film": film_id, "limit": limit, "shared": SHARED},
    ).fetchall()
    return [
        SimilarFilm(number, title, director, year, likeness, tuple(map(Common, names, shares, there)))
        for number, title, director, year, likeness, names, shares, there in rows
    ]


def why_none(conn: Connection[Any], profile_id: int, film_id: int) -> WhyNone:
    """Why no film is similar to one: what is not known of it, or that no other film shares a painter with it."""
    row = conn.execute(
        """
        SELECT m.seconds,
               EXISTS (SELECT FROM film_names AS n
                        WHERE n.profile_id = m.profile_id AND n.film_id = m.film_id AND n.kind = 2 AND n.name <> '')
          FROM film_matches AS m
          JOIN profiles AS p ON p.id = m.profile_id AND p.revision = m.revision
          JOIN films AS f ON f.id = m.film_id AND f.year IS NOT DISTINCT FROM m.film_year
         WHERE m.profile_id = %s AND m.film_id = %s AND m.seconds IS NOT NULL
        """,
        (profile_id, film_id),
    ).fetchone()
    if row is None:
        return "not counted"
    seconds, named = row
    if not seconds:
        return "nothing matched"
    return "nothing in common" if named else "painters not known"

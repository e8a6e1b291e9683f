"""Echoes of a painting: the shots of all films that it is among the nearest paintings of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from psycopg import Connection

from r2r_shared.errors import NotFound
from r2r_shared.queries import matched, unrelated
from r2r_shared.queries.matched import CONVINCING, Painting

LIMIT = 200


@dataclass(frozen=True, slots=True)
class Echo:
    """A shot that a painting is near to.

    Attributes:
        shot: its number in the film, from 1.
        keyframe_s, image: the keyframe that is nearest: when it is shown, and its key in the media store.
        rank: the painting's place among those that are kept of the keyframe, by score.
        p_value: of the score; None where it is not known what unrelated pictures reach.
    """

    film_id: int
    title: str
    director: str
    year: int | None
    shot: int
    start_s: float
    end_s: float
    keyframe_s: float
    image: str
    rank: int
    score: float
    p_value: float | None

    @property
    def convincing(self) -> bool | None:
        """Whether unrelated pictures seldom reach such a score; None where that is not known."""
        return None if self.p_value is None else self.p_value <= CONVINCING

    def to_json(self) -> dict[str, Any]:
        """As in catalogue.schema.json."""
        return asdict(self) | {"convincing": self.convincing}


@dataclass(frozen=True, slots=True)
class Echoes:
    """The shots that echo a painting, nearest first.

    Attributes:
        shots: how many there are; `echoes` has at most as many as were asked for.   films: in how many.
    """

    painting: Painting
    shots: int
    films: int
    echoes: tuple[Echo, ...]

    def to_json(self) -> dict[str, Any]:
        """As in catalogue.schema.json."""
        return {
            "painting": self.painting.to_json(),
            "shots": self.shots,
            "films": self.films,
            "echoes": [echo.to_json() for echo in self.echoes],
        }


def echoes(
    conn: Connection[Any],
    profile_id: int,
    painting_id: int,
    *,
    limit: int = LIMIT,
    convincing: bool = False,
    top: int | None = None,
) -> Echoes:
    """Every shot of every film that keeps the painting among a keyframe's nearest, nearest first.

    Args:
        limit: shots that are listed.
        convincing: only those whose score unrelated pictures seldom reach; none where that is not known.
        top: only where it is among so many of a keyframe; None: among all that are kept (20 by default).

    Raises:
        NotFound: no such painting.
    """
    painting = matched.paintings(conn, [painting_id]).get(painting_id)
    if painting is None:
        raise NotFound(f"there is no painting {painting_id}", "`r2r paintings show` knows their numbers")
    null = unrelated.known(conn, profile_id)
    least = 0.0
    if convincing:
        least = null.convincing_from if null and null.convincing_from is not None else 2.0  # above any score
    rows = conn.execute(
        """
        WITH near AS (
             SELECT DISTINCT ON (s.id) s.id, s.film_id, s.job_id, s.start_frame, s.start_s, s.end_s, k.time_s, k.image,
                    m.rank, m.score
               FROM matches AS m
               JOIN keyframes AS k ON k.id = m.keyframe_id
               JOIN shots AS s ON s.id = k.shot_id
               JOIN films AS f ON f.id = s.film_id AND f.analysis_id = s.job_id
               JOIN film_matches AS c ON c.film_id = f.id AND c.profile_id = m.profile_id
                                     AND c.film_year IS NOT DISTINCT FROM f.year
               JOIN profiles AS p ON p.id = c.profile_id AND p.revision = c.revision
              WHERE m.painting_id = %(painting)s AND m.profile_id = %(profile)s AND s.blank IS NULL
                AND m.score >= %(least)s AND (%(top)s::int IS NULL OR m.rank <= %(top)s)
              ORDER BY s.id, m.score DESC, k.frame),
        best AS (
             SELECT *, (count(*) OVER ())::int AS shots FROM near ORDER BY score DESC, id LIMIT %(limit)s)
        SELECT f.id, f.title, f.director, f.year,
               (SELECT count(*)::int FROM shots AS o WHERE o.job_id = b.job_id AND o.start_frame <= b.start_frame),
               b.start_s, b.end_s, b.time_s, b.image, b.rank, b.score, b.shots,
               (SELECT count(DISTINCT film_id)::int FROM near)
          FROM best AS b JOIN films AS f ON f.id = b.film_id
         ORDER BY b.score DESC, b.id
        """,
        {"painting": painting_id, "profile": profile_id, "least": least, "top": top, "limit": limit},
    ).fetchall()
    found = [
        Echo(film_id, title, director, year, shot, start_s, end_s, keyframe_s, image, rank, score,
             null.p_value(score) if null else None)
        for film_id, title, director, year, shot, start_s, end_s, keyframe_s, image, rank, score, _, _ in rows
    ]  # fmt: skip
    shots, films = rows[0][-2:] if rows else (0, 0)
    return Echoes(painting, shots, films, tuple(found))

"""The catalogue: which films its questions are about, and which of them are not counted and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from psycopg import Connection

from r2r_shared.queries.matched import by_chance
from r2r_shared.queries.pictureless import OF_FILM


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the catalogue is counted.

    Attributes:
        films: that have a finished analysis.
        counted: whose stored matches are of the collection as it is; the others are in no answer.
        judged: of those, the ones whose matches are known to be convincing or not, and are corrected for hubs.
        seconds, shots: matched, of the films that are counted.
        judged_shots, convincing_shots: of the films that are judged, those that are matched and those convincingly.
        without_picture: not counted, for they came without pictures and the profile has no numbers for them.
        pictures: unrelated pictures that matches are judged by; 0 where none can be, since the collection does not name
            two artists; None where it is not known what they reach.
    """

    films: int
    counted: int
    judged: int
    seconds: float
    shots: int
    judged_shots: int
    convincing_shots: int
    without_picture: int
    pictures: int | None

    @property
    def by_chance(self) -> float:
        """How often a picture that resembles nothing is called convincing; 0 where none is."""
        return by_chance(self.pictures or 0)

    def to_json(self) -> dict[str, Any]:
        """As in catalogue.schema.json."""
        return {name: value for name, value in asdict(self).items() if name != "pictures"}


def coverage(conn: Connection[Any], profile_id: int) -> Coverage:
    """How much of the catalogue is counted under a profile."""
    row = conn.execute(
        f"""
        WITH known AS MATERIALIZED (  -- what unrelated pictures reach, where it is of the collection as it is
             SELECT u.of_pictures, cardinality(u.scores) AS pictures
               FROM unrelated AS u
               JOIN profiles AS p ON p.id = u.profile_id AND p.revision = u.revision AND p.artists = u.artists
              WHERE u.profile_id = %(profile)s),
             counted AS MATERIALIZED (
             SELECT m.film_id, m.seconds, m.shots, m.convincing_shots,
                    m.judged AND EXISTS (SELECT FROM known WHERE of_pictures > 0) AS judged
               FROM film_matches AS m
               JOIN profiles AS p ON p.id = m.profile_id AND p.revision = m.revision
               JOIN films AS f ON f.id = m.film_id AND f.year IS NOT DISTINCT FROM m.film_year
              WHERE m.profile_id = %(profile)s AND m.seconds IS NOT NULL)
        SELECT count(*)::int, count(c.film_id)::int, (count(*) FILTER (WHERE c.judged))::int,
               coalesce(sum(c.seconds), 0)::double precision, coalesce(sum(c.shots), 0)::int,
               coalesce(sum(c.shots) FILTER (WHERE c.judged), 0)::int,
               coalesce(sum(c.convincing_shots) FILTER (WHERE c.judged), 0)::int,
               (SELECT count(*) FROM films AS f
                 WHERE f.analysis_id IS NOT NULL AND f.id NOT IN (SELECT film_id FROM counted)
                   AND EXISTS ({OF_FILM}))::int,
               coalesce((SELECT pictures FROM known),
                        CASE WHEN NOT EXISTS (SELECT FROM painting_features WHERE profile_id = %(profile)s) THEN 0 END)
          FROM films AS f
          LEFT JOIN counted AS c ON c.film_id = f.id
         WHERE f.analysis_id IS NOT NULL
        """,
        {"profile": profile_id},
    ).fetchone()
    assert row is not None
    return Coverage(*row)


def stale(conn: Connection[Any], profile_id: int) -> list[int]:
    """Films that have a finished analysis and no matches of the collection as it is, by id.

    Without those that cannot be matched as a whole, since some of their keyframes are not measured.
    """
    return [film_id for film_id, measured in _unmatched(conn, profile_id) if measured]


def unmeasured(conn: Connection[Any], profile_id: int) -> list[int]:
    """Films likewise without matches, of which keyframes that can be matched are not measured under the profile.

    Without those that it cannot measure, for want of a picture.
    """
    return [film_id for film_id, measured in _unmatched(conn, profile_id) if not measured]


def _unmatched(conn: Connection[Any], profile_id: int) -> list[tuple[int, bool]]:
    """Films without current matches by id, and whether all of each is measured."""
    return conn.execute(
        f"""
        SELECT f.id,
               NOT EXISTS (SELECT FROM shots AS s JOIN keyframes AS k ON k.shot_id = s.id
                            WHERE s.job_id = f.analysis_id AND s.blank IS NULL
                              AND NOT EXISTS (SELECT FROM keyframe_features AS v
                                               WHERE v.keyframe_id = k.id AND v.profile_id = %(profile)s))
          FROM films AS f
         WHERE f.analysis_id IS NOT NULL AND NOT EXISTS ({OF_FILM})
           AND NOT EXISTS (SELECT FROM film_matches AS m JOIN profiles AS p ON p.id = m.profile_id
                            WHERE m.film_id = f.id AND m.profile_id = %(profile)s
                              AND m.revision = p.revision AND m.film_year IS NOT DISTINCT FROM f.year)
         ORDER BY f.id
        """,
        {"profile": profile_id},
    ).fetchall()

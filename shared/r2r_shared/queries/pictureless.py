"""Works that came without pictures, in a data set of another installation (`r2r export`, whose default that is).

They keep the numbers that they came with. No other profile can measure them, until their pictures come: in a data set
that has them, or with the works themselves (`r2r paintings import`, `r2r ingest --force`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection

REMEDY = (
    "bring their pictures: `r2r export … --pictures all` there and `r2r import` here, or `r2r paintings import` and "
    "`r2r ingest --force` of the works themselves"
)

OF_FILM: LiteralString = """
    SELECT FROM shots AS s JOIN keyframes AS k ON k.shot_id = s.id
     WHERE s.job_id = f.analysis_id AND s.blank IS NULL AND NOT k.pictured
       AND NOT EXISTS (SELECT FROM keyframe_features AS v
                        WHERE v.keyframe_id = k.id AND v.profile_id = %(profile)s)
"""
"""Keyframes of a film `f` that can be matched, and that the profile has not measured and cannot."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a profile has no numbers for and cannot measure: paintings, and films with so many of their keyframes."""

    paintings: int
    films: int
    keyframes: int

    def __bool__(self) -> bool:
        return bool(self.paintings or self.films)

    def __str__(self) -> str:
        """ "12 paintings and 2 films (340 keyframes)", without what there is none of."""
        said = [_counted(self.paintings, "painting")] if self.paintings else []
        if self.films:
            said.append(f"{_counted(self.films, 'film')} ({_counted(self.keyframes, 'keyframe')})")
        return " and ".join(said)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def left_out(conn: Connection[Any], profile_id: int) -> LeftOut:
    """What of all paintings, and of the films' shown analyses."""
    row = conn.execute(
        """
        SELECT (SELECT count(*) FROM paintings AS p
                 WHERE NOT p.pictured
                   AND NOT EXISTS (SELECT FROM painting_features AS v
                                    WHERE v.painting_id = p.id AND v.profile_id = %(profile)s))::int,
               count(DISTINCT f.id)::int, count(*)::int
          FROM keyframes AS k
          JOIN shots AS s ON s.id = k.shot_id
          JOIN films AS f ON f.analysis_id = s.job_id
         WHERE NOT k.pictured AND s.blank IS NULL
           AND NOT EXISTS (SELECT FROM keyframe_features AS v
                            WHERE v.keyframe_id = k.id AND v.profile_id = %(profile)s)
        """,
        {"profile": profile_id},
    ).fetchone()
    assert row is not None
    return LeftOut(*row)


def keyframes(conn: Connection[Any], *, film_id: int, profile_id: int) -> int:
    """How many of a film's keyframes that can be matched a profile has not measured and cannot."""
    row = conn.execute(
        f"SELECT count(*) FROM films AS f, LATERAL ({OF_FILM}) AS k WHERE f.id = %(film)s",
        {"film": film_id, "profile": profile_id},
    ).fetchone()
    assert row is not None
    return row[0]


def have_come(conn: Connection[Any], images: Collection[str]) -> int:
    """Note of paintings that came without their picture that it is in the media store now; of how many.

    In the caller's transaction, before it changes any other row of `paintings`: they are locked in the order of their
    ids, in whichever collection they are.

    Args:
        images: keys in the media store.
    """
    return conn.execute(
        """
        WITH held AS (
             SELECT id FROM paintings WHERE NOT pictured AND image = ANY(%s) ORDER BY id FOR NO KEY UPDATE)
        UPDATE paintings AS p SET pictured = true FROM held WHERE held.id = p.id
        """,
        (list(images),),
    ).rowcount

"""Dominant colours of a film's keyframes and of paintings, as they were measured: for showing them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection


@dataclass(frozen=True, slots=True)
class Palettes:
    """Three RGB colours of each picture, 9 values of 0 to 255, the one that covers most of it first.

    Attributes:
        keyframes: by the frame's number in the film.
        paintings: by painting id.
    """

    keyframes: dict[int, tuple[float, ...]]
    paintings: dict[int, tuple[float, ...]]


def of_film(conn: Connection[Any], film_id: int, profile_id: int, *, painting_ids: Sequence[int]) -> Palettes:
    """The palettes of a film's shown analysis and of these paintings; what a profile has not measured is left out."""
    keyframes = conn.execute(
        """
        SELECT k.frame, v.dc
          FROM films AS f
          JOIN shots AS s ON s.job_id = f.analysis_id
          JOIN keyframes AS k ON k.shot_id = s.id
          JOIN keyframe_features AS v ON v.keyframe_id = k.id AND v.profile_id = %s
         WHERE f.id = %s
        """,
        (profile_id, film_id),
        binary=True,
    ).fetchall()
    paintings = conn.execute(
        "SELECT painting_id, dc FROM painting_features WHERE profile_id = %s AND painting_id = ANY(%s)",
        (profile_id, list(painting_ids)),
        binary=True,
    ).fetchall()
    return Palettes(
        keyframes={frame: tuple(dc.to_list()) for frame, dc in keyframes},
        paintings={painting_id: tuple(dc.to_list()) for painting_id, dc in paintings},
    )


def of_timeline(conn: Connection[Any], timeline: dict[str, Any]) -> Palettes:
    """The palettes of all that a timeline shows, given as in timeline.schema.json."""
    ids = {match["painting"]["id"] for shot in timeline["shots"] for match in shot["matches"]}
    return of_film(conn, timeline["film"]["id"], timeline["profile"]["id"], painting_ids=sorted(ids))

"""Numbers of the same picture, under the same profile, that are others here than in a data set: ours are kept."""

from __future__ import annotations

from typing import Any

from psycopg import Connection


def paintings(conn: Connection[Any], profile_id: int) -> int:
    """Of the data set's that were here: how many have other numbers here."""
    row = conn.execute(
        """
        SELECT count(*)
          FROM in_painting_features AS i
          JOIN map_paintings AS m ON m.source = i.painting_id AND m.fate = 'here'
          JOIN painting_features AS v ON v.painting_id = m.id AND v.profile_id = %s
         WHERE (v.dc, v.avg_dof, v.max_dof, v.min_dof, v.saturation, v.balance, v.shadow, v.contrast, v.embedding)
               IS DISTINCT FROM
               (i.dc, i.avg_dof, i.max_dof, i.min_dof, i.saturation, i.balance, i.shadow, i.contrast, i.embedding)
        """,
        (profile_id,),
    ).fetchone()
    assert row is not None
    return row[0]


def keyframes(conn: Connection[Any], profile_id: int) -> int:
    """Of films that were here with the data set's shots: how many have other numbers here."""
    row = conn.execute(
        """
        SELECT count(*)
          FROM in_keyframe_features AS i
          JOIN map_keyframes AS m ON m.source = i.keyframe_id
          JOIN map_films AS f ON f.source = m.film AND f.job_id IS NULL
          JOIN keyframe_features AS v ON v.keyframe_id = m.id AND v.profile_id = %s
         WHERE (v.dc, v.avg_dof, v.max_dof, v.min_dof, v.saturation, v.balance, v.shadow, v.contrast, v.embedding)
               IS DISTINCT FROM
               (i.dc, i.avg_dof, i.max_dof, i.min_dof, i.saturation, i.balance, i.shadow, i.contrast, i.embedding)
        """,
        (profile_id,),
    ).fetchone()
    assert row is not None
    return row[0]

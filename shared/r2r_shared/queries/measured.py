"""What other profiles have measured already: the eight metrics and the depth do not depend on the encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg import Connection

from r2r_shared.records import Features

_COLUMNS = "f.dc, f.avg_dof, f.max_dof, f.min_dof, f.saturation, f.balance, f.shadow, f.contrast"
_SAME = """
    JOIN profiles AS other ON other.id = f.profile_id
    JOIN profiles AS mine ON mine.id = %s AND mine.id <> other.id
     AND mine.depth_digest = other.depth_digest AND mine.metrics_version = other.metrics_version
"""


def metrics_of_keyframes(conn: Connection[Any], *, profile_id: int, ids: Sequence[int]) -> dict[int, Features]:
    """Features by keyframe id, without an embedding, of those that another profile with the same depth has measured.

    Only the embedding is then left to be computed. As of now: whoever stores them under `profile_id` sees to it that
    the picture is still the same.
    """
    query = f"""
        SELECT DISTINCT ON (f.keyframe_id) f.keyframe_id, {_COLUMNS}
          FROM keyframe_features AS f {_SAME}
         WHERE f.keyframe_id = ANY(%s)
         ORDER BY f.keyframe_id, f.profile_id
    """
    return _read(conn, query, profile_id, ids)


def metrics_of_paintings(conn: Connection[Any], *, profile_id: int, ids: Sequence[int]) -> dict[int, Features]:
    """As `metrics_of_keyframes`, of paintings."""
    query = f"""
        SELECT DISTINCT ON (f.painting_id) f.painting_id, {_COLUMNS}
          FROM painting_features AS f {_SAME}
         WHERE f.painting_id = ANY(%s)
         ORDER BY f.painting_id, f.profile_id
    """
    return _read(conn, query, profile_id, ids)


def _read(conn: Connection[Any], query: LiteralString, profile_id: int, ids: Sequence[int]) -> dict[int, Features]:
    rows = conn.execute(query, (profile_id, list(ids)), binary=True).fetchall()  # as text, numbers are read slowly
    return {
        owner: Features(
            tuple(dc.to_list()), avg, most, least, saturation, balance, tuple(shadow.to_list()), contrast, ()
        )
        for owner, dc, avg, most, least, saturation, balance, shadow, contrast in rows
    }


def outdate_matches(conn: Connection[Any], *, profile_id: int, keyframe_ids: Sequence[int]) -> None:
    """Forget that the films of these keyframes are matched: some of what is to be matched has only now been measured.

    In the transaction that stores their features. Until they are matched again a reader has them matched itself.
    """
    conn.execute(
        """
        DELETE FROM film_matches
         WHERE profile_id = %s
           AND film_id IN (SELECT s.film_id FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id
                            WHERE k.id = ANY(%s))
        """,
        (profile_id, list(keyframe_ids)),
    )

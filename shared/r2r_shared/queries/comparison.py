"""How alike two profiles' answers are, on what both have matched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

TOP = 10


@dataclass(frozen=True, slots=True)
class Alike:
    """Two profiles' stored matches side by side; shares are None where no keyframe was matched by both.

    Attributes:
        films, keyframes: that both have matched.
        same_first: share of the keyframes with the same best painting.
        overlap: of a keyframe's first ten paintings (or as many as there are), the share that both name; the mean.
        rank_correlation: Spearman's ρ of the paintings that both lists of a keyframe hold, where these are three or
            more; the mean.
        ranked: keyframes for which that is so.
    """

    films: int
    keyframes: int
    same_first: float | None
    overlap: float | None
    rank_correlation: float | None
    ranked: int


def alike(conn: Connection[Any], one: int, other: int, *, film_id: int | None = None) -> Alike:
    """Compare the stored matches of two profiles, of all films or of one."""
    query = """
        WITH common AS MATERIALIZED (
            SELECT f.id AS film_id, k.id AS keyframe_id,
                   (SELECT count(*) FROM matches WHERE profile_id = %(one)s AND keyframe_id = k.id) AS listed_by_one,
                   (SELECT count(*) FROM matches WHERE profile_id = %(other)s AND keyframe_id = k.id) AS listed_by_other
              FROM films AS f
              JOIN film_matches AS a ON a.film_id = f.id AND a.profile_id = %(one)s
              JOIN film_matches AS b ON b.film_id = f.id AND b.profile_id = %(other)s
              JOIN shots AS s ON s.job_id = f.analysis_id
              JOIN keyframes AS k ON k.shot_id = s.id
             WHERE s.blank IS NULL AND (%(film)s::bigint IS NULL OR f.id = %(film)s)
        ), paired AS (
            SELECT c.keyframe_id, a.rank AS place, b.rank AS other_place,
                   rank() OVER (PARTITION BY c.keyframe_id ORDER BY a.rank) AS among,
                   rank() OVER (PARTITION BY c.keyframe_id ORDER BY b.rank) AS other_among
              FROM common AS c
              JOIN matches AS a ON a.profile_id = %(one)s AND a.keyframe_id = c.keyframe_id
              JOIN matches AS b ON b.profile_id = %(other)s AND b.keyframe_id = c.keyframe_id
                               AND b.painting_id = a.painting_id
        ), judged AS (
            SELECT keyframe_id,
                   count(*) FILTER (WHERE place = 1 AND other_place = 1) AS first,
                   count(*) FILTER (WHERE place <= %(top)s AND other_place <= %(top)s) AS shared,
                   CASE WHEN count(*) >= 3 THEN corr(among, other_among) END AS rho
              FROM paired
             GROUP BY keyframe_id
        )
        SELECT count(DISTINCT c.film_id)::int AS films, count(*)::int AS keyframes,
               avg(coalesce(j.first, 0))::float8 AS same_first,
               avg(coalesce(j.shared, 0) / least(%(top)s, c.listed_by_one, c.listed_by_other)::float8) AS overlap,
               avg(j.rho) AS rank_correlation, count(j.rho)::int AS ranked
          FROM common AS c
          LEFT JOIN judged AS j USING (keyframe_id)
         WHERE c.listed_by_one > 0 AND c.listed_by_other > 0
    """
    args = {"one": one, "other": other, "film": film_id, "top": TOP}
    with conn.cursor(row_factory=class_row(Alike)) as cur:
        row = cur.execute(query, args).fetchone()
    assert row is not None
    return row

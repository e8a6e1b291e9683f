"""A staged data set's matches, counted again from its numbers for some of its keyframes: checksums tell damage, and
anyone can make new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

from psycopg import Connection, sql

from r2r_shared.score import DEFAULT, score_sql

KEYFRAMES = 64
"""So many are asked, of all films in turn."""

MOST_PAIRS = 4_000_000
"""Of a keyframe and a painting, so that it takes seconds at most: beside very many paintings fewer keyframes are."""

# Nobody who changes a match can know whether it is among them.
_SAMPLE: LiteralString = """
    CREATE TEMPORARY TABLE in_sample ON COMMIT DROP AS
    SELECT q.*, subvector(q.dc, 1, 3) AS dc1, subvector(q.dc, 4, 3) AS dc2, subvector(q.dc, 7, 3) AS dc3,
           k.film_year, k.how, k.top_k
      FROM (SELECT k.id, m.film_year, m.how, m.top_k,
                   row_number() OVER (PARTITION BY m.film_id ORDER BY random()) AS turn
              FROM in_film_matches AS m
              JOIN in_shots AS s ON s.film_id = m.film_id
              JOIN in_keyframes AS k ON k.shot_id = s.id
             WHERE s.blank IS NULL) AS k
      JOIN in_keyframe_features AS q ON q.keyframe_id = k.id
     ORDER BY k.turn, random()
     LIMIT (SELECT greatest(1, least(%(keyframes)s, %(pairs)s / greatest(1, count(*)))) FROM in_painting_features)
"""
_MATCHES: LiteralString = """
    CREATE TEMPORARY TABLE in_sample_matches ON COMMIT DROP AS
    SELECT m.* FROM in_matches AS m JOIN in_sample AS s ON s.keyframe_id = m.keyframe_id
"""
_PAINTINGS: LiteralString = """
    SELECT v.*, subvector(v.dc, 1, 3) AS dc1, subvector(v.dc, 4, 3) AS dc2, subvector(v.dc, 7, 3) AS dc3, i.year_from
      FROM in_painting_features AS v JOIN in_paintings AS i ON i.id = v.painting_id
"""


def sample(conn: Connection[Any], *, keyframes: int = KEYFRAMES) -> None:
    """Choose so many keyframes; after `exchange_stage.complaint`, in the caller's transaction."""
    conn.execute(_SAMPLE, {"keyframes": keyframes, "pairs": MOST_PAIRS})
    conn.execute(_MATCHES)
    conn.execute("ANALYZE in_sample, in_sample_matches")


def are_true(conn: Connection[Any], ranges: Mapping[str, float], *, within: float) -> bool:
    """Whether the sample's matches are what the numbers give, and none of a painting that is later than the film.

    Args:
        ranges: the data set's.
        within: what a score may differ by.
    """
    score = score_sql(DEFAULT, ranges)
    query = sql.SQL("""
        SELECT EXISTS (
               SELECT FROM in_sample AS q
                 JOIN in_sample_matches AS m ON m.keyframe_id = q.keyframe_id
                 JOIN ({paintings}) AS p ON p.painting_id = m.painting_id
                WHERE abs(m.score - {score}) > {within} OR abs(m.visual - {visual}) > {within}
                   OR abs(m.semantic - {semantic}) > {within} OR p.year_from > q.film_year
                   OR EXISTS (SELECT FROM unnest(m.metrics, {similarities}) AS u (theirs, ours)
                               WHERE abs(u.theirs - u.ours) > {within}))
    """).format(
        paintings=sql.SQL(_PAINTINGS),
        score=score.score,
        visual=score.visual,
        semantic=score.semantic,
        similarities=score.similarities,
        within=within,
    )
    return conn.execute(query).fetchone() == (False,)


def are_best(conn: Connection[Any], ranges: Mapping[str, float], *, within: float) -> bool:
    """Whether no painting of the data set is missing among the sample's matches where every painting was scored."""
    query = sql.SQL("""
        SELECT EXISTS (
               SELECT FROM (SELECT s.*,
                                   (SELECT CASE WHEN count(*) >= s.top_k THEN min(score) ELSE 0 END
                                      FROM in_sample_matches WHERE keyframe_id = s.keyframe_id) AS reached
                              FROM in_sample AS s) AS q
                 JOIN ({paintings}) AS p ON {score} > q.reached + {within}
                WHERE q.how = 'exact' AND (p.year_from <= q.film_year) IS NOT FALSE
                  AND NOT EXISTS (SELECT FROM in_sample_matches AS m
                                   WHERE m.keyframe_id = q.keyframe_id AND m.painting_id = p.painting_id))
    """).format(paintings=sql.SQL(_PAINTINGS), score=score_sql(DEFAULT, ranges).score, within=within)
    return conn.execute(query).fetchone() == (False,)


def ranges(conn: Connection[Any]) -> dict[str, float]:
    """What the data set divides differences by."""
    return dict(conn.execute("SELECT metric, range FROM in_metric_ranges").fetchall())


def cover(conn: Connection[Any]) -> bool:
    """Whether the data set's ranges reach over its own paintings, as those of a larger collection do."""
    row = conn.execute("""
        SELECT NOT EXISTS (
               SELECT FROM in_metric_ranges AS r,
                           (SELECT min(avg_dof), max(avg_dof), min(max_dof), max(max_dof), min(min_dof), max(min_dof),
                                   min(saturation), max(saturation), min(balance), max(balance), min(contrast),
                                   max(contrast)
                              FROM in_painting_features) AS v (a0, a1, x0, x1, i0, i1, s0, s1, b0, b1, c0, c1)
                WHERE abs(r.range - greatest(r.high - r.low, 1e-9)) > 1e-9 * greatest(1, r.range)
                   OR CASE r.metric WHEN 'avg_dof' THEN a0 < r.low OR a1 > r.high
                                    WHEN 'max_dof' THEN x0 < r.low OR x1 > r.high
                                    WHEN 'min_dof' THEN i0 < r.low OR i1 > r.high
                                    WHEN 'saturation' THEN s0 < r.low OR s1 > r.high
                                    WHEN 'balance' THEN b0 < r.low OR b1 > r.high
                                    WHEN 'contrast' THEN c0 < r.low OR c1 > r.high
                                    ELSE false END)
    """).fetchone()
    return row == (True,)

"""The exact scan: a picture against every painting."""

from __future__ import annotations

from psycopg import sql

from r2r_shared.queries.probes import Terms

SETTINGS = {"enable_seqscan": "off"}
"""By the primary key, in other words: a sequential scan of a table above a quarter of shared_buffers reads it from
the operating system anew for every keyframe."""


def search(probe: sql.Composed, terms: Terms) -> sql.Composed:
    """A query for the best paintings of a probe, as probes.Found, best first, ties by painting id.

    Args:
        probe: a query for one row of features.
    """
    return sql.SQL("""
        SELECT best.painting_id, best.score, {visual} AS visual, {semantic} AS semantic,
               {similarities} AS similarities, 0.0::double precision AS bound
          FROM ({probe}) AS q
         CROSS JOIN LATERAL (
               SELECT p.painting_id, {score} AS score
                 FROM painting_features AS p
                WHERE {eligible}
                ORDER BY score DESC, p.painting_id
                LIMIT {k}) AS best
          JOIN painting_features AS p ON p.profile_id = {profile} AND p.painting_id = best.painting_id
         ORDER BY best.score DESC, best.painting_id
    """).format(
        visual=terms.score.visual,
        semantic=terms.score.semantic,
        similarities=terms.score.similarities,
        score=terms.score.score,
        probe=probe,
        profile=terms.profile_id,
        eligible=terms.eligible(),
        k=terms.k,
    )

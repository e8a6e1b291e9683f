"""Two candidate lists for collections too large to scan: nearest by embedding, and nearest by weighted metrics.

Each list comes from an HNSW index (indexes.py), and their union is scored exactly. A painting in neither scores
at most

    bound = 0.5 · (worst V_r of the first list) + 0.5 · (1 − (last style distance of the second − excess))

(Fagin's threshold algorithm). So the paintings of a picture whose k-th score is above its bound are the k best, as
far as HNSW found what is near; for other pictures the lists are to be longer.
"""

from __future__ import annotations

from psycopg import sql

from r2r_shared.queries.indexes import Expressions
from r2r_shared.queries.probes import Terms
from r2r_shared.score import DEFAULT, VISUAL_SHARE, Weights

LENGTHS = (200, 400, 800)
"""Lengths of the two lists, tried one after the other. Of clustered pictures, 21,000 paintings, 256 dimensions and
k = 20, lists of 100, 200, 300 and 400 prove 22, 71, 90 and 100 %; lists of 800 cost as much as the scan there."""


def settings(length: int) -> dict[str, str]:
    """Server settings under which the lists come from the indexes, and are as long as they should be."""
    return {
        "enable_seqscan": "off",
        "enable_sort": "off",
        "hnsw.ef_search": str(min(1000, length)),
        # Without it, paintings that are left out leave gaps in the list, silently.
        "hnsw.iterative_scan": "strict_order",
    }


def search(probe: sql.Composed, terms: Terms, expressions: Expressions, *, length: int) -> sql.Composed:
    """A query for the best paintings of a probe among two lists, as probes.Found, best first, ties by painting id.

    The indexes are built for the default weights: the further `terms.weights` are from those, the looser the bound.

    Args:
        probe: a query for one row of features.
        length: of each list.
    """
    q, p = sql.Identifier("q"), sql.Identifier("p")
    return sql.SQL("""
        WITH q AS MATERIALIZED (
             SELECT q.*, {style_of_q} AS style, {excess} AS excess FROM ({probe}) AS q),
        by_look AS MATERIALIZED (
             SELECT near.* FROM q CROSS JOIN LATERAL (
                    SELECT p.painting_id, {embedding_of_p} <-> {embedding_of_q} AS distance
                      FROM painting_features AS p
                     WHERE {eligible}
                     ORDER BY {embedding_of_p} <-> {embedding_of_q}
                     LIMIT {length}) AS near),
        by_style AS MATERIALIZED (
             SELECT near.* FROM q CROSS JOIN LATERAL (
                    SELECT p.painting_id, {style_of_p} <+> q.style AS distance
                      FROM painting_features AS p
                     WHERE {eligible}
                     ORDER BY {style_of_p} <+> q.style
                     LIMIT {length}) AS near),
        candidates AS MATERIALIZED (
             SELECT painting_id FROM by_look UNION SELECT painting_id FROM by_style),
        border AS MATERIALIZED (
             SELECT CASE WHEN (SELECT count(*) FROM candidates) >= {paintings} THEN 0.0
                         ELSE {visual_share} / (1 + (SELECT max(distance) FROM by_look))
                              + {semantic_share} * (1 - {ratio} * greatest(
                                    0.0, (SELECT max(distance) FROM by_style) - q.excess))
                    END AS bound
               FROM q)
        SELECT p.painting_id, {score} AS score, {visual} AS visual, {semantic} AS semantic,
               {similarities} AS similarities, border.bound
          FROM q, border, candidates
          JOIN painting_features AS p ON p.profile_id = {profile} AND p.painting_id = candidates.painting_id
         ORDER BY score DESC, p.painting_id
         LIMIT {k}
    """).format(
        style_of_q=expressions.style(q, clamped=True),
        excess=expressions.excess(q),
        probe=probe,
        embedding_of_p=expressions.embedding(p),
        embedding_of_q=expressions.embedding(q),
        style_of_p=expressions.style(p),
        profile=terms.profile_id,
        eligible=terms.eligible(),
        length=max(length, terms.k),
        paintings=terms.paintings,
        visual_share=VISUAL_SHARE,
        semantic_share=1 - VISUAL_SHARE,
        ratio=_ratio(terms.weights),
        score=terms.score.score,
        visual=terms.score.visual,
        semantic=terms.score.semantic,
        similarities=terms.score.similarities,
        k=terms.k,
    )


def _ratio(weights: Weights) -> float:
    """The loss under `weights` is at least this much of the loss under the defaults that the index knows."""
    return min(mine / default for mine, default in zip(weights.values(), DEFAULT.values(), strict=True))

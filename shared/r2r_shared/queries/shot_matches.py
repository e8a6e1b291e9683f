"""One shot's best paintings under any weights: what the film page asks for while a reader moves a slider."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from r2r_shared.errors import NotFound
from r2r_shared.queries import matched, profiles, ranges
from r2r_shared.queries.matched import Match
from r2r_shared.records import METRICS
from r2r_shared.score import VISUAL_SHARE, Weights, score_sql


def shot_matches(
    conn: Connection[Any],
    film_id: int,
    profile_id: int,
    number: int,
    *,
    k: int = 20,
    weights: Weights,
    visual_share: float = VISUAL_SHARE,
    all_dates: bool = False,
) -> list[Match]:
    """The `k` best paintings of a shot, best first, ties by painting id; every painting is scored.

    A painting counts by the keyframe that it is nearest to, as in the timeline.

    Args:
        number: the shot's, from 1, in the analysis that is shown.
        visual_share: what V_r counts for in the score, 0 to 1; S_a has the rest.
        all_dates: keep paintings made after the film.

    Raises:
        NotFound: no such film, profile or shot.
    """
    profiles.get(conn, profile_id)
    film = conn.execute("SELECT year, analysis_id FROM films WHERE id = %s", (film_id,)).fetchone()
    if film is None:
        raise NotFound(f"there is no film {film_id}", "`r2r films list` shows them all")
    year, analysis_id = film
    shot = conn.execute(
        "SELECT id, blank FROM shots WHERE job_id = %s ORDER BY start_frame LIMIT 1 OFFSET %s",
        (analysis_id, number - 1),
    ).fetchone()
    if shot is None:
        raise NotFound(f"film {film_id} has no shot {number}", "its page lists them")
    seen = ranges.of_profile(conn, profile_id)
    if not seen or shot[1] is not None:
        return []
    score = score_sql(weights, ranges.widths(seen))
    mixed = sql.SQL("({a} * {visual} + {b} * {semantic})").format(
        a=sql.Literal(visual_share),
        b=sql.Literal(1 - visual_share),
        visual=score.visual,
        semantic=score.semantic,
    )
    query = sql.SQL("""
        WITH scored AS (
             SELECT p.painting_id, q.keyframe_id, {mixed} AS score
               FROM keyframes AS k
               JOIN keyframe_features AS q ON q.keyframe_id = k.id AND q.profile_id = %(profile)s
               JOIN painting_features AS p ON p.profile_id = %(profile)s
               JOIN paintings AS w ON w.id = p.painting_id
              WHERE k.shot_id = %(shot)s AND (%(all_dates)s OR (w.year_from > %(year)s) IS NOT TRUE)),
        nearest AS (
             SELECT DISTINCT ON (painting_id) * FROM scored ORDER BY painting_id, score DESC, keyframe_id),
        best AS (SELECT * FROM nearest ORDER BY score DESC, painting_id LIMIT %(k)s)
        SELECT best.painting_id, best.score, {visual}, {semantic}, {similarities}
          FROM best
          JOIN keyframe_features AS q ON q.profile_id = %(profile)s AND q.keyframe_id = best.keyframe_id
          JOIN painting_features AS p ON p.profile_id = %(profile)s AND p.painting_id = best.painting_id
         ORDER BY best.score DESC, best.painting_id
    """).format(mixed=mixed, visual=score.visual, semantic=score.semantic, similarities=score.similarities)
    args = {"profile": profile_id, "shot": shot[0], "all_dates": all_dates, "year": year, "k": k}
    rows = conn.execute(query, args, binary=True).fetchall()
    known = matched.paintings(conn, [row[0] for row in rows])
    return [
        Match(rank, known[painting_id], total, visual, semantic, tuple(similarities), weights)
        for rank, (painting_id, total, visual, semantic, similarities) in enumerate(rows, start=1)
    ]


def to_json(match: Match, *, visual_share: float) -> dict[str, Any]:
    """A match as timeline.schema.json has it, its shares under another share of V_r."""
    found = match.to_json()
    if visual_share != VISUAL_SHARE and match.score > 0:
        parts = [weight * one for weight, one in zip(match.weights.values(), match.similarities, strict=True)]
        scale = (1 - visual_share) / match.score
        found["shares"] = {
            "visual": visual_share * match.visual / match.score,
            **{metric: scale * part for metric, part in zip(METRICS, parts, strict=True)},
        }
    return found

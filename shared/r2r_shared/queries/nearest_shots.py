"""The shots that any picture resembles most: its score against the keyframes of every film that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg import Connection, sql
from psycopg.errors import QueryCanceled

from r2r_shared.errors import Unavailable
from r2r_shared.queries import probes, ranges
from r2r_shared.records import METRICS, Features
from r2r_shared.score import DEFAULT, Weights, score_sql

SCANNED = 400_000
"""Up to so many keyframes each is scored. Of more, those that are nearest by embedding alone."""
CANDIDATES = 4000
LIMIT_S = 20.0


class NearShot(NamedTuple):
    """A shot, by the keyframe of it that the picture is nearest to.

    Attributes:
        number: the shot's in its film, from 1.
        visual: V_r.   semantic: S_a.
        similarities: each metric's max(0, 1 − Δ / range), in METRICS order.
        image: the keyframe's key in the media store.
    """

    film_id: int
    title: str
    director: str
    year: int | None
    number: int
    start_s: float
    end_s: float
    time_s: float
    image: str
    score: float
    visual: float
    semantic: float
    similarities: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """As the search page's JSON has it."""
        names = ("film_id", "title", "director", "year", "number", "start_s", "end_s", "time_s", "image")
        return {name: getattr(self, name) for name in names} | {
            "score": self.score,
            "visual": self.visual,
            "semantic": self.semantic,
            "metrics": dict(zip(METRICS, self.similarities, strict=True)),
        }


@dataclass(frozen=True, slots=True)
class NearShots:
    """The nearest shots, best first.

    Attributes:
        keyframes: how many there are under the profile.
        exact: each of them was scored; else CANDIDATES of them, those nearest by embedding.
    """

    shots: list[NearShot]
    keyframes: int
    exact: bool


def nearest_shots(
    conn: Connection[Any],
    features: Features,
    profile_id: int,
    *,
    k: int = 12,
    weights: Weights = DEFAULT,
    scanned: int = SCANNED,
    limit_s: float = LIMIT_S,
) -> NearShots:
    """The `k` best shots of a picture, each once, best first, ties by film and time. In a transaction of its own.

    Blank shots, and analyses that are not shown, are left out. The ranges are the profile's, as for paintings; a
    profile without paintings has none, and no shots are found.

    Args:
        scanned: so many keyframes are scored one by one at most.
        limit_s: longer it may not take.

    Raises:
        Unavailable: it took longer.
    """
    seen = ranges.of_profile(conn, profile_id)
    if not seen:
        return NearShots([], 0, exact=True)
    score = score_sql(weights, ranges.widths(seen))
    keyframes = 0
    try:
        with conn.transaction():
            conn.execute("SELECT set_config('statement_timeout', %s, true)", (f"{round(1000 * limit_s)}ms",))
            conn.execute("SET LOCAL jit = off")
            row = conn.execute("SELECT count(*) FROM keyframe_features WHERE profile_id = %s", (profile_id,)).fetchone()
            assert row is not None
            keyframes = row[0]
            exact = keyframes <= scanned
            query = sql.SQL("""
                WITH q AS MATERIALIZED ({probe}),
                scored AS MATERIALIZED ({candidates}),
                best AS (
                     SELECT DISTINCT ON (k.shot_id) k.shot_id, k.time_s, k.image, c.score, c.keyframe_id
                       FROM scored AS c
                       JOIN keyframes AS k ON k.id = c.keyframe_id
                       JOIN shots AS s ON s.id = k.shot_id AND s.blank IS NULL
                       JOIN films AS f ON f.analysis_id = s.job_id
                      ORDER BY k.shot_id, c.score DESC, k.frame),
                first AS (SELECT * FROM best ORDER BY score DESC, shot_id LIMIT %(k)s)
                SELECT f.id, f.title, f.director, f.year,
                       (SELECT count(*) FROM shots AS before
                         WHERE before.job_id = s.job_id AND before.start_frame <= s.start_frame)::int,
                       s.start_s, s.end_s, first.time_s, first.image, first.score, {visual}, {semantic}, {similarities}
                  FROM q, first
                  JOIN shots AS s ON s.id = first.shot_id
                  JOIN films AS f ON f.analysis_id = s.job_id
                  JOIN keyframe_features AS p ON p.profile_id = %(profile)s AND p.keyframe_id = first.keyframe_id
                 ORDER BY first.score DESC, f.id, s.start_frame
            """).format(
                probe=probes.given(features),
                candidates=_scan(score.score) if exact else _lists(score.score),
                visual=score.visual,
                semantic=score.semantic,
                similarities=score.similarities,
            )
            args = {"profile": profile_id, "k": k, "candidates": CANDIDATES}
            rows = conn.execute(query, args, binary=True).fetchall()
    except QueryCanceled as error:
        raise Unavailable(
            f"the shots of {keyframes:,} keyframes could not be searched in {limit_s:.0f} s",
            "try again when less is going on",
        ) from error
    shots = [NearShot._make((*row[:-1], tuple(row[-1]))) for row in rows]
    return NearShots(shots, keyframes, exact)


def _scan(score: sql.Composed) -> sql.Composed:
    """Every keyframe's score; those of blank shots and of old analyses fall away afterwards."""
    return sql.SQL("""
        SELECT p.keyframe_id, {score} AS score FROM q, keyframe_features AS p WHERE p.profile_id = %(profile)s
    """).format(score=score)


def _lists(score: sql.Composed) -> sql.Composed:
    """The keyframes nearest by embedding, scored."""
    return sql.SQL("""
        SELECT p.keyframe_id, {score} AS score
          FROM q
         CROSS JOIN LATERAL (
               SELECT near.* FROM keyframe_features AS near
                WHERE near.profile_id = %(profile)s
                ORDER BY l2_distance(near.embedding, q.embedding)
                LIMIT %(candidates)s) AS p
    """).format(score=score)

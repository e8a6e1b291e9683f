"""Metric ranges: what the score divides differences by, taken from a profile's paintings and stored with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from r2r_shared.errors import NotFound
from r2r_shared.queries import film_names
from r2r_shared.queries.profile_state import OF_PAINTING
from r2r_shared.records import METRICS
from r2r_shared.score import NARROWEST_RANGE

PAIRS_AT_MOST = 25_000
"""So many paintings, the farthest out, are compared pair by pair for a vector metric's range."""

_BLOCK = 64
_PARTS = {metric: {"dc": (3, 3), "shadow": (1, 9)}.get(metric, (1, 1)) for metric in METRICS}


@dataclass(frozen=True, slots=True)
class MetricRange:
    """Smallest and largest value of a metric among a profile's paintings, in the metric's units.

    For dominant colours and the shadow pattern, `low` is 0 and `high` the largest distance between two paintings.

    Attributes:
        range: high − low, at least NARROWEST_RANGE.
        centre: the paintings' mean; 9 values, or 1.
        radius: the largest distance of a painting from it.
    """

    low: float
    high: float
    range: float
    centre: list[float]
    radius: float


def of_profile(conn: Connection[Any], profile_id: int) -> dict[str, MetricRange]:
    """The stored ranges by metric, in METRICS order; empty for a profile without paintings."""
    rows = conn.execute(
        "SELECT metric, low, high, range, centre, radius FROM metric_ranges WHERE profile_id = %s", (profile_id,)
    ).fetchall()
    found = {metric: MetricRange(*values) for metric, *values in rows}
    return {metric: found[metric] for metric in METRICS if metric in found}


def refresh(conn: Connection[Any], profile_id: int) -> int:
    """Take the ranges anew after a profile's paintings, their features or their dates changed.

    In the caller's transaction; holds the profile's row until that ends, so that no film is matched against a
    half-changed collection. Where nothing that a score or the chronology depends on has changed, the revision stays
    as it is; what is counted by artist and movement is counted anew where those have changed.

    Returns:
        The profile's revision: one more than before where something changed.
    """
    with conn.transaction():
        row = conn.execute(
            "SELECT revision, fingerprint, names, artists, state FROM profiles WHERE id = %s FOR UPDATE", (profile_id,)
        ).fetchone()
        if row is None:
            raise NotFound(f"there is no profile {profile_id}", "`r2r models list` shows them all")
        revision, known, *called = row
        fingerprint, *calls = _fingerprint(conn, profile_id)
        names = calls[0]
        if calls != called:
            conn.execute("UPDATE profiles SET names = %s, artists = %s, state = %s WHERE id = %s", (*calls, profile_id))
        if names != called[0]:
            film_names.write(conn, profile_id)
        if fingerprint == known:
            return revision
        ranges = _measure(conn, profile_id)
        conn.execute("DELETE FROM metric_ranges WHERE profile_id = %s", (profile_id,))
        with conn.cursor() as cur:
            cur.executemany(
                """
                INSERT INTO metric_ranges (profile_id, metric, low, high, range, centre, radius)
                VALUES (%s, %s, %s, %s, %s, %s, %s)
                """,
                [
                    (profile_id, metric, seen.low, seen.high, seen.range, seen.centre, seen.radius)
                    for metric, seen in ranges.items()
                ],
            )
        conn.execute(
            "UPDATE profiles SET revision = revision + 1, fingerprint = %s WHERE id = %s", (fingerprint, profile_id)
        )
        return revision + 1


def refresh_unnamed(conn: Connection[Any], profile_id: int) -> bool:
    """`refresh` a profile of which a release before 0004 took the ranges, and no names; whether that was to be done.

    Not while a job has it before it to take them: of a collection that is half measured no ranges are taken.
    """
    with conn.transaction():
        row = conn.execute(
            """
            SELECT EXISTS (
                   SELECT FROM profiles AS p
                    WHERE p.id = %s AND p.revision > 0 AND p.names IS NULL
                      AND EXISTS (SELECT FROM painting_features WHERE profile_id = p.id)
                      AND NOT EXISTS (SELECT FROM jobs AS j JOIN segments AS s ON s.job_id = j.id
                                       WHERE j.profile_id = p.id AND j.state IN ('queued', 'running')
                                         AND NOT j.cancel_requested AND s.kind = 'ranges' AND s.state <> 'done'))
            """,
            (profile_id,),
        ).fetchone()
        if row != (True,):
            return False
        refresh(conn, profile_id)
    return True


def _fingerprint(conn: Connection[Any], profile_id: int) -> tuple[bytes | None, ...]:
    """Digests of a profile's paintings: of everything that a match depends on; of their artists and movements; of
    their artists; and of their state (profile_state.py). None where there are none."""
    row = conn.execute(
        f"""
        SELECT sha256(string_agg(sha256(record_send(v) || record_send(row(p.year_from))), '' ORDER BY v.painting_id)),
               sha256(string_agg(sha256(record_send(row(p.id, p.artist, p.movement))), '' ORDER BY v.painting_id)),
               sha256(string_agg(sha256(record_send(row(p.id, p.artist))), '' ORDER BY v.painting_id)),
               sha256(string_agg({OF_PAINTING}, ''::bytea ORDER BY {OF_PAINTING}))
          FROM painting_features AS v
          JOIN paintings AS p ON p.id = v.painting_id
         WHERE v.profile_id = %s
        """,
        (profile_id,),
    ).fetchone()
    assert row is not None
    return row


def _measure(conn: Connection[Any], profile_id: int) -> dict[str, MetricRange]:
    # The small columns alone: about 200 bytes a painting, so a million of them fit in memory.
    rows = conn.execute(
        """
        SELECT dc::real[], avg_dof, max_dof, min_dof, saturation, balance, shadow::real[], contrast
          FROM painting_features WHERE profile_id = %s ORDER BY painting_id
        """,
        (profile_id,),
        binary=True,  # as text, a real comes back as the nearest short decimal
    ).fetchall()
    if not rows:
        return {}
    points = {
        metric: np.array([row[column] for row in rows], dtype=np.float64).reshape(len(rows), *parts)
        for column, (metric, parts) in enumerate(_PARTS.items())
    }
    return {metric: _range(points[metric]) for metric in METRICS}


def _range(points: NDArray[np.float64]) -> MetricRange:
    """(n, parts, values) → the metric's range."""
    low, high = 0.0, largest_distance(points) if points[0].size > 1 else 0.0
    if points[0].size == 1:
        low, high = float(points.min()), float(points.max())
    centre = points.mean(axis=0, keepdims=True)
    return MetricRange(
        low,
        high,
        max(high - low, NARROWEST_RANGE),
        centre.ravel().tolist(),
        float(_distances(centre, points).max()),
    )


def largest_distance(points: NDArray[np.float64], *, at_most: int = PAIRS_AT_MOST) -> float:
    """The largest distance between two points, where a distance is the sum of its parts' Euclidean distances.

    Exact up to `at_most` points. Points are taken from the farthest to the nearest to their mean, in blocks, and
    by the triangle inequality the search ends where two radii together no longer reach the best pair: on real
    collections after a few per cent of the pairs. Of more points than `at_most`, the farthest out are compared.

    Args:
        points: (n, parts, values), n ≥ 1.
    """
    radius = _distances(points.mean(axis=0, keepdims=True), points)[0]
    order = np.argsort(-radius, kind="stable")[:at_most]
    points, radius = points[order], radius[order]
    slack = 1e-9 * float(radius[0])  # a pair on the border must not be lost to rounding
    best = 0.0
    for start in range(0, len(points), _BLOCK):
        end = np.count_nonzero(radius >= best - slack - float(radius[start]))
        if end <= start:  # this block and all after it lie inside
            break
        best = max(best, float(_distances(points[start : start + _BLOCK], points[start:end]).max()))
    return best


def _distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, parts, values), (m, parts, values) → (n, m): sums over the parts of Euclidean distances."""
    total = np.zeros((len(a), len(b)))
    for part in range(a.shape[1]):
        squares = np.zeros((len(a), len(b)))
        for value in range(a.shape[2]):
            squares += np.square(a[:, part, value, None] - b[None, :, part, value])
        total += np.sqrt(squares)
    return total


def widths(ranges: dict[str, MetricRange]) -> dict[str, float]:
    """The ranges as the score takes them."""
    return {metric: ranges[metric].range for metric in METRICS}

"""The two HNSW indexes of a large collection: by embedding, and by *style vector*, the weighted metrics.

The L1 distance of two style vectors never exceeds the loss Σ min(w, Δ · w / range) that S_a subtracts from 1
(score.py), so whatever lies past the second list has a loss of at least the list's last distance:

* a scalar metric gives |Δ| · w / range. The value of a picture that is looked for is first brought into the
  collection's low..high: from there no difference is clipped, and going there only made them smaller.
* n values compared by Euclidean distance give ‖Δ‖₁ · w / (range · √n), for ‖Δ‖₂ ≥ ‖Δ‖₁ / √n. A picture far from
  the collection may be more than one range away from some painting, where the loss is clipped and this is not; by
  the triangle inequality over the collection's centre and radius that is at most `excess`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, errors, sql

from r2r_shared.queries import profiles, ranges
from r2r_shared.queries.ranges import MetricRange
from r2r_shared.records import METRICS
from r2r_shared.score import DEFAULT, NARROWEST_RANGE

INDEX_FROM = 50_000
"""Paintings of a profile from which on it has the indexes: below, a scan is quick enough."""

_STYLE_DIM = 24
_SCALARS = tuple(metric for metric in METRICS if metric not in {"dc", "shadow"})


@dataclass(frozen=True, slots=True)
class Expressions:
    """What the two indexes of a profile are over, as of its ranges."""

    dim: int
    ranges: dict[str, MetricRange]

    def embedding(self, row: sql.Composable) -> sql.Composed:
        """The embedding of `row`, an alias."""
        return sql.SQL("({}.embedding::vector({}))").format(row, self.dim)

    def style(self, row: sql.Composable, *, clamped: bool = False) -> sql.Composed:
        """The style vector of `row`, an alias; `clamped` for the picture that is looked for."""
        scalars: list[sql.Composable] = []
        for metric in _SCALARS:
            low, high = self.ranges[metric].low, self.ranges[metric].high
            value: sql.Composable = sql.SQL("{}.{}").format(row, sql.Identifier(metric))
            if clamped:
                value = sql.SQL("least(greatest({}, {}), {})").format(value, low, high)
            scalars.append(sql.SQL("({} - {}) * {}").format(value, low, self._slope(metric)))
        return sql.SQL(
            "(({row}.dc * {dc}::vector || ARRAY[{scalars}]::vector || {row}.shadow * {shadow}::vector)::vector({dim}))"
        ).format(
            row=row,
            dc=str([self._slope("dc") / math.sqrt(3)] * 9),
            scalars=sql.SQL(", ").join(scalars),
            shadow=str([self._slope("shadow") / math.sqrt(9)] * 9),
            dim=_STYLE_DIM,
        )

    def excess(self, row: sql.Composable) -> sql.Composed:
        """By how much the style distance between `row` and a painting may exceed the loss."""
        dc, shadow = self.ranges["dc"], self.ranges["shadow"]
        return sql.SQL("""
            greatest(0.0, {dc} * (l2_distance({row}.dc1, {dc1}) + l2_distance({row}.dc2, {dc2})
                                  + l2_distance({row}.dc3, {dc3}) + {dc_beyond}))
            + greatest(0.0, {shadow} * (l2_distance({row}.shadow, {centre}) + {shadow_beyond}))
        """).format(
            row=row,
            dc=self._slope("dc"),
            dc1=str(dc.centre[:3]),
            dc2=str(dc.centre[3:6]),
            dc3=str(dc.centre[6:]),
            dc_beyond=dc.radius - dc.range,
            shadow=self._slope("shadow"),
            centre=str(shadow.centre),
            shadow_beyond=shadow.radius - shadow.range,
        )

    def digest(self) -> str:
        """Differs where the style vectors of the same paintings differ."""
        text = repr((DEFAULT.values(), [(self.ranges[metric].low, self.ranges[metric].range) for metric in METRICS]))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def _slope(self, metric: str) -> float:
        width = self.ranges[metric].range
        return 0.0 if width <= NARROWEST_RANGE else DEFAULT.named()[metric] / width  # 0: nothing to order by


def names(profile_id: int, expressions: Expressions) -> tuple[str, str]:
    """Names of a profile's two indexes; other ranges make another second index."""
    prefix = f"painting_features_{profile_id}"
    return f"{prefix}_visual", f"{prefix}_style_{expressions.digest()}"


def exist(conn: Connection[Any], profile_id: int, expressions: Expressions) -> bool:
    """Whether a profile has both indexes, for these ranges."""
    there = _indexes(conn, profile_id)
    return all(there.get(name) for name in names(profile_id, expressions))


def ensure_indexes(conn: Connection[Any], profile_id: int, *, at_least: int = INDEX_FROM) -> list[str]:
    """Make a profile's indexes fit its paintings and ranges: what is missing is built, what is outdated dropped.

    To follow `ranges.refresh`, in the caller's transaction: a crash leaves no half-built index, and writers of
    features wait until it ends.

    Args:
        at_least: with fewer paintings than this, a profile has no indexes.

    Returns:
        The names of those that were built.
    """
    with conn.transaction():
        conn.execute("SELECT FROM profiles WHERE id = %s FOR UPDATE", (profile_id,))
        profile = profiles.get(conn, profile_id)
        seen = ranges.of_profile(conn, profile_id)
        row = conn.execute("SELECT count(*) FROM painting_features WHERE profile_id = %s", (profile_id,)).fetchone()
        assert row is not None
        wanted: dict[str, sql.Composed] = {}
        if seen and row[0] >= at_least:
            expressions = Expressions(profile.dim, seen)
            table = sql.Identifier("painting_features")
            visual, style = names(profile_id, expressions)
            wanted[visual] = sql.SQL("{} vector_l2_ops").format(expressions.embedding(table))
            wanted[style] = sql.SQL("{} vector_l1_ops").format(expressions.style(table))
        there = _indexes(conn, profile_id)
        for name, valid in there.items():
            if not valid or name not in wanted:
                conn.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        missing = [name for name in wanted if not there.get(name)]
        for name in missing:
            _build(conn, name, wanted[name], profile_id=profile_id, megabytes=_graph_mb(row[0], profile.dim))
    return missing


def drop_indexes(conn: Connection[Any], profile_id: int) -> None:
    """Drop the indexes of a profile that is no more, in the caller's transaction."""
    for name in _indexes(conn, profile_id):
        conn.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))


def _build(conn: Connection[Any], name: str, over: sql.Composed, *, profile_id: int, megabytes: int) -> None:
    create = sql.SQL("CREATE INDEX {} ON painting_features USING hnsw ({}) WHERE profile_id = {}").format(
        sql.Identifier(name), over, profile_id
    )
    conn.execute("SELECT set_config('maintenance_work_mem', %s, true)", (f"{megabytes}MB",))
    try:
        with conn.transaction():
            conn.execute(create)
    except errors.DiskFull:  # a container's /dev/shm is 64 MB, and there parallel workers share the graph
        conn.execute("SET LOCAL max_parallel_maintenance_workers = 0")
        conn.execute(create)


def _graph_mb(paintings: int, dim: int) -> int:
    """Memory in which pgvector builds a graph fast: vectors and about 0.8 kB of links each; at most 4 GB."""
    return min(4096, max(64, round(paintings * (4 * dim + 800) * 1.2 / 2**20)))


def _indexes(conn: Connection[Any], profile_id: int) -> dict[str, bool]:
    """A profile's indexes by name, and whether each is valid: one that failed half-way exists, and finds nothing."""
    rows = conn.execute(
        """
        SELECT c.relname, i.indisvalid
          FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
         WHERE i.indrelid = 'painting_features'::regclass AND starts_with(c.relname, %s)
        """,
        (f"painting_features_{profile_id}_",),
    ).fetchall()
    return dict(rows)

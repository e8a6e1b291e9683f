"""Probes: the pictures that paintings are looked for, and running one search for each of many of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from psycopg import Connection, sql

from r2r_shared.records import Features
from r2r_shared.score import ScoreSql, Weights

Found: TypeAlias = tuple[int, float, float, float, list[float], float]
"""painting id, score, V_r, S_a, each metric's similarity in METRICS order, and the search's bound: no painting
that it did not look at scores above that."""

_BATCH = 512  # keyframes a statement: bounds what the client holds, and how long a cancel has to wait
_BRANCHES = 16  # of a statement; a worker that becomes free takes the next

_SCALARS = ("avg_dof", "max_dof", "min_dof", "saturation", "balance", "contrast")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is looked for, and among which paintings.

    Attributes:
        k: how many of the best.
        score: the score's expressions under `weights`, over a probe `q` and a painting's features `p`.
        paintings: how many of the profile's may be matched.
        left_out: ids of those that may not.
    """

    profile_id: int
    k: int
    weights: Weights
    score: ScoreSql
    paintings: int
    left_out: list[int]

    def eligible(self) -> sql.Composable:
        """The condition that painting `p` is one of the profile's and not left out."""
        ours = sql.SQL("p.profile_id = {}").format(self.profile_id)
        if not self.left_out:
            return ours
        # An array that is a constant is hashed, once a query.
        return sql.SQL("{} AND p.painting_id <> ALL ({}::bigint[])").format(ours, self.left_out)


def stored(profile_id: int) -> sql.Composed:
    """The probe of `for_each`: a query for the features of the keyframe that its function is called with."""
    return sql.SQL("SELECT * FROM keyframe_features WHERE profile_id = {} AND keyframe_id = keyframe").format(
        profile_id
    )


def given(features: Features) -> sql.Composed:
    """Any picture as a probe: a query whose one row looks like one of keyframe_features."""
    vectors = {"dc": features.dc, "embedding": features.embedding, "shadow": features.shadow}
    vectors |= {f"dc{i + 1}": features.dc[3 * i : 3 * i + 3] for i in range(3)}
    columns = [
        *(sql.SQL("{}::vector AS {}").format(_vector(value), sql.Identifier(name)) for name, value in vectors.items()),
        *(
            sql.SQL("{}::double precision AS {}").format(float(getattr(features, name)), sql.Identifier(name))
            for name in _SCALARS
        ),
    ]
    return sql.SQL("SELECT {}").format(sql.SQL(", ").join(columns))


def for_each(
    conn: Connection[Any], keyframe_ids: Sequence[int], search: sql.Composed, *, settings: Mapping[str, str]
) -> Iterator[dict[int, list[Found]]]:
    """Run a search for each keyframe, on as many cores as the server grants; yields batches, by keyframe.

    A LATERAL subquery with a LIMIT never runs in parallel, a parallel-safe function does: so the search is made a
    temporary function, and the keyframes are spread over the branches of a parallel append. In the caller's
    transaction, whose planner settings it changes.

    Args:
        search: a query for Found rows, best first, over the probe of `stored`.
        settings: server settings that hold inside the search.
    """
    create = sql.SQL("""
        CREATE OR REPLACE FUNCTION pg_temp.r2r_search(keyframe bigint)
        RETURNS TABLE (painting_id bigint, score double precision, visual double precision,
                       semantic double precision, similarities real[], bound double precision)
        LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 {settings} AS {body}
    """).format(
        settings=sql.SQL(" ").join(
            sql.SQL("SET {} = {}").format(sql.Identifier(*name.split(".")), value) for name, value in settings.items()
        ),
        body=sql.Literal(search.as_string(conn)),
    )
    branch = sql.SQL("""
        SELECT one.id, found.painting_id, found.score, found.visual, found.semantic, found.similarities, found.bound
          FROM unnest(%s::bigint[]) AS one (id)
         CROSS JOIN LATERAL pg_temp.r2r_search(one.id) AS found
    """)
    # The planner is to think workers free; JIT would compile the same expression for every branch.
    conn.execute("SET LOCAL parallel_setup_cost = 0")
    conn.execute("SET LOCAL parallel_tuple_cost = 0")
    conn.execute("SET LOCAL jit = off")
    conn.execute(create)
    for start in range(0, len(keyframe_ids), _BATCH):
        batch = list(keyframe_ids[start : start + _BATCH])
        slices = [batch[i::_BRANCHES] for i in range(min(_BRANCHES, len(batch)))]
        query = sql.SQL(" UNION ALL ").join([branch] * len(slices))
        found: dict[int, list[Found]] = {keyframe_id: [] for keyframe_id in batch}
        for keyframe_id, *row in conn.execute(query, slices, binary=True):
            found[keyframe_id].append((row[0], row[1], row[2], row[3], row[4], row[5]))  # in order, from one worker
        yield found
    conn.execute("DROP FUNCTION pg_temp.r2r_search(bigint)")


def _vector(values: Sequence[float]) -> sql.Literal:
    return sql.Literal("[" + ",".join(map(repr, np.asarray(values, dtype=np.float32).tolist())) + "]")

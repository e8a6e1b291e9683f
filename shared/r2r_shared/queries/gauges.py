"""What an operator watches, counted over the rows: `r2r metrics` shows it to Prometheus.

One look costs one scan of `segments` and of `jobs`. It is the rows' own truth: no worker need live for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class SegmentGroup:
    """Segments of one queue, kind and state.

    `frames` and the seconds are sums over what these segments' workers noted as they finished, and 0 while they run.
    """

    queue: str
    kind: str
    state: str
    count: int
    frames: int
    decode_s: float
    model_s: float
    match_s: float


@dataclass(frozen=True, slots=True)
class Gauges:
    """One look at the rows, all of the same moment, on the database's clock.

    Attributes:
        jobs: (kind, state, how many).
        failures: attempts that did not end well, by reason.
        oldest_lease_s: seconds since the last heartbeat of the running segment that was heard least; 0 where none runs.
            One that was never heard counts from its start.
        stale_leases: running segments that have been silent for longer than a lease.
        workers: main processes that hold a lease.
        oldest_queued_s: seconds that the oldest job has waited of those with a segment in a queue, by queue.
        sweep_s: seconds since each host's beat swept last.
    """

    segments: tuple[SegmentGroup, ...]
    jobs: tuple[tuple[str, str, int], ...]
    failures: dict[str, int]
    oldest_lease_s: float
    stale_leases: int
    workers: int
    oldest_queued_s: dict[str, float]
    sweep_s: dict[str, float]


def read(conn: Connection[Any], *, limit_s: float = 5.0) -> Gauges:
    """Count, in one transaction that reads alone.

    Args:
        limit_s: a query that takes longer is broken off by the server.

    Raises:
        psycopg.OperationalError: a query took too long, or the server went away.
    """
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        conn.execute("SELECT set_config('statement_timeout', %s, true)", (f"{limit_s * 1000:.0f}ms",))
        oldest_lease_s, stale_leases, workers = _leases(conn)
        return Gauges(
            segments=tuple(_segments(conn)),
            jobs=tuple(_jobs(conn)),
            failures=_failures(conn),
            oldest_lease_s=oldest_lease_s,
            stale_leases=stale_leases,
            workers=workers,
            oldest_queued_s=_queued(conn),
            sweep_s=sweeps(conn),
        )


def _segments(conn: Connection[Any]) -> list[SegmentGroup]:
    # Postgres evaluates what is filtered out no less; the CASE spares it taking apart what has no numbers yet.
    query = """
        SELECT queue, kind, state, count(*) AS count,
               coalesce(sum(CASE WHEN state = 'done' THEN (stats->>'frames')::float8 END), 0)::bigint AS frames,
               coalesce(sum(CASE WHEN state = 'done' THEN (stats->>'decode_s')::float8 END), 0) AS decode_s,
               coalesce(sum(CASE WHEN state = 'done' THEN (stats->>'model_s')::float8 END), 0) AS model_s,
               coalesce(sum(CASE WHEN state = 'done' THEN (stats->>'match_s')::float8 END), 0) AS match_s
          FROM segments
         GROUP BY queue, kind, state
         ORDER BY queue, kind, state
    """
    with conn.cursor(row_factory=class_row(SegmentGroup)) as cur:
        return cur.execute(query).fetchall()


def _jobs(conn: Connection[Any]) -> list[tuple[str, str, int]]:
    return conn.execute("SELECT kind, state, count(*) FROM jobs GROUP BY kind, state ORDER BY kind, state").fetchall()


def _failures(conn: Connection[Any]) -> dict[str, int]:
    return dict(conn.execute("SELECT reason, count(*) FROM failures GROUP BY reason ORDER BY reason").fetchall())


def _leases(conn: Connection[Any]) -> tuple[float, int, int]:
    query = """
        SELECT coalesce(max(extract(epoch FROM now() - coalesce(heartbeat_at, started_at))), 0)::float8,
               count(*) FILTER (WHERE heartbeat_at IS NULL OR heartbeat_at < now() - make_interval(secs => lease_s)),
               count(DISTINCT split_part(worker, '/', 1))
          FROM segments
         WHERE state = 'running'
    """
    row = conn.execute(query).fetchone()
    assert row is not None
    return row


def _queued(conn: Connection[Any]) -> dict[str, float]:
    query = """
        SELECT waiting.queue, extract(epoch FROM now() - min(j.created_at))::float8
          FROM (SELECT DISTINCT queue, job_id FROM segments WHERE state = 'queued') AS waiting
          JOIN jobs AS j ON j.id = waiting.job_id
         GROUP BY waiting.queue
    """
    return dict(conn.execute(query).fetchall())


def sweeps(conn: Connection[Any]) -> dict[str, float]:
    query = "SELECT host, greatest(extract(epoch FROM now() - swept_at), 0)::float8 FROM beats ORDER BY host"
    return dict(conn.execute(query).fetchall())

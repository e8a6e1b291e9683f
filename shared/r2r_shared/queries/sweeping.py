"""The sweep: what no living worker holds is sent again, ended with its job, or failed once it is out of attempts.

Any number of sweeps may run at once; rows are locked in the order that segments.py describes.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from r2r_shared.queries import jobs
from r2r_shared.queries.segments import Message

SENT_AHEAD = 256
"""Segments of a kind that have a message under way; the rest wait as rows, and Redis stays small."""

PATIENCE_S = 300.0
"""A message that may have been lost is repeated at least this often."""


def sweep(conn: Connection[Any], *, lease_s: float, max_attempts: int, job_id: int | None = None) -> list[Message]:
    """Find the work that no living worker holds, and return the messages to send for it.

    Queued segments whose message is older than a lease may have lost it, stale running ones their worker.
    Those out of attempts fail, with their job. Any number of sweeps may run at once: each skips the rows
    that another holds. `job_id` confines it to one job.
    """
    args = {
        "lease_s": lease_s,
        "max_attempts": max_attempts,
        "job": job_id,
        "window": SENT_AHEAD,
        "patience_s": max(lease_s, PATIENCE_S),
    }
    stale = "(s.heartbeat_at IS NULL OR s.heartbeat_at < now() - make_interval(secs => %(lease_s)s))"
    with conn.transaction():  # of jobs that were cancelled or have failed: what nobody will work on any more
        ended = conn.execute(
            f"""
            WITH gone AS MATERIALIZED (
                SELECT s.id FROM segments AS s JOIN jobs AS j ON j.id = s.job_id
                 WHERE s.state IN ('blocked', 'queued', 'running')
                   AND (j.state = 'failed'
                        OR (j.cancel_requested AND j.state IN ('queued', 'running')
                            AND (s.state <> 'running' OR {stale})))
                   AND (%(job)s::bigint IS NULL OR s.job_id = %(job)s)
                 ORDER BY s.id
                   FOR NO KEY UPDATE OF s SKIP LOCKED
            )
            UPDATE segments AS s SET state = 'cancelled', finished_at = now() FROM gone WHERE s.id = gone.id
            RETURNING s.job_id
            """,
            args,
        ).fetchall()
        for job in sorted({row[0] for row in ended}):
            jobs.settle_cancelled(conn, job)
    with conn.transaction():
        exhausted = conn.execute(
            f"""
            WITH gone AS MATERIALIZED (
                SELECT s.id FROM segments AS s JOIN jobs AS j ON j.id = s.job_id
                 WHERE j.state IN ('queued', 'running') AND NOT j.cancel_requested AND s.attempt >= %(max_attempts)s
                   AND ((s.state = 'running' AND {stale}) OR s.state = 'queued')
                   AND (%(job)s::bigint IS NULL OR s.job_id = %(job)s)
                 ORDER BY s.id
                   FOR NO KEY UPDATE OF s SKIP LOCKED
            )
            UPDATE segments AS s
               SET state = 'failed', finished_at = now(),
                   error = CASE WHEN s.state = 'running'
                                THEN format('%%s attempts; each time the worker died or fell silent (last: %%s)%%s',
                                            s.attempt, s.worker, '; before that: ' || s.error)
                                ELSE format('%%s attempts; the last one: %%s', s.attempt, s.error) END
              FROM gone WHERE s.id = gone.id
            RETURNING s.job_id, s.error
            """,
            args,
        ).fetchall()
        for job, error in sorted(exhausted):
            jobs.fail(conn, job, error=error)
    with conn.transaction():
        rows = conn.execute(
            f"""
            WITH next AS MATERIALIZED (
                SELECT s.id, s.sent_at, j.priority, j.created_at,
                       row_number() OVER (PARTITION BY s.kind ORDER BY j.priority DESC, j.id, s.number) AS place
                  FROM segments AS s JOIN jobs AS j ON j.id = s.job_id
                 WHERE j.state IN ('queued', 'running') AND NOT j.cancel_requested
                   AND (s.state = 'queued' OR (s.state = 'running' AND {stale}))
                   AND (%(job)s::bigint IS NULL OR s.job_id = %(job)s)
            ), due AS MATERIALIZED (
                SELECT s.id, next.priority
                  FROM next JOIN segments AS s ON s.id = next.id
                 WHERE next.place <= %(window)s
                   AND s.state IN ('queued', 'running')
                   -- the longer a segment has waited, the rarer its message is repeated: twice as late each time
                   AND (s.sent_at IS NULL
                        OR now() - s.sent_at > least(greatest(make_interval(secs => %(lease_s)s),
                                                              s.sent_at - next.created_at),
                                                     make_interval(secs => %(patience_s)s)))
                 ORDER BY next.place
                   FOR NO KEY UPDATE OF s SKIP LOCKED
            )
            UPDATE segments AS s SET sent_at = now() FROM due WHERE s.id = due.id
            RETURNING s.id, s.kind, due.priority
            """,
            args,
        ).fetchall()
    return [Message(segment_id=row[0], kind=row[1], priority=row[2]) for row in rows]

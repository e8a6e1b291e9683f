"""The sweep: what no living worker holds is queued again, ended with its job, or failed once it is out of attempts;
and as many messages are sent as there is work to be looked at.

Any number of sweeps may run at once; rows are locked in the order that segments.py describes. Where there is nothing to
do a sweep is one small query.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from psycopg import Connection

from r2r_shared import names
from r2r_shared.queries import job_changes
from r2r_shared.queries.segments import Message

SENT_AHEAD = 256
"""Segments of a queue that have a message under way; the rest wait as rows, and Redis stays small."""

ELSEWHERE = 32
"""Segments that were put off, and have a message sent for another host to try, in one sweep."""

LOST_S = 3.0
"""A message this old that is neither in Redis nor with a worker is lost."""


def sweep(conn: Connection[Any], *, max_attempts: int, depth_of: Callable[[str], int]) -> list[Message]:
    """Put right what no worker will, and return the messages to send.

    How long a worker may be silent is its own setting, in the row that it holds: who sweeps has no say in it.

    Args:
        depth_of: how many messages wait in a queue; asked only where rows of it wait.

    Raises:
        Unavailable: the broker cannot be asked. The rows have been put right by then.
    """
    loose, stale, waiting = _look(conn)
    if loose:
        _tie_up(conn)
    if stale:
        _put_back(conn, max_attempts=max_attempts)
        waiting = _look(conn)[2]
    return [message for queue in waiting for message in _top_up(conn, queue, depth_of(queue))]


_STALE = "(s.heartbeat_at IS NULL OR s.heartbeat_at < now() - make_interval(secs => s.lease_s))"


def _look(conn: Connection[Any]) -> tuple[bool, bool, Sequence[str]]:
    """Whether jobs have loose ends, whether leases have run out, and which queues hold rows."""
    query = f"""
        SELECT EXISTS (SELECT FROM jobs WHERE loose),
               EXISTS (SELECT FROM segments AS s WHERE s.state = 'running' AND {_STALE}),
               ARRAY(SELECT queue FROM unnest(%s::text[]) AS queue
                      WHERE EXISTS (SELECT FROM segments AS s WHERE s.queue = queue.queue AND s.state = 'queued'))
    """
    row = conn.execute(query, (list(names.QUEUES),)).fetchone()
    assert row is not None
    return row


def _tie_up(conn: Connection[Any]) -> None:
    """End the open segments of jobs that have failed, or were cancelled; those at work end by themselves.

    One job at a time, and only those that nobody else holds: a person may be trying one again at this moment, and
    what was read before its row is ours may be of yesterday.
    """
    for (job_id,) in conn.execute("SELECT id FROM jobs WHERE loose ORDER BY id").fetchall():
        with conn.transaction():
            free = conn.execute(
                "SELECT id FROM segments WHERE job_id = %s AND state IN ('blocked', 'queued', 'running') "
                "ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
                (job_id,),
            ).fetchall()
            job = conn.execute(
                "SELECT state FROM jobs WHERE id = %s AND loose FOR NO KEY UPDATE SKIP LOCKED", (job_id,)
            ).fetchone()
            if job is None:
                continue
            conn.execute(
                f"""
                UPDATE segments AS s SET state = 'cancelled', finished_at = now()
                 WHERE s.id = ANY(%s)
                   AND (s.state IN ('blocked', 'queued') OR (s.state = 'running' AND (%s OR {_STALE})))
                """,
                ([row[0] for row in free], job[0] == "failed"),
            )
            job_changes.settle_cancelled(conn, job_id)
            conn.execute(
                """
                UPDATE jobs SET loose = false
                 WHERE id = %(job)s AND state NOT IN ('queued', 'running')
                   AND NOT EXISTS (SELECT FROM segments
                                    WHERE job_id = %(job)s AND state IN ('blocked', 'queued', 'running'))
                """,
                {"job": job_id},
            )


def _put_back(conn: Connection[Any], *, max_attempts: int) -> None:
    """Queue again what a worker held that is heard no more; what is out of attempts fails, with its job."""
    with conn.transaction():
        rows = conn.execute(
            f"""
            WITH gone AS MATERIALIZED (
                SELECT s.id, s.attempt, s.worker, s.error, s.log
                  FROM segments AS s JOIN jobs AS j ON j.id = s.job_id
                 WHERE s.state = 'running'
                   AND {_STALE}
                   AND j.state IN ('queued', 'running') AND NOT j.cancel_requested
                 ORDER BY s.id
                   FOR NO KEY UPDATE OF s SKIP LOCKED
            ), noted AS (
                INSERT INTO failures (segment_id, attempt, worker, reason, error, log)
                SELECT id, attempt, worker, 'silent', 'the worker died or fell silent', log FROM gone
            )
            UPDATE segments AS s
               SET state = CASE WHEN s.attempt < %(most)s THEN 'queued' ELSE 'failed' END,
                   finished_at = CASE WHEN s.attempt < %(most)s THEN NULL ELSE now() END,
                   error = CASE WHEN s.attempt < %(most)s THEN s.error
                                ELSE format('%%s attempts; each time the worker died or fell silent (last: %%s)%%s',
                                            s.attempt, s.worker, '; before that: ' || s.error) END,
                   heartbeat_at = NULL, sent_at = NULL, progress = 0, stats = '{{}}'
              FROM gone
             WHERE s.id = gone.id
            RETURNING s.job_id, s.state, s.error
            """,
            {"most": max_attempts},
        ).fetchall()
        for job, state, error in sorted(rows, key=lambda row: row[0]):
            if state == "failed":
                job_changes.fail(conn, job, error=error)


def _top_up(conn: Connection[Any], queue: str, depth: int) -> list[Message]:
    """Messages for the most urgent segments that have none yet, and in place of those that Redis has lost.

    Which message was lost cannot be known, and need not be: each is worth one look at its queue. What one host has put
    off may be another's to do, so that it is sent, too, and then once a minute until its time.
    """
    query = """
        WITH due AS MATERIALIZED (
            SELECT ahead.id
              FROM (SELECT id, sent_at FROM segments
                     WHERE queue = %(queue)s AND state = 'queued' AND (not_before IS NULL OR not_before <= now())
                     ORDER BY priority DESC, due_at, job_id, number
                     LIMIT %(ahead)s) AS ahead
             WHERE ahead.sent_at IS NULL
             UNION
            SELECT elsewhere.id
              FROM (SELECT id FROM segments
                     WHERE queue = %(queue)s AND state = 'queued' AND not_before IS NOT NULL AND sent_at IS NULL
                     LIMIT %(elsewhere)s) AS elsewhere
             UNION
            SELECT lost.id
              FROM (SELECT id FROM segments
                     WHERE queue = %(queue)s AND state = 'queued'
                       AND sent_at < now() - CASE WHEN not_before > now() THEN interval '1 minute'
                                                  ELSE make_interval(secs => %(lost_s)s) END
                     ORDER BY sent_at
                     LIMIT greatest(0, (SELECT count(*) FROM segments
                                         WHERE queue = %(queue)s AND state = 'queued' AND sent_at IS NOT NULL
                                           AND (not_before IS NULL OR not_before <= now()
                                                OR sent_at < now() - interval '1 minute')) - %(depth)s)) AS lost
        ), mine AS MATERIALIZED (
            SELECT s.id
              FROM segments AS s JOIN due ON due.id = s.id
             WHERE s.state = 'queued'
             ORDER BY s.id
               FOR NO KEY UPDATE OF s SKIP LOCKED
        )
        UPDATE segments AS s SET sent_at = now() FROM mine WHERE s.id = mine.id
        RETURNING s.id, s.queue
    """
    args = {"queue": queue, "ahead": SENT_AHEAD, "elsewhere": ELSEWHERE, "lost_s": LOST_S, "depth": depth}
    with conn.transaction():
        return [Message(*row) for row in conn.execute(query, args).fetchall()]


def note_beat(conn: Connection[Any], host: str) -> None:
    """Note that this host's `r2r beat` has swept now; those that have been gone for a day are forgotten."""
    conn.execute(
        """
        WITH gone AS (DELETE FROM beats WHERE swept_at < now() - interval '1 day' AND host <> %(host)s)
        INSERT INTO beats (host, swept_at) VALUES (%(host)s, now())
        ON CONFLICT (host) DO UPDATE SET swept_at = now()
        """,
        {"host": host},
    )

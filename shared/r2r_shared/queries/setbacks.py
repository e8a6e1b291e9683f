"""What becomes of an attempt at a segment that does not end well: queued again, put off, failed, or given up.

Only while its fence is still the row's; what each attempt came to is kept in `failures`. Rows are locked in the order
that segments.py describes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import Connection

from r2r_shared.queries import job_changes
from r2r_shared.records import Lease

Reason = Literal["silent", "decoder", "refused", "unavailable", "memory", "bug"]
"""What kind of failure it was: its worker was killed or heard no more; the decoder died or hung; the film, the picture
or a setting was refused; a server or a store did not answer; memory ran out; a mistake of ours."""

MOST_WAITS = 1000
"""How often a segment is put off: for more than three days."""

MEMORY_PAUSE_S = 5.0
"""What took the memory may be gone in a while: three attempts in two seconds would meet the same shortage."""


_WITH_THIS_HOST = "array_append(array_remove(avoided_by, split_part(worker, ':', 1)), split_part(worker, ':', 1))"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not end well, and what its worker logged last."""

    reason: Reason
    error: str
    log: Sequence[str] = ()


def hand_back(conn: Connection[Any], held: Lease, failure: Failure, *, max_attempts: int) -> None:
    """Put a segment back into the queue that met something that may pass; after too many attempts it fails.

    Where memory ran out it waits for MEMORY_PAUSE_S, after another such attempt for twice that, and so on.
    """
    if _is_cancelled(conn, held):
        give_up(conn, held)
        return
    with conn.transaction():
        ours = conn.execute(
            f"""
            UPDATE segments
               SET state = CASE WHEN attempt < %(most)s THEN 'queued' ELSE 'failed' END,
                   finished_at = CASE WHEN attempt < %(most)s THEN NULL ELSE now() END,
                   error = CASE WHEN attempt < %(most)s THEN %(error)s
                                ELSE format('%%s attempts; the last one: %%s', attempt, %(error)s::text) END,
                   not_before = now() + make_interval(secs => %(pause_s)s * attempt),
                   avoided_by = CASE WHEN %(pause_s)s::float8 IS NULL THEN avoided_by
                                     ELSE {_WITH_THIS_HOST} END,
                   heartbeat_at = NULL, sent_at = NULL, progress = 0, stats = '{{}}'
             WHERE id = %(segment)s AND fence = %(fence)s AND state = 'running'
            RETURNING state, error
            """,
            {
                "most": max_attempts,
                "error": failure.error,
                "segment": held.id,
                "fence": held.fence,
                "pause_s": MEMORY_PAUSE_S if failure.reason == "memory" else None,
            },
        ).fetchone()
        if ours is None:
            return
        _note(conn, held, failure)
        if ours[0] == "failed":
            job_changes.fail(conn, held.job_id, error=ours[1])


def put_off(conn: Connection[Any], held: Lease, failure: Failure) -> None:
    """Put a segment back whose worker found a server or a store away: nobody's failure, so no attempt is counted.

    Its host tries it again after 5 s, then after twice as long each time, up to five minutes; for days in all. A film
    archive whose media store is full over a weekend has not lost its queue on Monday. Another host may try it at once.
    """
    if _is_cancelled(conn, held):
        give_up(conn, held)
        return
    with conn.transaction():
        ours = conn.execute(
            f"""
            UPDATE segments
               SET state = CASE WHEN waits < %(most)s THEN 'queued' ELSE 'failed' END,
                   finished_at = CASE WHEN waits < %(most)s THEN NULL ELSE now() END,
                   waits = waits + 1, attempt = attempt - 1,
                   not_before = now() + least(make_interval(secs => 5 * 2 ^ least(waits, 10)), interval '5 minutes'),
                   avoided_by = {_WITH_THIS_HOST},
                   error = %(error)s, heartbeat_at = NULL, sent_at = NULL, progress = 0, stats = '{{}}'
             WHERE id = %(segment)s AND fence = %(fence)s AND state = 'running'
            RETURNING state
            """,
            {
                "most": MOST_WAITS,
                "error": failure.error,
                "segment": held.id,
                "fence": held.fence,
            },
        ).fetchone()
        if ours is None:
            return
        _note(conn, held, failure)
        if ours[0] == "failed":
            job_changes.fail(conn, held.job_id, error=f"{failure.error}; it was tried {MOST_WAITS} times")


def fail(conn: Connection[Any], held: Lease, failure: Failure) -> None:
    """End a segment, and with it its job, for a reason that trying again will not mend."""
    with conn.transaction():
        failed = conn.execute(
            """
            UPDATE segments SET state = 'failed', error = %s, finished_at = now()
             WHERE id = %s AND fence = %s AND state = 'running'
            """,
            (failure.error, held.id, held.fence),
        ).rowcount
        if failed:
            _note(conn, held, failure)
            job_changes.fail(conn, held.job_id, error=failure.error)


def _is_cancelled(conn: Connection[Any], held: Lease) -> bool:
    row = conn.execute("SELECT cancel_requested FROM jobs WHERE id = %s", (held.job_id,)).fetchone()
    return row == (True,)


def _note(conn: Connection[Any], held: Lease, failure: Failure) -> None:
    """Keep what an attempt came to, with the worker as the row names it."""
    conn.execute(
        """
        INSERT INTO failures (segment_id, attempt, worker, reason, error, log)
        SELECT id, %s, worker, %s, %s, %s FROM segments WHERE id = %s
        """,
        (held.attempt, failure.reason, failure.error, list(failure.log), held.id),
    )


def give_up(conn: Connection[Any], held: Lease) -> None:
    """A worker noticed that the job was cancelled: its segment ends, and the job with the last of them."""
    with conn.transaction():
        conn.execute(
            """
            UPDATE segments AS s SET state = 'cancelled', finished_at = now()
              FROM jobs AS j
             WHERE s.id = %s AND s.fence = %s AND s.state = 'running' AND j.id = s.job_id AND j.cancel_requested
            """,
            (held.id, held.fence),
        )
        job_changes.settle_cancelled(conn, held.job_id)


def hand_back_of(conn: Connection[Any], worker: str) -> int:
    """Queue again what a worker held that was stopped on purpose and is known to be dead. No attempt is counted.

    Segments of a job that was cancelled end instead, and with the last of them the job.

    Args:
        worker: the beginning of its name: "host:pid" of one process, or "host:pid/" of a worker's children.
    """
    query = """
        WITH mine AS MATERIALIZED (
            SELECT s.id, j.cancel_requested AS over
              FROM segments AS s JOIN jobs AS j ON j.id = s.job_id
             WHERE starts_with(s.worker, %s) AND s.state = 'running'
             ORDER BY s.id
               FOR NO KEY UPDATE OF s
        )
        UPDATE segments AS s
           SET state = CASE WHEN mine.over THEN 'cancelled' ELSE 'queued' END,
               worker = NULL, heartbeat_at = NULL, sent_at = NULL, progress = 0, stats = '{}',
               attempt = s.attempt - 1
          FROM mine
         WHERE s.id = mine.id
        RETURNING s.job_id, mine.over
    """
    with conn.transaction():
        rows = conn.execute(query, (worker,)).fetchall()
        for job in sorted({job for job, over in rows if over}):
            job_changes.settle_cancelled(conn, job)
    return len(rows)

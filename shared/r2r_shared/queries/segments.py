"""Segments: units of work that one worker leases and finishes in one transaction.

The promises (DESIGN section 6) are kept here, on the database's clock alone:

* `lease` takes a row nobody holds, counts the attempt at once (so that `kill -9` counts), and hands out
  a fence number that no other lease ever had.
* `beat` keeps the lease alive, and tells its holder when it was lost or the job was cancelled.
* `hold` opens a short transaction that writes results, `finish` closes each, and both only while the fence is
  still the row's.
* `sweeping.sweep` finds what no living worker holds: it is sent again, or failed once it is out of attempts.

Rows are locked in one order everywhere, a job's segments by id, then the job, then what they hang on, and with
FOR NO KEY UPDATE: rows that refer to a job or segment take a key share of it, and two workers that each write some
and then ask for the job would otherwise wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from r2r_shared import names
from r2r_shared.errors import Cancelled, LeaseLost
from r2r_shared.queries import jobs
from r2r_shared.records import Lease

CLOSING = (names.MATCH, names.RANGES)
"""Kinds that wait, blocked, for all other segments of their job."""


@dataclass(frozen=True, slots=True)
class Message:
    """A hint to send: look at this segment."""

    segment_id: int
    kind: str
    priority: int


def add_spans(conn: Connection[Any], job_id: int, spans: Iterable[tuple[int, int]]) -> None:
    """One queued segment for each span of film: shots that begin in frames start..end (end exclusive)."""
    with conn.cursor() as cur:
        cur.executemany(
            "INSERT INTO segments (job_id, kind, number, start_frame, end_frame) VALUES (%s, %s, %s, %s, %s)",
            [(job_id, names.FILM, number, start, end) for number, (start, end) in enumerate(spans)],
        )


def add_batches(conn: Connection[Any], job_id: int, kind: str, batches: Iterable[Sequence[int]]) -> None:
    """One queued segment for each batch of painting or keyframe ids."""
    with conn.cursor() as cur:
        cur.executemany(
            "INSERT INTO segments (job_id, kind, number, items) VALUES (%s, %s, %s, %s)",
            [(job_id, kind, number, list(items)) for number, items in enumerate(batches)],
        )


def add_closing(conn: Connection[Any], job_id: int, kind: str) -> None:
    """The segment that runs when all others are done; queued at once where there are no others."""
    query = """
        INSERT INTO segments (job_id, kind, number, state)
        SELECT %(job)s, %(kind)s, 0,
               CASE WHEN EXISTS (SELECT FROM segments WHERE job_id = %(job)s AND state <> 'done')
                    THEN 'blocked' ELSE 'queued' END
    """
    conn.execute(query, {"job": job_id, "kind": kind})


def lease(conn: Connection[Any], segment_id: int, *, worker: str, lease_s: float, max_attempts: int) -> Lease | None:
    """Take a segment, or None where it is someone else's, finished, cancelled or out of attempts."""
    query = """
        WITH mine AS MATERIALIZED (
            SELECT s.id
              FROM segments AS s
              JOIN jobs AS j ON j.id = s.job_id
             WHERE s.id = %(segment)s
               AND j.state IN ('queued', 'running') AND NOT j.cancel_requested
               AND s.attempt < %(max_attempts)s
               AND (s.state = 'queued'
                    OR (s.state = 'running'
                        AND (s.heartbeat_at IS NULL
                             OR s.heartbeat_at < now() - make_interval(secs => %(lease_s)s))))
               FOR NO KEY UPDATE OF s SKIP LOCKED
        )
        UPDATE segments AS s
           SET state = 'running', attempt = s.attempt + 1, fence = nextval('fences'), worker = %(worker)s,
               heartbeat_at = now(), started_at = now(), progress = 0, stats = '{}'
          FROM mine, jobs AS j
         WHERE s.id = mine.id AND j.id = s.job_id
        RETURNING s.id, s.job_id, s.kind, s.fence, s.attempt, j.film_id, j.collection_id, j.profile_id,
                  s.start_frame, s.end_frame, s.items, j.options
    """
    with conn.transaction():
        row = conn.execute(
            query, {"segment": segment_id, "worker": worker, "lease_s": lease_s, "max_attempts": max_attempts}
        ).fetchone()
        if row is None:
            return None
        conn.execute(
            "UPDATE jobs SET state = 'running', started_at = coalesce(started_at, now()) "
            "WHERE id = %s AND state = 'queued'",
            (row[1],),
        )
    *columns, items, options = row
    return Lease(*columns, items=tuple(items), options=options)


def beat(conn: Connection[Any], held: Lease, *, progress: float, stats: dict[str, Any]) -> None:
    """Say that the worker lives, and how far it is.

    Raises:
        LeaseLost: another worker holds the segment now, or the job is over.
        Cancelled: someone asked for the job to end.
    """
    query = """
        UPDATE segments AS s
           SET heartbeat_at = now(), progress = %(progress)s, stats = %(stats)s
          FROM jobs AS j
         WHERE s.id = %(segment)s AND s.fence = %(fence)s AND s.state = 'running' AND j.id = s.job_id
        RETURNING j.cancel_requested, j.state
    """
    row = conn.execute(
        query,
        {
            "progress": min(max(progress, 0.0), 1.0),
            "stats": Jsonb(stats),
            "segment": held.id,
            "fence": held.fence,
        },
    ).fetchone()
    if row is None:
        raise LeaseLost(f"segment {held.id}: fence {held.fence} is no longer the row's")
    if row[0]:
        raise Cancelled(f"job {held.job_id} was cancelled")
    if row[1] != "running":
        raise LeaseLost(f"job {held.job_id} is {row[1]}")


def hold(conn: Connection[Any], held: Lease) -> None:
    """Lock a segment's row, first thing in the transaction that writes its results: until that ends it stays ours.

    For short transactions: a heartbeat and someone who cancels wait for the row. Matching and taking ranges compute
    for minutes in theirs, and ask for the row when they `finish`.

    Raises:
        LeaseLost: the fence is not the row's any more; nothing has been written yet.
    """
    mine = conn.execute(
        "SELECT FROM segments WHERE id = %s AND fence = %s AND state = 'running' FOR NO KEY UPDATE",
        (held.id, held.fence),
    ).rowcount
    if mine != 1:
        raise LeaseLost(f"segment {held.id}: fence {held.fence} is no longer the row's")


def finish(conn: Connection[Any], held: Lease, *, stats: dict[str, Any]) -> list[Message]:
    """Mark a segment done, inside the transaction that wrote its results.

    The segment's row is locked first, the job's second; whoever holds the job's row alone asks "was I the
    last?". Where a closing segment was waiting for this one, it is queued and returned, to be sent after
    the commit. Where nothing is left, the job is done.

    Raises:
        LeaseLost: the fence is not the row's any more. The caller's transaction rolls back.
        Cancelled: the job was cancelled meanwhile. Likewise.
    """
    done = conn.execute(
        """
        UPDATE segments
           SET state = 'done', progress = 1, finished_at = now(), stats = %s, error = NULL
         WHERE id = %s AND fence = %s AND state = 'running'
        """,
        (Jsonb(stats), held.id, held.fence),
    ).rowcount
    if done != 1:
        raise LeaseLost(f"segment {held.id}: fence {held.fence} is no longer the row's")
    job = conn.execute(
        "SELECT state, cancel_requested, priority FROM jobs WHERE id = %s FOR NO KEY UPDATE", (held.job_id,)
    ).fetchone()
    if job is None or job[0] != "running":
        raise LeaseLost(f"job {held.job_id} is over")
    if job[1]:
        raise Cancelled(f"job {held.job_id} was cancelled")
    left = conn.execute(
        "SELECT count(*) FILTER (WHERE state <> 'blocked'), count(*) FROM segments "
        "WHERE job_id = %s AND state <> 'done'",
        (held.job_id,),
    ).fetchone()
    assert left is not None
    if left == (0, 0):
        conn.execute("UPDATE jobs SET state = 'done', finished_at = now() WHERE id = %s", (held.job_id,))
        return []
    if left[0] > 0:
        return []
    rows = conn.execute(
        "UPDATE segments SET state = 'queued', sent_at = now() "
        "WHERE job_id = %s AND state = 'blocked' RETURNING id, kind",
        (held.job_id,),
    ).fetchall()
    return [Message(segment_id=row[0], kind=row[1], priority=job[2]) for row in rows]


def hand_back(conn: Connection[Any], held: Lease, *, count_attempt: bool, error: str | None = None) -> None:
    """Put a segment back into the queue: its worker stops, or met something that may pass.

    `count_attempt=False` is for a worker that was told to stop: that is nobody's failure.
    """
    _put_back(conn, "s.id = %s AND s.fence = %s", (held.id, held.fence), count_attempt=count_attempt, error=error)


def fail(conn: Connection[Any], held: Lease, *, error: str) -> None:
    """End a segment, and with it its job, for a reason that trying again will not mend."""
    with conn.transaction():
        failed = conn.execute(
            """
            UPDATE segments SET state = 'failed', error = %s, finished_at = now()
             WHERE id = %s AND fence = %s AND state = 'running'
            """,
            (error, held.id, held.fence),
        ).rowcount
        if failed:
            jobs.fail(conn, held.job_id, error=error)


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
        jobs.settle_cancelled(conn, held.job_id)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as `r2r jobs show` lists it."""

    id: int
    kind: str
    number: int
    start_frame: int | None
    end_frame: int | None
    state: str
    attempt: int
    worker: str | None
    progress: float
    stats: dict[str, Any]
    error: str | None


def listed(conn: Connection[Any], job_id: int) -> list[Segment]:
    """A job's segments in their order, the closing one last."""
    query = """
        SELECT id, kind, number, start_frame, end_frame, state, attempt, worker, progress, stats, error
          FROM segments
         WHERE job_id = %s
         ORDER BY kind IN ('match', 'ranges'), number
    """
    with conn.cursor(row_factory=class_row(Segment)) as cur:
        return cur.execute(query, (job_id,)).fetchall()


def hand_back_of(conn: Connection[Any], worker: str) -> int:
    """Put back what a worker held that was stopped on purpose and is known to be dead. No attempt is counted.

    Args:
        worker: the beginning of its name: "host:pid" of one process, or "host:pid/" of a worker's children.
    """
    return _put_back(conn, "starts_with(s.worker, %s)", (worker,), count_attempt=False)


def _put_back(
    conn: Connection[Any],
    which: LiteralString,
    values: tuple[Any, ...],
    *,
    count_attempt: bool,
    error: str | None = None,
) -> int:
    """Queue running segments again; those of a job that was cancelled end instead, and with the last of them the job.

    Args:
        which: a condition on segments `s`, one of this module's own; values: its parameters.
    """
    query = f"""
        WITH mine AS MATERIALIZED (
            SELECT s.id, j.cancel_requested AS over
              FROM segments AS s JOIN jobs AS j ON j.id = s.job_id
             WHERE {which} AND s.state = 'running'
             ORDER BY s.id
               FOR NO KEY UPDATE OF s
        )
        UPDATE segments AS s
           SET state = CASE WHEN mine.over THEN 'cancelled' ELSE 'queued' END,
               worker = NULL, heartbeat_at = NULL, sent_at = NULL, progress = 0, stats = '{{}}',
               attempt = s.attempt - CASE WHEN %s THEN 0 ELSE 1 END, error = coalesce(%s, s.error)
          FROM mine
         WHERE s.id = mine.id
        RETURNING s.job_id, mine.over
    """
    with conn.transaction():
        rows = conn.execute(query, (*values, count_attempt, error)).fetchall()
        for job in sorted({job for job, over in rows if over}):
            jobs.settle_cancelled(conn, job)
    return len(rows)

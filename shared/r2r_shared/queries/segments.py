"""Segments: units of work that one worker leases and finishes in one transaction.

The promises (DESIGN section 6) are kept here, on the database's clock alone:

* `lease` takes the most urgent row that nobody holds, counts the attempt at once (so that `kill -9` counts), and
  hands out a fence number that no other lease ever had.
* `beat` keeps the lease alive, and tells its holder when it was lost or the job was cancelled.
* `hold` opens a short transaction that writes results, `finish` closes each, and both only while the fence is
  still the row's.
* What becomes of an attempt that does not end well is in setbacks.py; `sweeping.sweep` finds what no living worker
  holds: it is queued again, or failed once it is out of attempts.

Rows are locked in one order everywhere, a job's segments by id, then the job, then what they hang on, and with
FOR NO KEY UPDATE: rows that refer to a job or segment take a key share of it, and two workers that each write some
and then ask for the job would otherwise wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from r2r_shared import names
from r2r_shared.errors import Cancelled, LeaseLost
from r2r_shared.records import Lease

CLOSING_PHASE = 1
"""The phase of a segment that closes an ingest or an import: it waits, blocked, for all others, which have phase 0."""

SENT_AT_ONCE = 256
"""Segments of a phase that have a message sent when their turn comes; sweeps send for the rest, as these are taken."""

LEASE_S = 60.0

STORING_S = 300
"""How long it may take in all, where Postgres can bound that (17 and newer): a stopped worker's COPY counts as work."""

STALLED_S = 10
"""How long the transaction that writes a segment's results may be silent between two statements, seconds."""


@dataclass(frozen=True, slots=True)
class Message:
    """A hint to send: look at this segment, or at one of its queue that is more urgent."""

    segment_id: int
    queue: str


def add_spans(conn: Connection[Any], job_id: int, spans: Iterable[tuple[int, int]]) -> None:
    """One queued segment for each span of film: shots that begin in frames start..end (end exclusive)."""
    query = """
        INSERT INTO segments (job_id, kind, number, start_frame, end_frame, priority, due_at)
        SELECT id, %s, %s, %s, %s, priority, due_at FROM jobs WHERE id = %s
    """
    with conn.cursor() as cur:
        cur.executemany(query, [(names.FILM, number, start, end, job_id) for number, (start, end) in enumerate(spans)])


def add_batches(
    conn: Connection[Any], job_id: int, kind: str, batches: Iterable[Sequence[int]], *, phase: int = 0
) -> None:
    """One segment for each batch of painting, keyframe or film ids: queued, or blocked for a later phase.

    After the last one `release` is to follow, where no segment of phase 0 is among them.
    """
    query = """
        INSERT INTO segments (job_id, kind, number, items, phase, state, priority, due_at)
        SELECT id, %(kind)s, %(number)s, %(items)s, %(phase)s,
               CASE WHEN %(phase)s = 0 THEN 'queued' ELSE 'blocked' END, priority, due_at
          FROM jobs WHERE id = %(job)s
    """
    row = conn.execute(
        "SELECT coalesce(max(number) + 1, 0) FROM segments WHERE job_id = %s AND kind = %s", (job_id, kind)
    ).fetchone()
    assert row is not None
    with conn.cursor() as cur:
        cur.executemany(
            query,
            [
                {"kind": kind, "number": number, "items": list(items), "phase": phase, "job": job_id}
                for number, items in enumerate(batches, row[0])
            ],
        )


def add_closing(conn: Connection[Any], job_id: int, kind: str) -> None:
    """The segment that runs when all others are done; queued at once where there are no others."""
    add_batches(conn, job_id, kind, [[]], phase=CLOSING_PHASE)
    release(conn, job_id)


def release(conn: Connection[Any], job_id: int) -> None:
    """Queue the segments of the first phase that is not done, where they are blocked. In the caller's transaction."""
    conn.execute(
        """
        UPDATE segments SET state = 'queued'
         WHERE job_id = %(job)s AND state = 'blocked'
           AND phase = (SELECT min(phase) FROM segments WHERE job_id = %(job)s AND state <> 'done')
        """,
        {"job": job_id},
    )


def lease(
    conn: Connection[Any], hint_id: int, *, worker: str, lease_s: float = LEASE_S, queue: str | None = None
) -> Lease | None:
    """Take the most urgent segment of the queue that `hint_id` is in; None where none waits there.

    A message is worth one lease in its queue, whichever segment it names: so priorities and the order among films
    hold at the moment when a worker is free, however long the messages have been under way, and a repeated message
    is one more look and no more.

    Args:
        worker: "host:pid/child". What its host has put off is not for it before its time: others may have what that
            lacks.
        lease_s: how long it may be silent.
        queue: the one to look at where `hint_id` is no more: a segment that was deleted with its film. Messages that
            are left of it would else hold up what waits behind them.
    """
    query = """
        WITH mine AS MATERIALIZED (
            SELECT s.id
              FROM segments AS s
              JOIN jobs AS j ON j.id = s.job_id
             WHERE s.queue = (SELECT coalesce((SELECT queue FROM segments WHERE id = %(hint)s), %(queue)s::text))
               AND s.state = 'queued'
               AND (s.not_before IS NULL OR s.not_before <= now() OR NOT %(host)s = ANY (s.avoided_by))
               AND j.state IN ('queued', 'running') AND NOT j.cancel_requested
             ORDER BY s.priority DESC, s.due_at, s.job_id, s.number
             LIMIT 1
               FOR NO KEY UPDATE OF s SKIP LOCKED
        )
        UPDATE segments AS s
           SET state = 'running', attempt = s.attempt + 1, fence = nextval('fences'), worker = %(worker)s,
               lease_s = %(lease_s)s, heartbeat_at = now(), started_at = now(), progress = 0, stats = '{}', log = '{}'
          FROM mine, jobs AS j
         WHERE s.id = mine.id AND j.id = s.job_id
        RETURNING s.id, s.job_id, s.kind, s.fence, s.attempt, j.film_id, j.collection_id, j.profile_id,
                  s.start_frame, s.end_frame, s.items, j.options
    """
    with conn.transaction():
        args = {"hint": hint_id, "worker": worker, "host": host_of(worker), "lease_s": lease_s, "queue": queue}
        row = conn.execute(query, args).fetchone()
        if row is None:
            return None
        conn.execute(
            "UPDATE jobs SET state = 'running', started_at = coalesce(started_at, now()) "
            "WHERE id = %s AND state = 'queued'",
            (row[1],),
        )
    *columns, items, options = row
    return Lease(*columns, items=tuple(items), options=options)


def host_of(worker: str) -> str:
    """The machine in a worker's name."""
    return worker.partition(":")[0]


def beat(
    conn: Connection[Any], held: Lease, *, progress: float, stats: dict[str, Any], log: Sequence[str] = ()
) -> None:
    """Say that the worker lives, how far it is, and what it logged last: should it be killed, that is what is left.

    Raises:
        LeaseLost: another worker holds the segment now, or the job is over.
        Cancelled: someone asked for the job to end.
    """
    query = """
        UPDATE segments AS s
           SET heartbeat_at = now(), progress = %(progress)s, stats = %(stats)s, log = %(log)s
          FROM jobs AS j
         WHERE s.id = %(segment)s AND s.fence = %(fence)s AND s.state = 'running' AND j.id = s.job_id
        RETURNING j.cancel_requested, j.state
    """
    row = conn.execute(
        query,
        {
            "progress": min(max(progress, 0.0), 1.0),
            "stats": Jsonb(stats),
            "log": list(log),
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
    bound_silence(conn)
    if conn.info.server_version >= 170000:
        conn.execute("SELECT set_config('transaction_timeout', %s, true)", (f"{STORING_S}s",))
    mine = conn.execute(
        "SELECT FROM segments WHERE id = %s AND fence = %s AND state = 'running' FOR NO KEY UPDATE",
        (held.id, held.fence),
    ).rowcount
    if mine != 1:
        raise LeaseLost(f"segment {held.id}: fence {held.fence} is no longer the row's")


def bound_silence(conn: Connection[Any]) -> None:
    """Let the server end this transaction once its worker has been silent in it for STALLED_S.

    A worker that is stopped in the middle of it, or whose machine loses its power, would keep the rows that it locked
    from every sweep and from its successor until the server finds the connection dead, which may take hours.
    """
    conn.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, true)", (f"{STALLED_S}s",))


def finish(conn: Connection[Any], held: Lease, *, stats: dict[str, Any]) -> list[Message]:
    """Mark a segment done, inside the transaction that wrote its results.

    The segment's row is locked first, the job's second; whoever holds the job's row alone asks "was I the
    last?". Where all others of its phase are done, the blocked segments of the next phase are queued, and the first
    of them returned, to be sent after the commit. Where nothing is left, the job is done.

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
        "SELECT state, cancel_requested FROM jobs WHERE id = %s FOR NO KEY UPDATE", (held.job_id,)
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
    # A catalogue's films are as many: what is not sent now is sent by the sweeps, as with any other job.
    rows = conn.execute(
        """
        UPDATE segments AS s
           SET state = 'queued', sent_at = CASE WHEN next.place <= %(most)s THEN now() END
          FROM (SELECT id, row_number() OVER (ORDER BY number) AS place
                  FROM segments
                 WHERE job_id = %(job)s AND state = 'blocked'
                   AND phase = (SELECT min(phase) FROM segments WHERE job_id = %(job)s AND state = 'blocked')) AS next
         WHERE s.id = next.id
        RETURNING s.id, s.queue, s.sent_at IS NOT NULL
        """,
        {"job": held.job_id, "most": SENT_AT_ONCE},
    ).fetchall()
    return [Message(segment_id, queue) for segment_id, queue, sent in rows if sent]

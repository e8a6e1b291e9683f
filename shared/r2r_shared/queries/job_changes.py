"""What is done to jobs: they are failed, cancelled, hurried, tried again, removed.

Rows are locked in the order that segments.py describes: a job's segments by id, then the job, then what they hang on.
"""

from __future__ import annotations

from typing import Any, LiteralString

from psycopg import Connection
from psycopg.errors import UniqueViolation

from r2r_shared.errors import NotFound, UserError
from r2r_shared.queries import segments, training
from r2r_shared.queries.jobs import OPEN, open_ingest


def cancel(conn: Connection[Any], job_id: int) -> str:
    """Ask for a job to end. Workers read the flag with every heartbeat; queued segments end at once.

    Returns the job's state afterwards: "cancelled", or "running" while a worker still has to notice.
    """
    with conn.transaction():
        row = _hold(conn, job_id)
        if row[0] not in OPEN:
            raise UserError(f"job {job_id} is {row[0]} already", "only a queued or running job can be cancelled")
        conn.execute("UPDATE jobs SET cancel_requested = true, loose = true WHERE id = %s", (job_id,))
        conn.execute(
            "UPDATE segments SET state = 'cancelled' WHERE job_id = %s AND state IN ('queued', 'blocked')",
            (job_id,),
        )
        return "cancelled" if settle_cancelled(conn, job_id) else "running"


def fail(conn: Connection[Any], job_id: int, *, error: str) -> None:
    """End a job for a reason; the first one given stays. In the caller's transaction."""
    conn.execute(
        """
        UPDATE jobs SET state = 'failed', loose = true, error = coalesce(error, %s), finished_at = now()
         WHERE id = %s AND state IN ('queued', 'running')
        """,
        (error, job_id),
    )


def settle_cancelled(conn: Connection[Any], job_id: int) -> bool:
    """End a job that was cancelled, once nobody works on it any more. In the caller's transaction."""
    # Locked first: of two workers that give up at once the second to get here sees what the first one did.
    conn.execute("SELECT FROM jobs WHERE id = %s FOR NO KEY UPDATE", (job_id,))
    query = """
        UPDATE jobs SET state = 'cancelled', loose = false, finished_at = now()
         WHERE id = %(job)s AND cancel_requested AND state IN ('queued', 'running')
           AND NOT EXISTS (SELECT FROM segments
                            WHERE job_id = %(job)s AND state IN ('blocked', 'queued', 'running'))
    """
    settled = conn.execute(query, {"job": job_id}).rowcount == 1
    if settled:
        conn.execute("DELETE FROM shots WHERE job_id = %s", (job_id,))
    return settled


def prioritise(conn: Connection[Any], job_id: int, priority: int) -> None:
    """Give an open job another priority, 0 to 9; what workers hold already stays theirs.

    Raises:
        UserError: the job has ended.
    """
    with conn.transaction():
        row = _hold(conn, job_id)
        if row[0] not in OPEN:
            raise UserError(f"job {job_id} is {row[0]} already", "only a queued or running job can be hurried")
        conn.execute(
            "UPDATE segments SET priority = %s WHERE job_id = %s AND state IN ('blocked', 'queued')",
            (priority, job_id),
        )
        conn.execute("UPDATE jobs SET priority = %s WHERE id = %s", (priority, job_id))


def retry(conn: Connection[Any], job_id: int) -> None:
    """Queue again what a failed or cancelled job is missing; what is done stays done.

    Raises:
        UserError: the job is not failed or cancelled, or another one is already at the same, or has done it.
    """
    with conn.transaction():
        state, film_id, kind = _hold(conn, job_id)
        if state not in ("failed", "cancelled"):
            raise UserError(f"job {job_id} is {state}", "only a failed or cancelled job can be tried again")
        if kind == "ingest" and film_id is not None and (other := open_ingest(conn, film_id)) is not None:
            raise UserError(f"job {other} is already ingesting that film", f"watch it with `r2r jobs watch {other}`")
        if kind == "train":
            training.require_free_name(conn, training.of_job(conn, job_id).name)
        # A cancelled job's shots are gone; a failed one's too, where a later ingest of the film was shown. What an
        # activation has measured is stored for good.
        whole = (state == "cancelled" and kind != "activate") or _lost_shots(conn, job_id)
        if whole:
            conn.execute("DELETE FROM shots WHERE job_id = %s", (job_id,))
        again = "true" if whole else "state <> 'done'"
        conn.execute(
            f"""
            UPDATE segments
               SET state = CASE WHEN phase > 0 THEN 'blocked' ELSE 'queued' END,
                   attempt = 0, waits = 0, not_before = NULL, error = NULL, worker = NULL, heartbeat_at = NULL,
                   sent_at = NULL, progress = 0, stats = '{{}}'
             WHERE job_id = %s AND {again}
            """,
            (job_id,),
        )
        segments.release(conn, job_id)
        try:
            conn.execute(
                """
                UPDATE jobs SET state = 'queued', cancel_requested = false, loose = false, error = NULL,
                       finished_at = NULL, started_at = NULL
                 WHERE id = %s
                """,
                (job_id,),
            )
        except UniqueViolation:  # of two who try at the same moment one was first
            what = "filling the profile" if kind == "activate" else "ingesting the film"
            raise UserError(f"another job is already {what} of job {job_id}", "`r2r jobs list` shows it") from None


def remove(conn: Connection[Any], job_id: int) -> None:
    """Forget a job and its segments."""
    with conn.transaction():
        hold_all(conn, "j.id = %s", job_id)
        conn.execute("DELETE FROM jobs WHERE id = %s", (job_id,))


def hold_all(conn: Connection[Any], which: LiteralString, value: int) -> None:
    """Lock jobs that are about to be removed, their segments first: the order that workers lock in.

    Args:
        which: a condition on jobs `j` with one parameter, `value`; never a person's words.
    """
    segments.bound_silence(conn)
    ids = f"SELECT j.id FROM jobs AS j WHERE {which}"
    conn.execute(f"SELECT FROM segments WHERE job_id IN ({ids}) ORDER BY id FOR UPDATE", (value,))
    conn.execute(f"{ids} ORDER BY j.id FOR UPDATE", (value,))


def _hold(conn: Connection[Any], job_id: int) -> tuple[str, int | None, str]:
    """Lock a job and its segments until the transaction ends; its state, film and kind.

    Segments first, then the job: the order that `finish` and `sweep` lock in, so that no two wait for each other.
    """
    segments.bound_silence(conn)
    conn.execute("SELECT FROM segments WHERE job_id = %s ORDER BY id FOR NO KEY UPDATE", (job_id,))
    row = conn.execute("SELECT state, film_id, kind FROM jobs WHERE id = %s FOR NO KEY UPDATE", (job_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no job {job_id}", "`r2r jobs list` shows them all")
    return row


def _lost_shots(conn: Connection[Any], job_id: int) -> bool:
    """Whether shots that a finished segment found are no longer there."""
    row = conn.execute(
        """
        SELECT EXISTS (
               SELECT FROM segments AS s
                WHERE s.job_id = %s AND s.kind = 'film' AND s.state = 'done'
                  AND (s.stats->>'shots')::int <> (SELECT count(*) FROM shots WHERE segment_id = s.id))
        """,
        (job_id,),
    ).fetchone()
    return row == (True,)

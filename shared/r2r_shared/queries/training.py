"""Trainings: what is to be made of what, and what each epoch came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from r2r_shared import names
from r2r_shared.errors import NotFound, UserError
from r2r_shared.queries import jobs, segments


@dataclass(frozen=True, slots=True)
class Run:
    """A training.

    Attributes:
        name: of the model that it makes.
        spec: `train` (a TrainSpec), `rule` (of its triplets, or null), `held_out` (share and salt), `collections`
            (names, or null for all), `initial` (the media store's key of the weights it begins with, or null).
        checkpoint: the media store's folder of the last whole epoch; null before the first.
        epochs: that are whole.
    """

    id: int
    name: str
    spec: dict[str, Any]
    checkpoint: str | None
    epochs: int
    created_at: datetime


def create(conn: Connection[Any], *, name: str, spec: dict[str, Any], profile_id: int, priority: int = 0) -> int:
    """A queued training; the id of its job.

    Args:
        profile_id: whose stored metrics its triplets are formed from.

    Raises:
        UserError: another training is making a model of that name, or has.
    """
    with conn.transaction():
        require_free_name(conn, name)
        job_id = jobs.create(conn, kind="train", profile_id=profile_id, options={}, priority=priority)
        conn.execute("INSERT INTO training_runs (job_id, name, spec) VALUES (%s, %s, %s)", (job_id, name, Jsonb(spec)))
        segments.add_batches(conn, job_id, names.TRAINING, [()])
        return job_id


def require_free_name(conn: Connection[Any], name: str) -> None:
    """See to it, until the transaction ends, that nobody else makes a model of that name.

    Raises:
        UserError: someone does, or has.
    """
    conn.execute("SELECT pg_advisory_xact_lock(hashtext('r2r trainings'))")
    other = conn.execute(
        """
        SELECT j.id FROM training_runs AS r JOIN jobs AS j ON j.id = r.job_id
         WHERE r.name = %s AND j.state IN ('queued', 'running') LIMIT 1
        """,
        (name,),
    ).fetchone()
    if other is not None:
        raise UserError(
            f"job {other[0]} is training a model of the name {name} already",
            f"watch it with `r2r jobs watch {other[0]}`, or choose another name",
        )
    if conn.execute("SELECT FROM models WHERE name = %s", (name,)).rowcount:
        raise UserError(f"there is a model {name} already", f"choose another name, or r2r models remove {name}")


_SELECT = """
    SELECT r.id, r.name, r.spec, r.checkpoint, r.created_at,
           coalesce((SELECT max(epoch) FROM training_epochs WHERE run_id = r.id), 0) AS epochs
      FROM training_runs AS r
"""


def of_job(conn: Connection[Any], job_id: int) -> Run:
    """The training of a job."""
    with conn.cursor(row_factory=class_row(Run)) as cur:
        row = cur.execute(_SELECT + " WHERE r.job_id = %s", (job_id,)).fetchone()
    if row is None:
        raise NotFound(f"job {job_id} is no training", "`r2r jobs list` shows them all")
    return row


def give_up_old(conn: Connection[Any], *, days: float) -> tuple[list[Run], list[str]]:
    """Trainings that failed or were cancelled so long ago that nobody will go on with them.

    In the caller's transaction. Their epochs are forgotten, so that trying one again after all begins from the start.

    Returns:
        Those, and the media store's keys of first weights that no other training needs any more.
    """
    with conn.cursor(row_factory=class_row(Run)) as cur:
        given_up = cur.execute(
            _SELECT
            + """
              JOIN jobs AS j ON j.id = r.job_id
             WHERE j.state IN ('failed', 'cancelled') AND j.finished_at < now() - make_interval(secs => %s)
             ORDER BY r.id
            """,
            (days * 86_400,),
        ).fetchall()
    ids = [run.id for run in given_up]
    conn.execute("UPDATE training_runs SET checkpoint = NULL WHERE id = ANY(%s)", (ids,))
    conn.execute("DELETE FROM training_epochs WHERE run_id = ANY(%s)", (ids,))
    unneeded = conn.execute(
        """
        SELECT r.spec->>'initial'
          FROM training_runs AS r LEFT JOIN jobs AS j ON j.id = r.job_id
         WHERE r.spec->>'initial' IS NOT NULL
         GROUP BY 1 HAVING bool_and(j.id IS NULL OR j.state = 'done' OR r.id = ANY(%s))
        """,
        (ids,),
    ).fetchall()
    return given_up, [row[0] for row in unneeded]


def epochs(conn: Connection[Any], run_id: int) -> set[int]:
    """Which of its epochs are kept."""
    return {epoch for (epoch,) in conn.execute("SELECT epoch FROM training_epochs WHERE run_id = %s", (run_id,))}


def add_epoch(conn: Connection[Any], run_id: int, epoch: dict[str, Any], *, checkpoint: str) -> None:
    """An epoch is whole and its checkpoint is in the media store; said again, it is replaced.

    Args:
        epoch: epoch, loss, held_loss, held_right, rate, seconds.
    """
    with conn.transaction():
        conn.execute(
            """
            INSERT INTO training_epochs (run_id, epoch, loss, held_loss, held_right, rate, seconds)
            VALUES (%(run)s, %(epoch)s, %(loss)s, %(held_loss)s, %(held_right)s, %(rate)s, %(seconds)s)
            ON CONFLICT (run_id, epoch) DO UPDATE
               SET loss = excluded.loss, held_loss = excluded.held_loss, held_right = excluded.held_right,
                   rate = excluded.rate, seconds = excluded.seconds, at = now()
            """,
            {**epoch, "run": run_id},
        )
        conn.execute("UPDATE training_runs SET checkpoint = %s WHERE id = %s", (checkpoint, run_id))

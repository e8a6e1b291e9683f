"""Jobs: what a person asked for. Their segments do the work; see segments.py for the promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from r2r_shared.errors import NotFound, UserError

OPEN = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Job:
    """A job with the state of its segments counted.

    `frames` and `seconds` are sums over its segments' stats: frames read, wall seconds of decoders and models.
    """

    id: int
    kind: str
    state: str
    film_id: int | None
    collection_id: int | None
    profile_id: int
    about: str
    priority: int
    cancel_requested: bool
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    segments: int
    segments_done: int
    progress: float
    shots: int
    frames: int
    decode_s: float
    model_s: float
    stage: str


def create(
    conn: Connection[Any],
    *,
    kind: str,
    profile_id: int,
    film_id: int | None = None,
    collection_id: int | None = None,
    options: dict[str, Any] | None = None,
    priority: int = 0,
) -> int:
    """A new queued job, without segments yet. The caller adds them in the same transaction."""
    query = """
        INSERT INTO jobs (kind, film_id, collection_id, profile_id, options, priority)
        VALUES (%s, %s, %s, %s, %s, %s)
        RETURNING id
    """
    row = conn.execute(query, (kind, film_id, collection_id, profile_id, Jsonb(options or {}), priority)).fetchone()
    assert row is not None
    return row[0]


_SELECT = """
    SELECT j.id, j.kind, j.state, j.film_id, j.collection_id, j.profile_id,
           coalesce(f.title, c.name, '') AS about,
           j.priority, j.cancel_requested, j.error, j.created_at, j.started_at, j.finished_at,
           s.segments, s.segments_done, s.progress, s.shots, s.frames, s.decode_s, s.model_s, s.stage
      FROM jobs AS j
      LEFT JOIN films AS f ON f.id = j.film_id
      LEFT JOIN collections AS c ON c.id = j.collection_id
     CROSS JOIN LATERAL (
           SELECT count(*)::int AS segments,
                  (count(*) FILTER (WHERE state = 'done'))::int AS segments_done,
                  -- the closing segment (match, ranges) counts little beside the work it closes
                  coalesce(sum(progress * w) / nullif(sum(w), 0), 0)::float8 AS progress,
                  coalesce(sum((stats->>'shots')::int), 0)::int AS shots,
                  coalesce(sum((stats->>'frames')::int), 0)::int AS frames,
                  coalesce(sum((stats->>'decode_s')::float8), 0) AS decode_s,
                  coalesce(sum((stats->>'model_s')::float8), 0) AS model_s,
                  coalesce((array_agg(coalesce(stats->>'stage', kind) ORDER BY number)
                            FILTER (WHERE state = 'running'))[1],
                           (array_agg(kind ORDER BY number) FILTER (WHERE state = 'queued'))[1], '') AS stage
             FROM (SELECT *, CASE WHEN kind IN ('match', 'ranges') THEN 0.02
                                  ELSE greatest(end_frame - start_frame, cardinality(items), 1) END AS w
                     FROM segments WHERE job_id = j.id) AS weighted
           ) AS s
"""


def get(conn: Connection[Any], job_id: int) -> Job:
    """One job.

    Raises:
        NotFound: no job has that id.
    """
    with conn.cursor(row_factory=class_row(Job)) as cur:
        row = cur.execute(_SELECT + " WHERE j.id = %s", (job_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no job {job_id}", "`r2r jobs list` shows them all")
    return row


def listed(conn: Connection[Any], *, state: str | None = None, limit: int = 50) -> list[Job]:
    """The newest jobs first."""
    query = (
        _SELECT
        + """
         WHERE %(state)s::text IS NULL OR j.state = %(state)s
         ORDER BY j.id DESC
         LIMIT %(limit)s
    """
    )
    with conn.cursor(row_factory=class_row(Job)) as cur:
        return cur.execute(query, {"state": state, "limit": limit}).fetchall()


def newest_of_film(conn: Connection[Any], film_id: int) -> Job | None:
    """The job that was asked for last for a film, of whatever kind."""
    with conn.cursor(row_factory=class_row(Job)) as cur:
        return cur.execute(_SELECT + " WHERE j.film_id = %s ORDER BY j.id DESC LIMIT 1", (film_id,)).fetchone()


def several(conn: Connection[Any], job_ids: Sequence[int]) -> list[Job]:
    """These jobs, in one query; those that were removed are not among them."""
    with conn.cursor(row_factory=class_row(Job)) as cur:
        return cur.execute(_SELECT + " WHERE j.id = ANY(%s) ORDER BY j.id", (list(job_ids),)).fetchall()


def open_imports(conn: Connection[Any], collection_id: int, profile_id: int) -> list[int]:
    """Ids of the jobs that still measure paintings of a collection under a profile."""
    rows = conn.execute(
        """
        SELECT id FROM jobs
         WHERE kind = 'paintings' AND collection_id = %s AND profile_id = %s AND state IN ('queued', 'running')
         ORDER BY id
        """,
        (collection_id, profile_id),
    ).fetchall()
    return [row[0] for row in rows]


def options_of(conn: Connection[Any], job_id: int) -> dict[str, Any]:
    """What a job was asked for."""
    row = conn.execute("SELECT options FROM jobs WHERE id = %s", (job_id,)).fetchone()
    return row[0] if row else {}


def open_ingest(conn: Connection[Any], film_id: int) -> int | None:
    """The id of the film's queued or running ingest, if there is one."""
    query = "SELECT id FROM jobs WHERE film_id = %s AND kind = 'ingest' AND state IN ('queued', 'running')"
    row = conn.execute(query, (film_id,)).fetchone()
    return row[0] if row else None


def cancel(conn: Connection[Any], job_id: int) -> str:
    """Ask for a job to end. Workers read the flag with every heartbeat; queued segments end at once.

    Returns the job's state afterwards: "cancelled", or "running" while a worker still has to notice.
    """
    with conn.transaction():
        row = _hold(conn, job_id)
        if row[0] not in OPEN:
            raise UserError(f"job {job_id} is {row[0]} already", "only a queued or running job can be cancelled")
        conn.execute("UPDATE jobs SET cancel_requested = true WHERE id = %s", (job_id,))
        conn.execute(
            "UPDATE segments SET state = 'cancelled' WHERE job_id = %s AND state IN ('queued', 'blocked')",
            (job_id,),
        )
        return "cancelled" if settle_cancelled(conn, job_id) else "running"


def fail(conn: Connection[Any], job_id: int, *, error: str) -> None:
    """End a job for a reason; the first one given stays. In the caller's transaction."""
    conn.execute(
        """
        UPDATE jobs SET state = 'failed', error = coalesce(error, %s), finished_at = now()
         WHERE id = %s AND state IN ('queued', 'running')
        """,
        (error, job_id),
    )


def settle_cancelled(conn: Connection[Any], job_id: int) -> bool:
    """End a job that was cancelled, once nobody works on it any more. In the caller's transaction."""
    # Locked first: of two workers that give up at once the second to get here sees what the first one did.
    conn.execute("SELECT FROM jobs WHERE id = %s FOR NO KEY UPDATE", (job_id,))
    query = """
        UPDATE jobs SET state = 'cancelled', finished_at = now()
         WHERE id = %(job)s AND cancel_requested AND state IN ('queued', 'running')
           AND NOT EXISTS (SELECT FROM segments WHERE job_id = %(job)s AND state = 'running')
    """
    settled = conn.execute(query, {"job": job_id}).rowcount == 1
    if settled:
        conn.execute("DELETE FROM shots WHERE job_id = %s", (job_id,))
    return settled


def retry(conn: Connection[Any], job_id: int) -> None:
    """Queue again what a failed or cancelled job is missing; what is done stays done.

    Raises:
        UserError: the job is not failed or cancelled, or another ingest of its film is under way.
    """
    with conn.transaction():
        state, film_id, kind = _hold(conn, job_id)
        if state not in ("failed", "cancelled"):
            raise UserError(f"job {job_id} is {state}", "only a failed or cancelled job can be tried again")
        if kind == "ingest" and film_id is not None and (other := open_ingest(conn, film_id)) is not None:
            raise UserError(f"job {other} is already ingesting that film", f"watch it with `r2r jobs watch {other}`")
        # A cancelled job's shots are gone; a failed one's too, where a later ingest of the film was shown.
        whole = state == "cancelled" or _lost_shots(conn, job_id)
        if whole:
            conn.execute("DELETE FROM shots WHERE job_id = %s", (job_id,))
        again = "true" if whole else "state <> 'done'"
        conn.execute(
            f"""
            UPDATE segments
               SET state = CASE WHEN kind IN ('match', 'ranges') THEN 'blocked' ELSE 'queued' END,
                   attempt = 0, error = NULL, worker = NULL, heartbeat_at = NULL, sent_at = NULL, progress = 0,
                   stats = '{{}}'
             WHERE job_id = %s AND {again}
            """,
            (job_id,),
        )
        conn.execute(
            """
            UPDATE segments SET state = 'queued'
             WHERE job_id = %(job)s AND state = 'blocked'
               AND NOT EXISTS (SELECT FROM segments
                                WHERE job_id = %(job)s AND kind NOT IN ('match', 'ranges') AND state <> 'done')
            """,
            {"job": job_id},
        )
        try:
            conn.execute(
                """
                UPDATE jobs SET state = 'queued', cancel_requested = false, error = NULL, finished_at = NULL,
                       started_at = NULL
                 WHERE id = %s
                """,
                (job_id,),
            )
        except UniqueViolation:  # of two who try at the same moment one was first
            raise UserError(
                f"another job is already ingesting the film of job {job_id}", "`r2r jobs list` shows it"
            ) from None


def remove(conn: Connection[Any], job_id: int) -> None:
    """Forget a job and its segments."""
    with conn.transaction():
        hold_all(conn, "j.id = %s", job_id)
        conn.execute("DELETE FROM jobs WHERE id = %s", (job_id,))


def forgotten(conn: Connection[Any], *, older_than_s: float = 3600) -> list[tuple[int, str]]:
    """Questions about a picture whose asker was killed before it could clear up: (job id, the picture's key)."""
    return conn.execute(
        """
        SELECT id, options->>'image' FROM jobs
         WHERE kind = 'match' AND options ? 'image' AND created_at < now() - make_interval(secs => %s)
         ORDER BY id
        """,
        (older_than_s,),
    ).fetchall()


def hold_all(conn: Connection[Any], which: LiteralString, value: int) -> None:
    """Lock jobs that are about to be removed, their segments first: the order that workers lock in.

    Args:
        which: a condition on jobs `j` with one parameter, `value`; never a person's words.
    """
    ids = f"SELECT j.id FROM jobs AS j WHERE {which}"
    conn.execute(f"SELECT FROM segments WHERE job_id IN ({ids}) ORDER BY id FOR UPDATE", (value,))
    conn.execute(f"{ids} ORDER BY j.id FOR UPDATE", (value,))


def _hold(conn: Connection[Any], job_id: int) -> tuple[str, int | None, str]:
    """Lock a job and its segments until the transaction ends; its state, film and kind.

    Segments first, then the job: the order that `finish` and `sweep` lock in, so that no two wait for each other.
    """
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

"""Jobs: what a person asked for. Their segments do the work; see segments.py for the promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from r2r_shared.errors import NotFound

OPEN = ("queued", "running")

PATIENCE = 10.0
"""How many times its own length a job may be expected to wait."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job with the state of its segments counted.

    `frames`, `decode_s` and `model_s` are sums over its segments' stats: frames read, wall seconds of decoders and
    models. All times are by the database's clock.

    Attributes:
        about: its film or collection; of a training, an evaluation or an activation the model's name.
        put_off: why nobody works on it, where something it needs was not there when its turn came.
        put_off_until: when it is tried again.
        put_off_s: seconds until then.
        elapsed_s: wall seconds since it began, its waiting included; until it ended, if it has; 0 before.
        fps: frames a second of as many segments as now run, as fast as those that were begun were read; None where
            none reads frames now.
        left_s: seconds until it is through, if as many segments as now run at a time, as fast as those that were
            begun. Only the seconds in which segments were worked on count, not those in which they waited. Only the
            phase that is being worked on is reckoned with: the time of later ones, such as the closing segment, is
            not foreseen. None while nobody works on it, and as long as too little is done to tell.
        said: what its worker says of the segment at hand, such as a training's epoch and loss.
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
    put_off: str | None = None
    put_off_until: datetime | None = None
    put_off_s: float | None = None
    elapsed_s: float = 0.0
    fps: float | None = None
    left_s: float | None = None
    said: str | None = None


def create(
    conn: Connection[Any],
    *,
    kind: str,
    profile_id: int,
    film_id: int | None = None,
    collection_id: int | None = None,
    options: dict[str, Any] | None = None,
    priority: int = 0,
    effort_s: float = 0.0,
) -> int:
    """A new queued job, without segments yet. The caller adds them in the same transaction.

    Args:
        priority: 0 to 9, the most urgent first.
        effort_s: how long it is, in seconds of film or of work. Among jobs of one priority the one comes first that
            was asked for earlier by PATIENCE times the difference in length: a short film overtakes long ones, and
            no film is overtaken for ever.
    """
    query = """
        INSERT INTO jobs (kind, film_id, collection_id, profile_id, options, priority, due_at)
        VALUES (%s, %s, %s, %s, %s, %s, now() + make_interval(secs => %s))
        RETURNING id
    """
    options = options or {}
    due_s = PATIENCE * effort_s
    row = conn.execute(query, (kind, film_id, collection_id, profile_id, Jsonb(options), priority, due_s)).fetchone()
    assert row is not None
    return row[0]


_SELECT = """
    SELECT j.id, j.kind, j.state, j.film_id, j.collection_id, j.profile_id,
           coalesce(r.name, f.title, c.name, CASE WHEN j.kind IN ('train', 'evaluate', 'activate') THEN p.name END, '')
               AS about,
           j.priority, j.cancel_requested, j.error, j.created_at, j.started_at, j.finished_at,
           s.segments, s.segments_done, s.progress, s.shots, s.frames, s.decode_s, s.model_s, s.stage,
           s.put_off, s.put_off_until, s.said,
           extract(epoch FROM s.put_off_until - clock_timestamp())::float8 AS put_off_s,
           coalesce(greatest(0, extract(epoch FROM coalesce(j.finished_at, clock_timestamp()) - j.started_at)),
                    0)::float8 AS elapsed_s,
           CASE WHEN s.reading AND s.worked_s > 0.5 THEN s.frames * s.running / s.worked_s END AS fps,
           CASE WHEN s.counted_share > 0.02 AND s.worked_s > 2
                THEN s.worked_s * (1 - s.counted_share) / s.counted_share / nullif(s.running, 0) END AS left_s
      FROM jobs AS j
      LEFT JOIN films AS f ON f.id = j.film_id
      LEFT JOIN collections AS c ON c.id = j.collection_id
      LEFT JOIN profiles AS p ON p.id = j.profile_id
      LEFT JOIN training_runs AS r ON r.job_id = j.id
     CROSS JOIN LATERAL (
           SELECT count(*)::int AS segments,
                  (count(*) FILTER (WHERE state = 'done'))::int AS segments_done,
                  -- a closing segment counts little beside the work it closes
                  coalesce(sum(progress * w) / nullif(sum(w), 0), 0)::float8 AS progress,
                  coalesce(sum((stats->>'shots')::int), 0)::int AS shots,
                  coalesce(sum((stats->>'frames')::int), 0)::int AS frames,
                  coalesce(sum((stats->>'decode_s')::float8), 0) AS decode_s,
                  coalesce(sum((stats->>'model_s')::float8), 0) AS model_s,
                  coalesce((array_agg(coalesce(stats->>'stage', kind) ORDER BY phase, number)
                            FILTER (WHERE state = 'running'))[1],
                           (array_agg(kind ORDER BY phase, number) FILTER (WHERE state = 'queued'))[1], '') AS stage,
                  CASE WHEN count(*) FILTER (WHERE state = 'running') = 0
                       THEN (array_agg(error ORDER BY not_before, number)
                             FILTER (WHERE state = 'queued' AND not_before > now()))[1] END AS put_off,
                  CASE WHEN count(*) FILTER (WHERE state = 'running') = 0
                       THEN min(not_before) FILTER (WHERE state = 'queued' AND not_before > now()) END AS put_off_until,
                  (array_agg(stats->>'said' ORDER BY phase, number) FILTER (WHERE state = 'running'))[1] AS said,
                  bool_or(state = 'running' AND coalesce(stats->>'stage', kind) IN ('film', 'decode')) AS reading,
                  count(*) FILTER (WHERE state = 'running') AS running,
                  sum(spent_s) FILTER (WHERE counted) AS worked_s,
                  sum(progress * w) FILTER (WHERE counted) / sum(w) FILTER (WHERE counted) AS counted_share
             FROM (SELECT *,
                          -- An activation's match is a whole film's: some dozens of keyframes' worth of measuring.
                          CASE WHEN kind IN ('ranges', 'switch') OR (kind = 'match' AND items = '{}') THEN 0.02
                               WHEN kind = 'match' THEN 24
                               ELSE greatest(end_frame - start_frame, cardinality(items), 1) END::float8 AS w,
                          phase = coalesce(max(phase) FILTER (WHERE state = 'running') OVER (), 0) AS counted,
                          (CASE state WHEN 'running' THEN extract(epoch FROM clock_timestamp() - started_at)
                                      WHEN 'done' THEN extract(epoch FROM finished_at - started_at) END
                          )::float8 AS spent_s
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


def last_ingest(conn: Connection[Any], film_id: int) -> tuple[int, str, int] | None:
    """The ingest that was asked for last for a film: its id, state and profile."""
    query = "SELECT id, state, profile_id FROM jobs WHERE film_id = %s AND kind = 'ingest' ORDER BY id DESC LIMIT 1"
    return conn.execute(query, (film_id,)).fetchone()


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

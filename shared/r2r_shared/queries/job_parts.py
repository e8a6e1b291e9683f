"""A job's segments as people watch them: how fast, how long still, and what became of each attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

SURE = 0.02
"""Below this share of a segment its speed says little about the rest."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment with its times.

    Attributes:
        elapsed_s: seconds of its last attempt, by the database's clock; None: it was never begun.
    """

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
    started_at: datetime | None
    finished_at: datetime | None
    elapsed_s: float | None

    @property
    def stage(self) -> str:
        """What its worker is at."""
        return str(self.stats.get("stage") or self.kind)

    @property
    def fps(self) -> float | None:
        """Frames a second over all of the attempt, as long as frames are read or when it is through."""
        reading = self.state == "running" and self.stage in ("film", "decode")
        if not self.elapsed_s or not (reading or self.state == "done") or not self.stats.get("frames"):
            return None
        return int(self.stats["frames"]) / self.elapsed_s

    @property
    def left_s(self) -> float | None:
        """Seconds until it is through, if it goes on as it did."""
        if self.state != "running" or not self.elapsed_s or self.progress < SURE:
            return None
        return self.elapsed_s * (1 - self.progress) / self.progress


_SELECT = """
    SELECT id, kind, number, start_frame, end_frame, state, attempt, worker, progress, stats, error,
           started_at, CASE WHEN state IN ('done', 'failed', 'cancelled') THEN finished_at END AS finished_at,
           CASE WHEN state = 'running' THEN extract(epoch FROM clock_timestamp() - started_at)
                WHEN state IN ('done', 'failed', 'cancelled')
                THEN greatest(0, extract(epoch FROM finished_at - started_at)) END::float8 AS elapsed_s
      FROM segments
"""


def listed(conn: Connection[Any], job_id: int) -> list[Part]:
    """A job's segments in their order, phase by phase."""
    query = _SELECT + " WHERE job_id = %s ORDER BY phase, kind, number"
    with conn.cursor(row_factory=class_row(Part)) as cur:
        return cur.execute(query, (job_id,)).fetchall()


def running(conn: Connection[Any], job_id: int, *, limit: int) -> list[Part]:
    """The segments of a job that workers hold now, in their order."""
    query = _SELECT + (" WHERE job_id = %s AND state = 'running' ORDER BY phase, kind, number LIMIT %s")
    with conn.cursor(row_factory=class_row(Part)) as cur:
        return cur.execute(query, (job_id, limit)).fetchall()


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that did not end well.

    Attributes:
        log: the last lines that its worker logged.
    """

    segment: int
    attempt: int
    worker: str | None
    reason: str
    error: str
    log: list[str]
    at: datetime


def failures(conn: Connection[Any], job_id: int) -> list[Failure]:
    """Every attempt at a job's segments that did not end well, in the order of time."""
    query = """
        SELECT f.segment_id AS segment, f.attempt, f.worker, f.reason, f.error, f.log, f.at
          FROM failures AS f JOIN segments AS s ON s.id = f.segment_id
         WHERE s.job_id = %s
         ORDER BY f.id
    """
    with conn.cursor(row_factory=class_row(Failure)) as cur:
        return cur.execute(query, (job_id,)).fetchall()

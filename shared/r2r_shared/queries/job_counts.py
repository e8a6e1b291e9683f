"""Many jobs at once: counted, not listed. Ten thousand of them cost one small query at each look.

Which jobs are meant is said in ranges of ids, both ends included: those of one call follow each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

STATES = ("queued", "running", "done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Ranges:
    """Ids of jobs as ranges."""

    first: tuple[int, ...]
    last: tuple[int, ...]

    @staticmethod
    def of(job_ids: Iterable[int]) -> Ranges:
        """The ranges that hold these ids and no other."""
        first: list[int] = []
        last: list[int] = []
        for job_id in sorted(set(job_ids)):
            if last and last[-1] == job_id - 1:
                last[-1] = job_id
            else:
                first.append(job_id)
                last.append(job_id)
        return Ranges(tuple(first), tuple(last))

    @property
    def jobs(self) -> int:
        return sum(self.last) - sum(self.first) + len(self.first)

    def args(self) -> dict[str, Any]:
        return {"first": list(self.first), "last": list(self.last)}


@dataclass(frozen=True, slots=True)
class Counts:
    """Jobs by their state, and seconds of film: of those that have ended, and of all."""

    queued: int
    running: int
    done: int
    failed: int
    cancelled: int
    ended_s: float
    film_s: float

    @property
    def ended(self) -> int:
        return self.done + self.failed + self.cancelled

    @property
    def jobs(self) -> int:
        return self.queued + self.running + self.ended


_MEANT = """
      FROM unnest(%(first)s::bigint[], %(last)s::bigint[]) AS meant (first, last)
      JOIN jobs AS j ON j.id BETWEEN meant.first AND meant.last
"""


def count(conn: Connection[Any], meant: Ranges) -> Counts:
    """How many of these jobs are in which state; those that were removed are in none."""
    query = f"""
        SELECT (count(*) FILTER (WHERE j.state = 'queued'))::int AS queued,
               (count(*) FILTER (WHERE j.state = 'running'))::int AS running,
               (count(*) FILTER (WHERE j.state = 'done'))::int AS done,
               (count(*) FILTER (WHERE j.state = 'failed'))::int AS failed,
               (count(*) FILTER (WHERE j.state = 'cancelled'))::int AS cancelled,
               coalesce(sum(f.duration_s) FILTER (WHERE j.state NOT IN ('queued', 'running')), 0) AS ended_s,
               coalesce(sum(f.duration_s), 0) AS film_s
        {_MEANT}
          LEFT JOIN films AS f ON f.id = j.film_id
    """
    with conn.cursor(row_factory=class_row(Counts)) as cur:
        row = cur.execute(query, meant.args()).fetchone()
    assert row is not None
    return row


def ids(conn: Connection[Any], meant: Ranges, state: str, *, limit: int) -> list[int]:
    """The first of these jobs that are in a state."""
    query = f"SELECT j.id {_MEANT} WHERE j.state = %(state)s ORDER BY j.id LIMIT %(limit)s"
    return [row[0] for row in conn.execute(query, meant.args() | {"state": state, "limit": limit}).fetchall()]


def open_queues(conn: Connection[Any], meant: Ranges) -> dict[str, bool]:
    """The queues that these jobs have work in, and of each whether a worker holds any of it."""
    query = f"""
        SELECT s.queue, bool_or(s.state = 'running')
        {_MEANT}
          JOIN segments AS s ON s.job_id = j.id
         WHERE j.state IN ('queued', 'running') AND s.state IN ('queued', 'running')
         GROUP BY s.queue
    """
    return dict(conn.execute(query, meant.args()).fetchall())


def total(conn: Connection[Any], *, state: str | None = None) -> int:
    """How many jobs there are, in a state or in all."""
    row = conn.execute(
        "SELECT count(*) FROM jobs WHERE %(state)s::text IS NULL OR state = %(state)s", {"state": state}
    ).fetchone()
    return row[0] if row else 0


def open_ids(conn: Connection[Any], states: Sequence[str]) -> list[int]:
    """All jobs that are queued or running, or only one of these; those that were asked to end already are not."""
    rows = conn.execute(
        "SELECT id FROM jobs WHERE state = ANY(%s) AND state IN ('queued', 'running') AND NOT cancel_requested "
        "ORDER BY id",
        (list(states),),
    ).fetchall()
    return [row[0] for row in rows]


def failed_ids(conn: Connection[Any]) -> list[int]:
    """Jobs that failed and are the last that was asked for of their kind: nothing newer has taken their place."""
    rows = conn.execute(
        """
        SELECT j.id FROM jobs AS j
         WHERE j.state = 'failed'
           AND NOT EXISTS (SELECT FROM jobs AS later
                            WHERE later.id > j.id AND later.kind = j.kind
                              AND (later.film_id = j.film_id OR later.collection_id = j.collection_id))
         ORDER BY j.id
        """
    ).fetchall()
    return [row[0] for row in rows]


def cancelling(conn: Connection[Any], meant: Ranges, *, limit: int) -> list[tuple[int, str]]:
    """Segments of these jobs that a worker still holds although they were asked to end: (job id, worker)."""
    query = f"""
        SELECT j.id, coalesce(s.worker, 'a worker')
        {_MEANT}
          JOIN segments AS s ON s.job_id = j.id
         WHERE j.cancel_requested AND j.state IN ('queued', 'running') AND s.state = 'running'
         ORDER BY j.id, s.id
         LIMIT %(limit)s
    """
    return conn.execute(query, meant.args() | {"limit": limit}).fetchall()

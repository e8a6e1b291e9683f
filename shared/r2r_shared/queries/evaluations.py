"""Evaluations: what a model was measured to be worth, kept as the report that was made then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation of the model behind a profile; `report` is as evaluation.schema.json has it."""

    id: int
    profile_id: int
    job_id: int | None
    report: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What an evaluation is to look at: the options of its job.

    Attributes:
        model: id of the profile whose encoder is evaluated; beside: of one it is compared with.
        collections: their names; None: all of them.
        held_out, salt: which artists are tested on, where the model does not say itself which it was not trained on.
        seed: of everything that is drawn.
        frames: film frames rendered for each strength, at most; 0: none.
        works: a digest of the works, their artists and movements: see `works.digest`. Empty in jobs of before it was
            kept, which nobody asks for again.
    """

    model: int
    beside: int | None
    collections: tuple[str, ...] | None
    held_out: float
    salt: str
    seed: int
    frames: int
    works: str = ""

    def to_options(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "beside": self.beside,
            "collections": None if self.collections is None else list(self.collections),
            "held_out": self.held_out,
            "salt": self.salt,
            "seed": self.seed,
            "frames": self.frames,
            "works": self.works,
        }

    @staticmethod
    def of_options(options: dict[str, Any]) -> Asked:
        collections: Sequence[str] | None = options["collections"]
        return Asked(
            model=options["model"],
            beside=options["beside"],
            collections=None if collections is None else tuple(collections),
            held_out=options["held_out"],
            salt=options["salt"],
            seed=options["seed"],
            frames=options["frames"],
            works=options.get("works", ""),
        )


_SELECT = "SELECT id, profile_id, job_id, report, created_at FROM evaluations"


def store(conn: Connection[Any], *, profile_id: int, job_id: int, report: dict[str, Any]) -> None:
    """Keep a report, in the caller's transaction; a job has one, however often its segment is run.

    Args:
        profile_id: of the model that was evaluated.
    """
    query = """
        INSERT INTO evaluations (profile_id, job_id, report) VALUES (%s, %s, %s)
        ON CONFLICT (job_id) DO UPDATE SET report = excluded.report, created_at = now()
    """
    conn.execute(query, (profile_id, job_id, Jsonb(report)))


def of_job(conn: Connection[Any], job_id: int) -> Evaluation | None:
    """What a job's evaluation came to; None before it is done."""
    with conn.cursor(row_factory=class_row(Evaluation)) as cur:
        return cur.execute(f"{_SELECT} WHERE job_id = %s", (job_id,)).fetchone()


def open_job(conn: Connection[Any], profile_id: int, asked: Asked) -> int | None:
    """The id of a job that is at the very same: whoever asks again joins it."""
    query = """
        SELECT id FROM jobs
         WHERE kind = 'evaluate' AND profile_id = %s AND options = %s
           AND state IN ('queued', 'running') AND NOT cancel_requested
         ORDER BY id LIMIT 1
    """
    row = conn.execute(query, (profile_id, Jsonb(asked.to_options()))).fetchone()
    return None if row is None else row[0]


def same(conn: Connection[Any], profile_id: int, revision: int, asked: Asked) -> Evaluation | None:
    """What the very same came to before, on the same paintings; the newest. None where it was never asked."""
    query = """
        SELECT e.id, e.profile_id, e.job_id, e.report, e.created_at
          FROM evaluations AS e
          JOIN jobs AS j ON j.id = e.job_id
         WHERE j.kind = 'evaluate' AND j.profile_id = %s AND j.options = %s
           AND (e.report->'profile'->>'revision')::bigint = %s
         ORDER BY e.id DESC LIMIT 1
    """
    with conn.cursor(row_factory=class_row(Evaluation)) as cur:
        return cur.execute(query, (profile_id, Jsonb(asked.to_options()), revision)).fetchone()

"""Models that were trained or imported: each is a profile of the same name, with its weights in the media store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from r2r_shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Model:
    """A model's row.

    Attributes:
        digest: SHA-256 of its file, in hexadecimal; its profile's `encoder_digest`.
        file: the file's key in the media store.
        config: TcnConfig, as its header says.
        lineage: how it came about: name, spec, epochs, measured losses; empty where nobody wrote it down.
        run_id: the training that made it here.
    """

    id: int
    name: str
    profile_id: int
    digest: str
    file: str
    size_bytes: int
    config: dict[str, Any]
    lineage: dict[str, Any]
    run_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch of a training came to.

    Attributes:
        held_loss, held_right: on triplets of artists that are not trained on; share of those with the positive nearer.
        rate: the learning rate at its end.
    """

    epoch: int
    loss: float
    held_loss: float | None
    held_right: float | None
    rate: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Filled:
    """How much of what is stored a profile has numbers for: paintings, and keyframes that can be matched."""

    paintings: int
    of_paintings: int
    keyframes: int
    of_keyframes: int


_COLUMNS = "id, name, profile_id, digest, file, size_bytes, config, lineage, run_id, created_at"


def listed(conn: Connection[Any]) -> list[Model]:
    """All models by name."""
    with conn.cursor(row_factory=class_row(Model)) as cur:
        return cur.execute(f"SELECT {_COLUMNS} FROM models ORDER BY lower(name), id").fetchall()


def named(conn: Connection[Any], name: str) -> Model | None:
    """The model of that name."""
    with conn.cursor(row_factory=class_row(Model)) as cur:
        return cur.execute(f"SELECT {_COLUMNS} FROM models WHERE name = %s", (name,)).fetchone()


def get(conn: Connection[Any], name: str) -> Model:
    """The model of that name.

    Raises:
        NotFound: there is none; the hint names those that are there.
    """
    found = named(conn, name)
    if found is not None:
        return found
    others = ", ".join(model.name for model in listed(conn)[:20])
    there = f"there are: {others}" if others else "`r2r models import FILE --name NAME` brings one in"
    raise NotFound(f"there is no model {name} of your own", there)


def of_profile(conn: Connection[Any], profile_id: int) -> Model | None:
    """The model behind a profile; None where that is built in, or a file that was named by its path."""
    with conn.cursor(row_factory=class_row(Model)) as cur:
        return cur.execute(f"SELECT {_COLUMNS} FROM models WHERE profile_id = %s", (profile_id,)).fetchone()


def add(
    conn: Connection[Any],
    *,
    name: str,
    profile_id: int,
    digest: str,
    file: str,
    size_bytes: int,
    config: dict[str, Any],
    lineage: dict[str, Any],
    run_id: int | None,
) -> Model:
    """A new model's row, in the caller's transaction."""
    query = f"""
        INSERT INTO models (name, profile_id, digest, file, size_bytes, config, lineage, run_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        RETURNING {_COLUMNS}
    """
    values = (name, profile_id, digest, file, size_bytes, Jsonb(config), Jsonb(lineage), run_id)
    with conn.cursor(row_factory=class_row(Model)) as cur:
        row = cur.execute(query, values).fetchone()
    assert row is not None
    return row


def uses_file(conn: Connection[Any], file: str) -> bool:
    """Whether a model has its weights under that key."""
    return conn.execute("SELECT FROM models WHERE file = %s LIMIT 1", (file,)).rowcount == 1


def epochs(conn: Connection[Any], run_id: int) -> list[Epoch]:
    """A training's epochs, in their order."""
    query = """
        SELECT epoch, loss, held_loss, held_right, rate, seconds
          FROM training_epochs WHERE run_id = %s ORDER BY epoch
    """
    with conn.cursor(row_factory=class_row(Epoch)) as cur:
        return cur.execute(query, (run_id,)).fetchall()


def evaluations(conn: Connection[Any], profile_id: int) -> list[tuple[datetime, dict[str, Any]]]:
    """When a profile was evaluated, and the reports: the newest first."""
    query = "SELECT created_at, report FROM evaluations WHERE profile_id = %s ORDER BY created_at DESC, id DESC"
    return [(row[0], row[1]) for row in conn.execute(query, (profile_id,))]


def filled(conn: Connection[Any], profile_id: int) -> Filled:
    """How much of the collections, and of the films' shown analyses, a profile has numbers for."""
    query = """
        SELECT (SELECT count(*) FROM painting_features WHERE profile_id = %(profile)s)::int AS paintings,
               (SELECT count(*) FROM paintings)::int AS of_paintings,
               count(v.keyframe_id)::int AS keyframes, count(*)::int AS of_keyframes
          FROM films AS f
          JOIN shots AS s ON s.job_id = f.analysis_id
          JOIN keyframes AS k ON k.shot_id = s.id
          LEFT JOIN keyframe_features AS v ON v.keyframe_id = k.id AND v.profile_id = %(profile)s
         WHERE s.blank IS NULL
    """
    with conn.cursor(row_factory=class_row(Filled)) as cur:
        row = cur.execute(query, {"profile": profile_id}).fetchone()
    assert row is not None
    return row

"""Profiles: how numbers were made. One is active; another may be named."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from r2r_shared.errors import NotFound
from r2r_shared.records import Profile

_COLUMNS = """
    id, name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim, active, revision
"""


def listed(conn: Connection[Any]) -> list[Profile]:
    """All profiles, the active one first."""
    with conn.cursor(row_factory=class_row(Profile)) as cur:
        return cur.execute(f"SELECT {_COLUMNS} FROM profiles ORDER BY active DESC, name, id").fetchall()


def get(conn: Connection[Any], profile_id: int) -> Profile:
    """The profile with that id."""
    with conn.cursor(row_factory=class_row(Profile)) as cur:
        row = cur.execute(f"SELECT {_COLUMNS} FROM profiles WHERE id = %s", (profile_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no profile {profile_id}", "`r2r models list` shows them all")
    return row


def active(conn: Connection[Any]) -> Profile | None:
    """The profile that is used where none is named."""
    with conn.cursor(row_factory=class_row(Profile)) as cur:
        return cur.execute(f"SELECT {_COLUMNS} FROM profiles WHERE active").fetchone()


def named(conn: Connection[Any], name: str) -> Profile | None:
    """The newest profile of that name: weights may have changed under it."""
    with conn.cursor(row_factory=class_row(Profile)) as cur:
        return cur.execute(
            f"SELECT {_COLUMNS} FROM profiles WHERE name = %s ORDER BY id DESC LIMIT 1", (name,)
        ).fetchone()


def ensure(conn: Connection[Any], description: dict[str, Any]) -> Profile:
    """The profile that answers to a description from `r2r_workers.models`, made where it is new.

    The first profile of an installation becomes the active one.
    """
    query = """
        INSERT INTO profiles (name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim, active)
        VALUES (%(name)s, %(encoder)s, %(encoder_digest)s, %(depth)s, %(depth_digest)s, %(metrics_version)s,
                %(dim)s, NOT EXISTS (SELECT FROM profiles WHERE active))
        ON CONFLICT (name, encoder_digest, depth_digest, metrics_version) DO UPDATE SET name = excluded.name
        RETURNING id
    """
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(hashtext('r2r profiles'))")
        row = conn.execute(query, description).fetchone()
        assert row is not None
        return get(conn, row[0])


def activate(conn: Connection[Any], profile_id: int) -> None:
    """Make a profile the one that is used where none is named, in one step."""
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(hashtext('r2r profiles'))")
        conn.execute("UPDATE profiles SET active = false WHERE active")
        conn.execute("UPDATE profiles SET active = true WHERE id = %s", (profile_id,))

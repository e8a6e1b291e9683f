"""Profiles: how numbers were made. One is active; another may be named."""

from __future__ import annotations

from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import class_row

from r2r_shared.errors import NotFound
from r2r_shared.queries.profile_state import STATE
from r2r_shared.records import Profile

_COLUMNS: LiteralString = f"""
    id, name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim, active, revision, {STATE}
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


def depth_digests(conn: Connection[Any]) -> list[str]:
    """The digests of all depth models that a profile measures with."""
    return [row[0] for row in conn.execute("SELECT DISTINCT depth_digest FROM profiles ORDER BY depth_digest")]


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


def before(conn: Connection[Any]) -> Profile | None:
    """The profile that was the active one before the one that is: of its name the newest, as `named`."""
    query = f"""
        SELECT {_COLUMNS} FROM profiles AS p
         WHERE NOT active AND activated_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM profiles AS other
                            WHERE other.name = p.name AND (other.active OR other.id > p.id))
         ORDER BY activated_at DESC LIMIT 1
    """
    with conn.cursor(row_factory=class_row(Profile)) as cur:
        return cur.execute(query).fetchone()


def once_active(conn: Connection[Any], profile_id: int) -> bool:
    """Whether a profile is the active one, or was."""
    row = conn.execute("SELECT activated_at IS NOT NULL FROM profiles WHERE id = %s", (profile_id,)).fetchone()
    return row == (True,)


def ensure(conn: Connection[Any], description: dict[str, Any], *, first_is_active: bool = True) -> Profile:
    """The profile that answers to a description from `r2r_workers.models`, made where it is new.

    The first profile of an installation becomes the active one.

    Args:
        first_is_active: False for a model that is only kept: it waits until someone activates it.
    """
    query = """
        INSERT INTO profiles (name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim, active,
                              activated_at)
        SELECT %(name)s, %(encoder)s, %(encoder_digest)s, %(depth)s, %(depth_digest)s, %(metrics_version)s,
               %(dim)s, lone, CASE WHEN lone THEN now() END
          FROM (SELECT %(first_is_active)s AND NOT EXISTS (SELECT FROM profiles WHERE active) AS lone) AS _
        ON CONFLICT (name, encoder_digest, depth_digest, metrics_version) DO UPDATE SET name = excluded.name
        RETURNING id
    """
    with conn.transaction():
        hold_choice(conn)
        row = conn.execute(query, description | {"first_is_active": first_is_active}).fetchone()
        assert row is not None
        return get(conn, row[0])


def hold_choice(conn: Connection[Any]) -> None:
    """Let nobody else make or activate a profile until the transaction ends. Before any row of a profile is locked."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtext('r2r profiles'))")


def activate(conn: Connection[Any], profile_id: int) -> None:
    """Make a profile the one that is used where none is named, in one step. Nothing where it is that already.

    Whether it has numbers for what is stored is not asked here: see activation.py.
    """
    with conn.transaction():
        hold_choice(conn)
        if conn.execute("SELECT FROM profiles WHERE id = %s AND active", (profile_id,)).rowcount == 1:
            return
        conn.execute("UPDATE profiles SET active = false WHERE active")
        # Of two in one transaction the later is the later: now() would be the same for both.
        conn.execute("UPDATE profiles SET active = true, activated_at = clock_timestamp() WHERE id = %s", (profile_id,))

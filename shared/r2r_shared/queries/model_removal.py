"""Removing a model: its profile goes, and all that was measured with it; the films and their analyses stay."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from r2r_shared.errors import UserError
from r2r_shared.queries import indexes, job_changes, models, profiles
from r2r_shared.queries.models import Model


def remove(conn: Connection[Any], name: str) -> Model:
    """Forget a model with its profile, features, matches, evaluations and ended jobs, in the caller's transaction.

    A film that was analysed under it keeps its shots: its ingest is from then on the active profile's, as are
    trainings that were asked for under it. The file is the caller's to delete.

    Raises:
        NotFound: there is no such model.
        UserError: it is the active one, an open job uses it, or films were analysed under it and no profile is active.
    """
    profiles.hold_choice(conn)
    found = models.get(conn, name)
    active = profiles.active(conn)
    if active is not None and active.id == found.profile_id:
        raise UserError(f"{name} is the active model", "activate another first: r2r models activate starter")
    _refuse_while_used(conn, found)  # before anything is locked: workers that are at it are not to wait for a refusal
    job_changes.hold_all(conn, "j.profile_id = %s", found.profile_id)
    conn.execute("SELECT FROM profiles WHERE id = %s FOR UPDATE", (found.profile_id,))
    _refuse_while_used(conn, found)
    if active is not None:
        conn.execute(
            """
            UPDATE jobs SET profile_id = %s
             WHERE profile_id = %s AND kind IN ('ingest', 'train') AND state = 'done'
            """,
            (active.id, found.profile_id),
        )
    elif conn.execute(
        "SELECT FROM films AS f JOIN jobs AS j ON j.id = f.analysis_id WHERE j.profile_id = %s LIMIT 1",
        (found.profile_id,),
    ).rowcount:
        raise UserError(f"films were analysed under {name}", "activate another first: r2r models activate starter")
    conn.execute("DELETE FROM jobs WHERE profile_id = %s", (found.profile_id,))
    conn.execute("DELETE FROM models WHERE id = %s", (found.id,))
    conn.execute("DELETE FROM profiles WHERE id = %s", (found.profile_id,))
    indexes.drop_indexes(conn, found.profile_id)
    return found


def _refuse_while_used(conn: Connection[Any], model: Model) -> None:
    query = """
        SELECT id FROM jobs
         WHERE state IN ('queued', 'running')
           AND (profile_id = %(profile)s
                OR (kind = 'evaluate' AND %(profile)s::text IN (options->>'model', options->>'beside')))
         ORDER BY id
    """
    if jobs := [row[0] for row in conn.execute(query, {"profile": model.profile_id})]:
        remedy = f"wait for it, or cancel it: r2r jobs cancel {' '.join(map(str, jobs))}"
        raise UserError(f"job {jobs[0]} uses {model.name}", remedy)

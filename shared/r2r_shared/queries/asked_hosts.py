"""When museums' servers may be asked next: one clock, the database's, for all commands that ask them."""

from __future__ import annotations

from typing import Any

from psycopg import Connection


def reserve(conn: Connection[Any], host: str, interval_s: float, forgiven_s: float) -> float:
    """Take the next turn at a server; seconds until it comes, 0 or less: now.

    Args:
        conn: in autocommit, so that nobody waits for longer than this takes.
        interval_s: between this turn and the one after it, whoever takes that.
        forgiven_s: so much later than it could have been may a turn be taken without moving those after it.
    """
    row = conn.execute(
        """
        INSERT INTO asked_hosts AS h (host, next)
        VALUES (%(host)s, clock_timestamp() + make_interval(secs => %(interval)s))
        ON CONFLICT (host) DO UPDATE
           SET next = greatest(h.next, clock_timestamp() - make_interval(secs => %(forgiven)s))
                      + make_interval(secs => %(interval)s)
        RETURNING extract(epoch FROM next - clock_timestamp())::float8
        """,
        {"host": host, "interval": interval_s, "forgiven": min(forgiven_s, interval_s)},
    ).fetchone()
    assert row is not None
    return row[0] - interval_s


def forget(conn: Connection[Any]) -> None:
    """Forget servers that nobody has asked for an hour; and turns so far away that the clock must have been wrong."""
    conn.execute(
        "DELETE FROM asked_hosts WHERE next NOT BETWEEN now() - interval '1 hour' AND now() + interval '1 day'"
    )

"""When museums' servers may be asked next: one clock, the database's, for all commands that ask them."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

LONGEST_REST_S = 86400.0
"""A server that wants to be left alone for longer is asked once a day whether it still does."""


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


def hold(conn: Connection[Any], host: str, seconds: float) -> None:
    """A server wants to be left alone for so long, LONGEST_REST_S at most; what it asked for before may be longer."""
    conn.execute(
        """
        INSERT INTO asked_hosts AS h (host, next, not_before)
        VALUES (%(host)s, clock_timestamp(), clock_timestamp() + make_interval(secs => %(seconds)s))
        ON CONFLICT (host) DO UPDATE SET not_before = greatest(h.not_before, EXCLUDED.not_before)
        """,
        {"host": host, "seconds": min(seconds, LONGEST_REST_S)},
    )


def rest(conn: Connection[Any], host: str) -> float:
    """Seconds for which a server is to be left alone still; 0 or less: it may be asked."""
    row = conn.execute(
        "SELECT extract(epoch FROM not_before - clock_timestamp())::float8 FROM asked_hosts WHERE host = %s", (host,)
    ).fetchone()
    return 0.0 if row is None or row[0] is None else row[0]


def lift(conn: Connection[Any], host: str) -> None:
    """A person wants a server asked, whatever it asked for before."""
    conn.execute("UPDATE asked_hosts SET not_before = NULL WHERE host = %s", (host,))


def forget(conn: Connection[Any]) -> None:
    """Forget servers that nobody has asked for an hour; and turns so far away that the clock must have been wrong."""
    conn.execute(
        """
        DELETE FROM asked_hosts
         WHERE greatest(next, not_before)
               NOT BETWEEN clock_timestamp() - interval '1 hour' AND clock_timestamp() + interval '1 day'
        """
    )

"""Connections to Postgres, with pgvector's types known and the driver's errors said in our own words."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import psycopg
from pgvector.psycopg import register_vector
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from r2r_shared.errors import Unavailable, UserError

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

Connection: TypeAlias = psycopg.Connection[TupleRow]

# A cluster's firewalls forget idle connections and its hosts vanish: notice within about a minute.
_DEFAULTS = {
    "application_name": "r2r",
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",  # milliseconds: what was sent and is not acknowledged, keepalives do not cover
}


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """Open a connection. Parameters in the URL win over our defaults; no statement timeout is set.

    `with connect(url) as conn:` commits at the end, rolls back on an exception, and closes.

    Raises:
        UserError: the URL does not parse.
        Unavailable: nothing answers there, or it will not let us in. No message holds the password.
    """
    parameters = _parameters(url)
    try:
        # Autocommit at first: looking up the vector types must not leave a transaction open.
        conn = psycopg.connect(make_conninfo("", **{**_DEFAULTS, **parameters}), autocommit=True)
    except psycopg.OperationalError as exc:
        raise Unavailable(
            f"Postgres at {_where(parameters)} does not answer: {_reason(exc, parameters)}",
            "start it, or set R2R_DATABASE_URL to one that runs; `r2r doctor` checks every part",
        ) from None
    try:
        register(conn)
        conn.autocommit = autocommit
    except BaseException:
        conn.close()
        raise
    return conn


def pool(url: str, *, most: int, wait_s: float, statement_s: float) -> ConnectionPool[Connection]:
    """Up to `most` connections in autocommit, for threads to share; to be opened and closed with `with`.

    Args:
        wait_s: so long a thread waits for a connection; then `translated` says that Postgres does not answer.
        statement_s: no statement runs longer.

    Raises:
        UserError: the URL does not parse.
    """
    from psycopg_pool import ConnectionPool

    def configure(conn: Connection) -> None:
        register(conn)
        conn.execute("SELECT set_config('statement_timeout', %s, false)", (f"{round(1000 * statement_s)}ms",))

    def check(conn: Connection) -> None:
        """One that a restarted server left dead is not handed out, and the others are looked at, too.

        Left to itself the pool waits twice as long after each dead one it meets.
        """
        try:
            ConnectionPool.check_connection(conn)
        except psycopg.Error:
            made.check()
            raise

    made: ConnectionPool[Connection] = ConnectionPool(
        make_conninfo("", **{**_DEFAULTS, **_parameters(url)}),
        kwargs={"autocommit": True},
        configure=configure,
        check=check,
        min_size=1,
        max_size=most,
        timeout=wait_s,
        open=False,
    )
    return made


def register(conn: Connection) -> bool:
    """Teach `conn` pgvector's types; False where the extension is not there yet (before a migration)."""
    known = conn.execute("SELECT to_regtype('vector') IS NOT NULL").fetchone()
    if known != (True,):
        return False
    register_vector(conn)
    return True


@contextmanager
def translated() -> Generator[None]:
    """A server that goes away within the `with` becomes one line and a remedy; a worker tries again on it.

    Raises:
        Unavailable: the connection broke, or the server ended it, is shutting down, full or out of resources.
        UserError: the role that we connect as lacks a right.
    """
    try:
        yield
    except (
        psycopg.OperationalError,
        psycopg.InterfaceError,
        psycopg.errors.IdleInTransactionSessionTimeout,
    ) as exc:
        raise Unavailable(
            f"Postgres stopped answering: {_reason(exc, {})}", "try again; `r2r doctor` checks every part"
        ) from exc
    except psycopg.errors.InsufficientPrivilege as exc:
        raise UserError(
            f"the database role may not do this: {_reason(exc, {})}",
            "let the database's owner GRANT it, or name another role in R2R_DATABASE_URL",
        ) from exc


def describe(url: str) -> str:
    """Where a database URL leads, without its password: `host:5432/name` or `/run/dir/name`."""
    return _where(_parameters(url))


def _parameters(url: str) -> dict[str, str]:
    hint = "write it as postgresql://user:password@host:5432/name; in the password, @ is %40, / is %2F and % is %25"
    try:
        found = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:  # its message quotes the URL, password and all
        raise UserError("the database URL does not parse", hint) from None
    # A password with a bare @ or / in it parses, and its rest is taken for the host, port or name: never say those.
    port = found.get("port", "5432")
    if "@" in found.get("host", "") + found.get("dbname", "") or not port.replace(",", "").isdecimal():
        raise UserError("the database URL does not parse", hint)
    return found


def _where(parameters: dict[str, str]) -> str:
    host = parameters.get("host") or parameters.get("hostaddr") or "localhost"
    name = parameters.get("dbname") or parameters.get("user") or ""
    if host.startswith("/"):
        return f"{host}/{name}"
    return f"{host}:{parameters.get('port', '5432')}/{name}"


def _reason(exc: Exception, parameters: dict[str, str]) -> str:
    """The first line of a driver's error, with the password, should it be in there, taken out."""
    lines = str(exc).strip().splitlines() or [type(exc).__name__]
    password = parameters.get("password")
    return lines[0].replace(password, "***") if password else lines[0]

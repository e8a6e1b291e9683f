"""Bring a database's schema up to date: `pending()` reads, `apply()` writes.

Alembic runs the versions, which are plain SQL. Each version and its record commit together, and any number
of processes may apply at once: one does the work, the others wait and find nothing left to do.

Every command asks whether something is pending, so asking does not import Alembic: half a second that only
`apply` with something to do has to pay. The versions form one line, and a file's name begins with its own.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from r2r_shared import db
from r2r_shared.errors import UserError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

PGVECTOR_AT_LEAST = (0, 8, 4)  # before it, filtered HNSW scans and parallel builds have bugs that lose rows
_LOCK = 0x7232725F6D696772  # "r2r_migr"


def current(url: str) -> str | None:
    """The version a database is at; None before the first."""
    with db.connect(url) as conn:
        return _current(conn)


def pending(url: str) -> list[str]:
    """The versions that `apply` would run, oldest first.

    Raises:
        UserError: the database was migrated by a newer release.
        Unavailable: it does not answer.
    """
    with db.connect(url) as conn:
        return _pending(conn, url)


def apply(url: str) -> list[str]:
    """Run what is pending; returns the versions this call ran, oldest first.

    Raises:
        UserError: pgvector is missing or too old, or the role may not create it or the tables.
        Unavailable: the database does not answer.
    """
    # The lock has a connection of its own: taken on Alembic's, it opens the transaction that Alembic then
    # takes for the caller's, and rolls the tables back with it.
    with db.connect(url, autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        todo = _pending(lock, url)
        if todo:
            require_pgvector(lock)
            _upgrade(url)
        return todo


def require_pgvector(conn: db.Connection) -> tuple[int, ...]:
    """The version of pgvector that is installed in the database, or would be.

    Raises:
        UserError: there is none, or it is older than 0.8.4; the hint says how to get one.
    """
    row = conn.execute("""
        SELECT installed_version, default_version FROM pg_available_extensions WHERE name = 'vector'
    """).fetchone()
    wanted = ".".join(map(str, PGVECTOR_AT_LEAST))
    if row is None:
        raise UserError(
            "this Postgres has no pgvector",
            f"install pgvector {wanted} or newer on its machine, or use the image pgvector/pgvector:pg18",
        )
    installed, available = row
    version = _numbers(installed or available)
    if version >= PGVECTOR_AT_LEAST:
        return version
    if _numbers(available) >= PGVECTOR_AT_LEAST:
        hint = "run ALTER EXTENSION vector UPDATE in that database, as its owner"
    else:
        hint = "upgrade pgvector on the server's machine, or use the image pgvector/pgvector:pg18"
    raise UserError(f"pgvector {installed or available} is too old: {wanted} or newer is needed", hint)


def versions() -> list[str]:
    """The versions this release knows, oldest first."""
    return sorted(path.name.partition("_")[0] for path in (_directory() / "versions").glob("[0-9]*_*.py"))


def _current(conn: db.Connection) -> str | None:
    if conn.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone() != (True,):
        return None
    row = conn.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _pending(conn: db.Connection, url: str) -> list[str]:
    known, at = versions(), _current(conn)
    if at is None:
        return known
    if at not in known:
        raise UserError(
            f"the database {db.describe(url)} has schema {at}; this release knows up to {known[-1]}",
            "install the newer release of reel-to-real that migrated it",
        )
    return known[known.index(at) + 1 :]


def _upgrade(url: str) -> None:
    from alembic import command

    with _sqlalchemy(url) as connection:
        config = alembic_config()
        # Without this the driver looks for % placeholders in the files of SQL.
        config.attributes["connection"] = connection.execution_options(no_parameters=True)
        try:
            command.upgrade(config, "head")
        except Exception as exc:
            cause = exc.__cause__ if isinstance(exc.__cause__, psycopg.Error) else None
            if isinstance(cause, psycopg.errors.InsufficientPrivilege):
                raise UserError(
                    f"the database role may not migrate {db.describe(url)}: {str(cause).splitlines()[0]}",
                    "let its owner run `r2r db migrate`, or CREATE EXTENSION vector and GRANT CREATE first",
                ) from exc
            raise


@contextmanager
def _sqlalchemy(url: str) -> Generator[Connection]:
    """One SQLAlchemy connection, opened by our own `connect`: no second way to write a URL."""
    from sqlalchemy import NullPool, create_engine

    engine = create_engine("postgresql+psycopg://", creator=lambda: db.connect(url), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def alembic_config() -> Config:
    """Alembic's own configuration, for the directory of versions that this installation has."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_directory()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _directory() -> Path:
    """The migrations: inside the package of a wheel, beside the packages in a checkout."""
    packaged = Path(__file__).parent / "_migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "migrations"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())

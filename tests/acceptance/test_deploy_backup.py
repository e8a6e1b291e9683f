"""The backup and the restore of deploy/README.md, for real: the commands it quotes, on a database that holds a film."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from r2r_shared import db, migrate
from r2r_shared.local.postgres import LocalPostgres, _binaries
from r2r_shared.local.stack import LocalStack
from r2r_shared.queries import indexes
from tests import deploy_files
from tests.acceptance.cli import Cli

pytestmark = pytest.mark.slow


def quoted(program: str) -> list[str]:
    """The words of a command that the README runs inside the container `postgres`."""
    (line,) = re.findall(rf"exec -T postgres ({program} [^<>|\n]*)", deploy_files.read("README.md"))
    return shlex.split(line)


@pytest.fixture
def elsewhere(servers_dir: Path, postgres: LocalPostgres) -> Iterator[str]:
    """Another server's empty database, and none of our schema in it."""
    del servers_dir
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE restored TEMPLATE template0")
    yield postgres.url("restored")
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE restored WITH (FORCE)")


def run(program: str, url: str, *, stdin: bytes = b"") -> bytes:
    """The README's command against a server of the test's: only user and database are another."""
    words = [word for word in quoted(program) if not word.startswith(("--username=", "--dbname="))]
    command = [str(_binaries() / words[0]), *words[1:], f"--dbname={url}"]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return done.stdout


def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table, as text, in an order of its own; and every index that is valid."""
    found: dict[str, list[str]] = {}
    with db.connect(url) as conn:
        tables = conn.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for (table,) in tables.fetchall():
            rows = conn.execute(sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.Identifier(table)))
            found[table] = [row for (row,) in rows]
        found["indexes"] = [
            definition
            for (definition,) in conn.execute("""
                SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
                 WHERE indisvalid AND relnamespace = 'public'::regnamespace ORDER BY 1
            """)
        ]
        found["sequences"] = [
            f"{name} {value}"
            for name, value in conn.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
        ]
    return found


def test_a_dump_restored_elsewhere_is_the_same_database(ingested: Cli, elsewhere: str, broker_url: str) -> None:
    # Given a database with paintings, a film, its matches and the indexes of a large collection,
    original = LocalStack.at(ingested.home).postgres.url()
    with db.connect(original, autocommit=True) as conn:
        (profile,) = conn.execute("SELECT id FROM profiles WHERE active").fetchone() or (0,)
        made = indexes.ensure_indexes(conn, profile, at_least=1)
    assert made
    try:
        before = contents(original)
        assert before["matches"]
        # when it is dumped and restored into an empty one,
        run("pg_restore", elsewhere, stdin=run("pg_dump", original))
        # then every row, index and sequence is there, the schema is current,
        after = contents(elsewhere)
    finally:
        with db.connect(original, autocommit=True) as conn:  # others use this stack
            for name in made:
                conn.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    assert {table: len(rows) for table, rows in after.items()} == {table: len(rows) for table, rows in before.items()}
    assert after == before
    assert migrate.pending(elsewhere) == []
    # and with the media store at its place the film's paintings are the same as ever.
    moved = Cli(
        ingested.home,
        {"R2R_DATABASE_URL": elsewhere, "R2R_BROKER_URL": broker_url, "R2R_MEDIA": str(ingested.home / "media")},
    )
    assert timeline(moved) == timeline(ingested)


def timeline(cli: Cli) -> Any:
    """To nine digits: restored rows lie in another order, and sums of floats are taken in that order."""
    shown = cli.run("timeline", "The Film", "--json").stdout
    return json.loads(shown, parse_float=lambda text: round(float(text), 9))

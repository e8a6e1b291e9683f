"""Migrations against a real Postgres."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import sql

from r2r_shared import db, migrate
from r2r_shared.errors import Unavailable, UserError


def tables(url: str) -> set[str]:
    with db.connect(url) as conn:
        rows = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in rows}


def test_a_new_database_is_brought_up_to_date(empty_database_url):
    assert migrate.current(empty_database_url) is None
    todo = migrate.pending(empty_database_url)

    assert migrate.apply(empty_database_url) == todo
    assert todo
    assert todo[0] == "0001"

    assert migrate.pending(empty_database_url) == []
    assert migrate.current(empty_database_url) == todo[-1]
    assert {"films", "segments", "matches", "painting_features", "alembic_version"} <= tables(empty_database_url)


def test_the_versions_are_those_that_alembic_sees_in_one_line():
    script = ScriptDirectory.from_config(migrate.alembic_config())
    assert migrate.versions() == [revision.revision for revision in script.walk_revisions()][::-1]
    assert script.get_heads() == migrate.versions()[-1:]


def test_asking_what_is_pending_does_not_import_alembic(database_url):
    code = (
        "import sys; from r2r_shared import migrate; from r2r_shared.local import stack; migrate.pending(sys.argv[1]);"
        "print(sorted({'alembic', 'sqlalchemy', 'celery', 'kombu', 'redis', 'fsspec'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, database_url], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_database_that_is_up_to_date_is_left_alone(database_url):
    assert migrate.apply(database_url) == []


def test_four_processes_at_once_apply_each_version_exactly_once(empty_database_url):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["r2r_shared.migrate"])
    with ProcessPoolExecutor(4, mp_context=context) as racers:
        for waiting in [racers.submit(time.sleep, 0.3) for _ in range(4)]:  # until all four are there
            waiting.result()
        ran = [race.result() for race in [racers.submit(migrate.apply, empty_database_url) for _ in range(4)]]

    assert sorted(ran) == [[], [], [], ["0001", "0002", "0003", "0004", "0005"]]
    assert {"films", "segments", "matches"} <= tables(empty_database_url)
    with db.connect(empty_database_url) as conn:
        assert conn.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_a_migration_that_fails_leaves_neither_tables_nor_record(empty_database_url):
    with db.connect(empty_database_url) as conn:
        conn.execute("CREATE TABLE film_matches ()")  # the last table of the first version

    with pytest.raises(Exception, match="film_matches"):
        migrate.apply(empty_database_url)

    assert tables(empty_database_url) <= {"film_matches", "alembic_version"}
    assert migrate.current(empty_database_url) is None


def test_a_database_newer_than_the_code_is_refused(database_url):
    with db.connect(database_url) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(UserError, match="has schema 9999; this release knows up to") as refused:
        migrate.apply(database_url)
    assert "install the newer release" in refused.value.hint
    with pytest.raises(UserError):
        migrate.pending(database_url)


@pytest.mark.parametrize(
    ("installed", "available", "hint"),
    [("0.7.4", "0.8.5", "ALTER EXTENSION vector UPDATE"), ("0.8.3", "0.8.3", "upgrade pgvector")],
)
def test_an_old_pgvector_is_refused_with_its_remedy(database_url, installed, available, hint):
    # The catalogue is what an older server would show: the view of this session's own search path.
    with db.connect(database_url) as conn:
        view = sql.SQL("""
            CREATE TEMPORARY VIEW pg_available_extensions AS
            SELECT 'vector' AS name, {} AS installed_version, {} AS default_version
        """)
        conn.execute(view.format(installed, available))
        conn.execute("SET search_path = pg_temp, public, pg_catalog")

        with pytest.raises(UserError, match=r"too old: 0\.8\.4 or newer") as refused:
            migrate.require_pgvector(conn)
    assert hint in refused.value.hint


def test_the_embedded_pgvector_is_new_enough(conn):
    assert migrate.require_pgvector(conn) >= migrate.PGVECTOR_AT_LEAST


def test_a_role_without_the_right_to_create_is_told_what_to_do(postgres, empty_database_url):
    with db.connect(empty_database_url, autocommit=True) as conn:
        conn.execute("CREATE ROLE visitor LOGIN")
    try:
        with pytest.raises(UserError, match="the database role may not migrate") as refused:
            migrate.apply(empty_database_url.replace("postgres@", "visitor@"))
        assert "let its owner run `r2r db migrate`" in refused.value.hint
    finally:
        with db.connect(postgres.url("postgres"), autocommit=True) as conn:
            conn.execute("DROP ROLE visitor")


def test_no_server_is_one_line_and_a_remedy():
    with pytest.raises(Unavailable, match="does not answer") as gone:
        migrate.pending("postgresql://nobody@127.0.0.1:1/none")
    assert "R2R_DATABASE_URL" in gone.value.hint


def test_a_percent_sign_in_a_version_is_only_a_percent_sign(empty_database_url):
    """A file of SQL may say LIKE 'a%' or '50 %s': the driver must not look for parameters in it."""
    with migrate._sqlalchemy(empty_database_url) as connection:
        raw = connection.execution_options(no_parameters=True)
        raw.exec_driver_sql("CREATE TABLE t (x text DEFAULT '50 %s'); INSERT INTO t DEFAULT VALUES;")
        connection.commit()
    with db.connect(empty_database_url) as conn:
        assert conn.execute("SELECT x FROM t").fetchone() == ("50 %s",)
        assert isinstance(conn, psycopg.Connection)

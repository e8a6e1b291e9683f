"""Connections: defaults, the vector types, and what a person reads when a server is away."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest
from pgvector import Vector
from psycopg import sql

from r2r_shared import db
from r2r_shared.errors import Unavailable, UserError


def test_vectors_come_back_as_vectors_and_go_in_by_binary_copy(conn):
    conn.execute("CREATE TABLE t (v vector(3))")
    with conn.cursor().copy("COPY t FROM STDIN WITH (FORMAT BINARY)") as copy:
        copy.set_types(["vector"])
        copy.write_row([Vector([1, 2, 3])])

    assert conn.execute("SELECT v FROM t").fetchone() == (Vector([1, 2, 3]),)


def test_a_database_without_pgvector_can_be_connected_to(empty_database_url):
    with db.connect(empty_database_url) as conn:
        assert conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        assert not db.register(conn)
        conn.execute("CREATE EXTENSION vector")
        assert db.register(conn)
        assert conn.execute("SELECT '[1]'::vector").fetchone() == (Vector([1]),)


def test_a_new_connection_is_idle_named_and_without_a_statement_timeout(conn):
    assert conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert conn.execute("SHOW application_name").fetchone() == ("r2r",)
    assert conn.execute("SHOW statement_timeout").fetchone() == ("0",)
    assert not conn.autocommit


def test_what_the_url_says_wins_over_the_defaults(database_url):
    with db.connect(f"{database_url}&application_name=mine", autocommit=True) as conn:
        assert conn.execute("SHOW application_name").fetchone() == ("mine",)
        assert conn.autocommit


def test_a_with_block_commits_and_an_exception_in_it_rolls_back(database_url):
    with db.connect(database_url) as conn:
        conn.execute("INSERT INTO collections (name) VALUES ('kept')")
    with suppress(ZeroDivisionError), db.connect(database_url) as conn:
        conn.execute("INSERT INTO collections (name) VALUES ('lost')")
        _ = 1 / 0

    with db.connect(database_url) as conn:
        assert conn.execute("SELECT name FROM collections").fetchall() == [("kept",)]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@127.0.0.1:1/films",
        "postgresql://me:hunter2@no-such-host.invalid/films",
        "host=127.0.0.1 port=1 user=me password=hunter2 dbname=films",
    ],
)
def test_a_server_that_is_away_is_one_line_without_the_password(url):
    with pytest.raises(Unavailable, match="does not answer") as gone:
        db.connect(url)

    assert "films" in gone.value.message
    assert "\n" not in gone.value.message
    assert "hunter2" not in f"{gone.value.message} {gone.value.hint}"
    assert gone.value.__cause__ is None


def test_a_url_that_does_not_parse_is_not_quoted_back():
    with pytest.raises(UserError, match="does not parse") as refused:
        db.connect("postgresql:/me:hunter2@host/films")

    assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"


def test_a_missing_database_says_so(postgres):
    with pytest.raises(Unavailable, match='"nowhere" does not exist'):
        db.connect(postgres.url("nowhere"))


def test_a_connection_that_breaks_is_unavailable_and_a_wrong_statement_is_not(database_url):
    with db.connect(database_url, autocommit=True) as admin:
        victim = db.connect(database_url)
        admin.execute(sql.SQL("SELECT pg_terminate_backend({})").format(victim.info.backend_pid))
        with pytest.raises(Unavailable, match="stopped answering"), db.translated():
            victim.execute("SELECT 1")
        with pytest.raises(Unavailable), db.translated():  # and again on the closed connection
            victim.execute("SELECT 1")
        with pytest.raises(psycopg.errors.UndefinedTable), db.translated():
            admin.execute("SELECT * FROM no_such_table")


def test_describe_names_the_place_without_the_password():
    assert db.describe("postgresql://me:hunter2@db.museum.org:6000/films") == "db.museum.org:6000/films"
    assert db.describe("postgresql://postgres@/r2r?host=%2Frun%2Fr2r") == "/run/r2r/r2r"

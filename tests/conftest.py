"""Servers and settings for every test: a real Postgres, a real Redis, both private to the session."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
from psycopg import sql

from r2r_shared import db, migrate
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from r2r_shared.settings import Settings
from tests import s3_server as s3

TEMPLATE = "r2r_template"

# On a shared machine one example may take a second for no fault of its own.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")
if os.environ.get("CI"):  # the same examples every time: a change is judged by what it changes
    hypothesis.settings.register_profile("reproducible", derandomize=True, deadline=None)
    hypothesis.settings.load_profile("reproducible")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test printed of a name that is no text goes from one of xdist's processes to the other escaped."""
    report = yield
    report.sections = [(title, said.encode(errors="backslashreplace").decode()) for title, said in report.sections]
    return report


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    """Short, unlike pytest's own: a unix socket's path has 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="r2r-test-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def postgres(servers_dir: Path) -> Iterator[LocalPostgres]:
    """The session's Postgres, with one migrated database that the tests' own are copies of."""
    server = LocalPostgres(servers_dir / "pg", servers_dir, servers_dir / "pg.log", durable=False)
    server.start(TEMPLATE)
    try:
        migrate.apply(server.url(TEMPLATE))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def redis_server(servers_dir: Path) -> Iterator[LocalRedis]:
    """The session's Redis."""
    data = servers_dir / "redis"
    data.mkdir()
    server = LocalRedis(data, servers_dir, servers_dir / "redis.log")
    server.start()
    try:
        yield server
    finally:
        server.stop()


_numbers = itertools.count(1)


def _database(postgres: LocalPostgres, *, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(create)
    yield postgres.url(name)
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(postgres: LocalPostgres) -> Iterator[str]:
    """A migrated database of the test's own."""
    yield from _database(postgres, template=TEMPLATE)


@pytest.fixture
def second_database_url(postgres: LocalPostgres) -> Iterator[str]:
    """Another one, for what goes from one installation to the next."""
    yield from _database(postgres, template=TEMPLATE)


@pytest.fixture
def empty_database_url(postgres: LocalPostgres) -> Iterator[str]:
    """A database of the test's own that no migration has seen."""
    yield from _database(postgres, template="template0")


@pytest.fixture
def conn(database_url: str) -> Iterator[db.Connection]:
    """A connection to the test's own database; what it did not commit is rolled back."""
    with db.connect(database_url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def broker_url(redis_server: LocalRedis) -> str:
    """The session's Redis, emptied."""
    with redis_server.client() as client:
        client.flushall()
    return redis_server.url()


@pytest.fixture
def settings(tmp_path: Path, database_url: str, broker_url: str) -> Settings:
    """As in a cluster: servers by address, and a home of the test's own."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return Settings(home=home, database_url=database_url, broker_url=broker_url)


@pytest.fixture(scope="session")
def s3_server(servers_dir: Path) -> Iterator[s3.S3Server]:
    """The session's S3, without a bucket."""
    with s3.running(servers_dir / "s3.log") as server:
        yield server


@pytest.fixture
def bucket(s3_server: s3.S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of the test's own, and the variables to reach it by."""
    from s3fs import S3FileSystem

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in s3_server.env().items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{next(_numbers)}"
    s3_server.client().create_bucket(Bucket=name)
    S3FileSystem.clear_instance_cache()  # connections are kept by what was asked for, not by the variables
    yield name
    S3FileSystem.clear_instance_cache()


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The real films and paintings beside the checkout; a clone of the project alone has none."""
    path = Path(__file__).parents[2] / "shared"
    if not path.is_dir():
        pytest.skip("../shared (real films and paintings) is not beside this checkout")
    return path

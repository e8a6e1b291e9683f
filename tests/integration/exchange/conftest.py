"""Two installations: one that has an analysis to share, and one that is empty."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg import sql

from r2r_shared import db
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.storage.media_store import MediaStore
from tests import catalogue, data_sets
from tests.data_sets import Installation

TEMPLATE = "r2r_template"  # of tests/conftest.py


@pytest.fixture
def here(conn: db.Connection, tmp_path: Path) -> Installation:
    """The one that shares."""
    return Installation(conn, _store(tmp_path / "media-here"))


@pytest.fixture
def there(second_database_url: str, tmp_path: Path) -> Iterator[Installation]:
    """The one that takes, empty."""
    with db.connect(second_database_url) as connection:
        yield Installation(connection, _store(tmp_path / "media-there"))
        connection.rollback()


def _store(path: Path) -> MediaStore:
    path.mkdir()
    return MediaStore(str(path))


@pytest.fixture(scope="module")
def exported(postgres: LocalPostgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with pictures, to be copied before it is tampered with."""
    folder = tmp_path_factory.mktemp("exported")
    with _own_database(postgres, "exchange_source") as connection:
        one = Installation(connection, _store(folder / "media"))
        profile_id = data_sets.fill(connection, paintings=12, films=2, shots=2)
        keys = connection.execute("SELECT image FROM paintings UNION SELECT image FROM keyframes ORDER BY 1").fetchall()
        for number, (key,) in enumerate(keys):
            one.store.put(key, catalogue.jpeg(number))
        one.export(folder / "set", profile_id, pictures="all")
    return folder / "set"


@pytest.fixture
def data_set(exported: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(exported, tmp_path / "set"))


@pytest.fixture(scope="module")
def empty(postgres: LocalPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that stays empty, for what is refused."""
    with _own_database(postgres, "exchange_empty") as connection:
        yield Installation(connection, _store(tmp_path_factory.mktemp("empty") / "media"))


@contextmanager
def _own_database(postgres: LocalPostgres, name: str) -> Iterator[db.Connection]:
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE))
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(create)
    with db.connect(postgres.url(name)) as connection:
        yield connection
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

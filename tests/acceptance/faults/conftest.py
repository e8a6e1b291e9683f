"""Servers of their own for faults: they are killed and restarted. Each test has a database that holds a collection."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg import sql

from r2r_shared import db, migrate
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from tests.acceptance.faults.cluster import Cluster
from tests.acceptance.faults.tables import Tables

TEMPLATE = "faults_template"
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this directory is marked: `make faults` runs it, `make test` does not."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def fault_servers() -> Iterator[tuple[Path, LocalPostgres, LocalRedis]]:
    place = Path(tempfile.mkdtemp(prefix="r2r-faults-"))
    postgres = LocalPostgres(place / "pg", place, place / "pg.log")  # durable: it is shut down in mid-transaction
    (place / "redis").mkdir()
    redis = LocalRedis(place / "redis", place, place / "redis.log")
    postgres.start(TEMPLATE)
    redis.start()
    try:
        yield place, postgres, redis
    finally:
        redis.stop()
        postgres.stop()
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def collection(fault_servers: tuple[Path, LocalPostgres, LocalRedis], material: Path) -> Path:
    """The template database holds the painted collection; its pictures are in the directory that is returned."""
    place, postgres, redis = fault_servers
    migrate.apply(postgres.url(TEMPLATE))
    home = place / "template"
    home.mkdir()
    cluster = Cluster(home, postgres, redis, TEMPLATE)
    cluster.worker()
    cluster.cli().run("paintings", "import", material / "paintings")
    for process in cluster.started:
        process.terminate()
        process.wait(timeout=60)
    return cluster.media


@pytest.fixture
def make_cluster(
    fault_servers: tuple[Path, LocalPostgres, LocalRedis], collection: Path
) -> Iterator[Callable[[], Cluster]]:
    """Clusters with nothing in Redis, the collection in the database, and no film yet."""
    _, postgres, redis = fault_servers
    made: list[Cluster] = []

    def make() -> Cluster:
        redis.start()
        postgres.start(TEMPLATE)
        with redis.client() as client:
            client.flushall()
        name = f"faults_{next(_numbers)}"
        with db.connect(postgres.url("postgres"), autocommit=True) as admin:
            admin.execute(
                # With checkpoints: a sequence that is copied by way of the log forgets up to 32 numbers in a crash.
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(name), sql.Identifier(TEMPLATE)
                )
            )
        cluster = Cluster(Path(tempfile.mkdtemp(prefix="r2r-fault-")), postgres, redis, name)
        shutil.copytree(collection, cluster.media)
        made.append(cluster)
        return cluster

    yield make
    redis.start()
    postgres.start(TEMPLATE)
    for cluster in made:
        cluster.end()


@pytest.fixture
def cluster(make_cluster: Callable[[], Cluster]) -> Cluster:
    return make_cluster()


@pytest.fixture(scope="session")
def undisturbed(fault_servers: tuple[Path, LocalPostgres, LocalRedis], collection: Path, material: Path) -> Tables:
    """What a run leaves that nobody disturbs."""
    _, postgres, redis = fault_servers
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE undisturbed TEMPLATE {}").format(sql.Identifier(TEMPLATE)))
    calm = Cluster(Path(tempfile.mkdtemp(prefix="r2r-calm-")), postgres, redis, "undisturbed")
    shutil.copytree(collection, calm.media)
    try:
        calm.worker()
        assert calm.cli().json("ingest", material / "film.mp4")["films"][0]["job"]["state"] == "done"
        return calm.tables()
    finally:
        calm.end()

"""The same commands against servers that were configured, and workers that were started by hand."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis

from r2r_shared import broker
from r2r_shared.settings import Settings
from tests.acceptance.cli import Cli


@pytest.fixture
def cluster(fresh_home: Path, database_url: str, broker_url: str) -> Iterator[Cli]:
    cli = Cli(
        fresh_home,
        {
            "R2R_DATABASE_URL": database_url,
            "R2R_BROKER_URL": broker_url,
            "R2R_MEDIA": str(fresh_home / "store"),
        },
    )
    yield cli
    cli.end()


def wait_for_workers(settings: Settings, broker_url: str, count: int) -> None:
    app = broker.make_app(settings, broker_url)
    deadline = time.monotonic() + 60
    while len(found := broker.workers(app)) < count:
        assert time.monotonic() < deadline, found


def test_workers_started_by_hand_do_what_a_detached_ingest_queued(
    cluster: Cli, material: Path, settings: Settings, broker_url: str
) -> None:
    workers = [cluster.start("worker", "--queues", queues) for queues in ("video", "video", "control,paintings")]
    try:
        wait_for_workers(settings, broker_url, len(workers))  # else one may have done it all before the others come
        cluster.run("paintings", "import", material / "paintings", "--detach")
        queued = cluster.json("ingest", material / "film.mp4", "--segment-seconds", "2", "--detach")["films"][0]
        assert queued["job"]["state"] in ("queued", "running")
        done = cluster.json("jobs", "watch", queued["job"]["id"])
        assert done["state"] == "done"
        for job in cluster.json("jobs", "list")["jobs"]:
            assert cluster.json("jobs", "watch", job["id"])["state"] == "done"
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        ended = [worker.communicate(timeout=60) for worker in workers]  # a child left behind would hold the pipes

    parts = cluster.json("jobs", "show", queued["job"]["id"])["parts"]
    video = {part["worker"].split("/")[0] for part in parts if part["kind"] == "film"}
    assert len(video) == 2, "both video workers took part"
    assert any(shot["matches"] for shot in cluster.json("timeline", "1")["shots"])
    assert all("Traceback" not in err for _, err in ended), ended


def test_a_queue_without_anyone_waiting_loses_nothing(cluster: Cli, material: Path, broker_url: str) -> None:
    """Nobody watches, and the only message is lost: a worker's own sweep sends it again."""
    queued = cluster.json("ingest", material / "film.mp4", "--detach")["films"][0]["job"]["id"]
    quick = Cli(cluster.home, {**cluster.extra, "R2R_LEASE_SECONDS": "2"})
    with Redis(unix_socket_path=urlsplit(broker_url).path) as client:
        client.flushall()
    worker = quick.start("worker")
    try:
        deadline = time.monotonic() + 90
        while cluster.json("jobs", "show", queued)["state"] != "done":
            assert time.monotonic() < deadline, "the job was forgotten"
            time.sleep(1)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)


def test_an_old_schema_is_named_with_the_command_that_mends_it(
    fresh_home: Path, empty_database_url: str, broker_url: str
) -> None:
    cli = Cli(fresh_home, {"R2R_DATABASE_URL": empty_database_url, "R2R_BROKER_URL": broker_url})

    said = cli.run("films", "list", code=1)
    assert "r2r db migrate" in said.stderr

    assert cli.json("db", "status", code=1)["pending"]
    assert cli.json("db", "migrate")["applied"]
    assert cli.json("db", "migrate")["applied"] == []
    assert cli.json("films", "list") == []

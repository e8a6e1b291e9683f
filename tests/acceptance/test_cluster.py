"""The same commands against servers that were configured, and workers that were started by hand."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.acceptance.cli import Cli


@pytest.fixture
def cluster(fresh_home: Path, database_url: str, broker_url: str) -> Cli:
    return Cli(
        fresh_home,
        {
            "R2R_DATABASE_URL": database_url,
            "R2R_BROKER_URL": broker_url,
            "R2R_MEDIA": str(fresh_home / "store"),
        },
    )


def test_workers_started_by_hand_do_what_a_detached_ingest_queued(cluster: Cli, material: Path) -> None:
    cluster.run("paintings", "import", material / "paintings", "--detach")
    queued = cluster.json("ingest", material / "film.mp4", "--segment-seconds", "4", "--detach")["films"][0]
    assert queued["job"]["state"] == "queued"

    workers = [cluster.start("worker", "--queues", queues) for queues in ("video", "control,paintings")]
    try:
        done = cluster.json("jobs", "watch", queued["job"]["id"])
        assert done["state"] == "done"
        for job in cluster.json("jobs", "list"):
            assert cluster.json("jobs", "watch", job["id"])["state"] == "done"
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        ended = [worker.communicate(timeout=60) for worker in workers]

    parts = cluster.json("jobs", "show", queued["job"]["id"])["parts"]
    assert len({part["worker"] for part in parts if part["kind"] == "film"}) == 1
    assert any(shot["matches"] for shot in cluster.json("timeline", "1")["shots"])
    assert all("Traceback" not in err for _, err in ended), ended


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

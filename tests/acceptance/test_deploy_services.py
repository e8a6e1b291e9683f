"""Each service of deploy/compose.yaml as its container would run it: its command, its environment, its health check,
its end. Only the places are this machine's: Postgres' address, ports, directories."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from r2r_shared import migrate
from r2r_shared.local.redis import _binary as redis_binary
from tests import deploy_files

pytestmark = pytest.mark.slow

PASSWORD = "Zx81notforlogs"  # noqa: S105
STARTS_S = 150  # five processes start at once on two cores that may be busy


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


@dataclass
class Services:
    """compose.yaml's services on this machine."""

    described: dict[str, Any]
    env: dict[str, str]
    directory: Path
    running: dict[str, subprocess.Popen[bytes]]

    def environ(self, name: str) -> dict[str, str]:
        """What compose.yaml sets, with this machine's places. Each worker gets Redis databases of its own: all are on
        one host here, and `r2r health --worker` asks for a worker of the host."""
        told = {key: value for key, value in self.described[name]["environment"].items() if value is not None}
        assert set(self.env) <= set(told), "nothing is set here that a container would not have"
        own = 2 * sorted(self.described).index(name) % 16
        urls = {
            "R2R_BROKER_URL": re.sub(r"/\d+$", f"/{own}", self.env["R2R_BROKER_URL"]),
            "R2R_TRAIN_BROKER_URL": re.sub(r"/\d+$", f"/{own + 1}", self.env["R2R_BROKER_URL"]),
        }
        home = {"HOME": str(self.directory), "R2R_HOME": str(self.directory), "PYTHONUNBUFFERED": "1"}
        return deploy_files.free_of_r2r() | told | self.env | urls | home

    def start(self, name: str, *, instead: dict[str, str] | None = None) -> None:
        words = [(instead or {}).get(word, word) for word in self.described[name]["command"]]
        with (self.directory / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "r2r_cli.main", *words],
                env=self.environ(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, name: str) -> int:
        self.start(name)
        return self.running.pop(name).wait(60)

    def healthy(self, name: str) -> bool:
        said, command, *words = self.described[name]["healthcheck"]["test"]
        assert (said, command) == ("CMD", "r2r")
        asked = [sys.executable, "-m", "r2r_cli.main", *words]
        return subprocess.run(asked, env=self.environ(name), capture_output=True, check=False).returncode == 0

    def wait(self, name: str) -> None:
        deadline = time.monotonic() + STARTS_S
        while not self.healthy(name):
            assert self.running[name].poll() is None, f"{name} ended: {self.log(name)}"
            assert time.monotonic() < deadline, f"{name} is not healthy: {self.log(name)}"
            time.sleep(2)  # each look is a Python of its own, and takes from those that start

    def stop(self, name: str) -> tuple[int, float]:
        """As `docker stop`: the exit code, and the seconds it took."""
        process = self.running.pop(name)
        began = time.monotonic()
        process.terminate()
        code = process.wait(deploy_files.seconds(self.described[name]["stop_grace_period"]))
        return code, time.monotonic() - began

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text(errors="replace")


@pytest.fixture
def redis_url(fresh_home: Path) -> Iterator[str]:
    """Redis by compose.yaml's own command and configuration, on TCP and with its password."""
    service = deploy_files.compose(deploy_files.filled_in(REDIS_PASSWORD=PASSWORD))["services"]["redis"]
    port = free_port()
    configuration = fresh_home / "redis.conf"
    text = deploy_files.read("kubernetes/base/redis.conf")
    text = text.replace("dir /data", f"dir {fresh_home}").replace("port 6379", f"port {port}\nbind 127.0.0.1")
    configuration.write_text(text)
    (script,) = service["command"]
    script = script.replace("redis-server /etc/redis/redis.conf", f"'{redis_binary()}' '{configuration}'")
    with (fresh_home / "redis.log").open("wb") as log:
        process = subprocess.Popen(
            [*service["entrypoint"], script], env=os.environ | service["environment"], stdout=log, stderr=log
        )
    try:
        with redis.Redis(port=port, password=PASSWORD) as client:
            deadline = time.monotonic() + 20
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    assert time.monotonic() < deadline, (fresh_home / "redis.log").read_text()
                    time.sleep(0.05)
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert PASSWORD not in Path(f"/proc/{process.pid}/cmdline").read_text()
        yield f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
    finally:
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture
def services(fresh_home: Path, empty_database_url: str, redis_url: str) -> Iterator[Services]:
    found = Services(
        deploy_files.compose(deploy_files.filled_in(REDIS_PASSWORD=PASSWORD))["services"],
        {
            "R2R_DATABASE_URL": empty_database_url,
            "R2R_BROKER_URL": redis_url,
            "R2R_TRAIN_BROKER_URL": redis_url,
            "R2R_MEDIA": str(fresh_home / "media-store"),
            "R2R_SCRATCH": str(fresh_home / "scratch"),
        },
        fresh_home,
        {},
    )
    yield found
    for process in found.running.values():
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_every_service_starts_is_healthy_and_ends_when_it_is_told_to(
    services: Services, empty_database_url: str
) -> None:
    # Given a database that nobody has migrated, a worker does not begin.
    assert services.run("control") == 1
    assert "r2r db migrate" in services.log("control")
    # When the service that everything waits for has run,
    assert services.run("migrate") == 0
    assert migrate.pending(empty_database_url) == []

    # then all the others start and say that they are well.
    listen = f"127.0.0.1:{free_port()}"
    staying = ("control", "video", "train", "beat", "metrics")
    for name in staying:
        services.start(name, instead={"0.0.0.0:9464": listen})
    for name in staying:
        services.wait(name)
    connection = http.client.HTTPConnection(listen, timeout=10)
    connection.request("GET", "/metrics")
    assert b"r2r_database_up 1.0" in connection.getresponse().read()

    # A worker that is gone is not well, whatever else runs.
    ended = {"video": services.stop("video")}
    assert not services.healthy("video")
    # Each ends in order, within its time, and none has said the password.
    ended |= {name: services.stop(name) for name in staying if name != "video"}
    # A worker and beat end with 0; a command that was told to end says by which signal, and Docker knows that number.
    told = 128 + signal.SIGTERM
    assert {name: code for name, (code, _) in ended.items()} == dict.fromkeys(staying, 0) | {"metrics": told}, ended
    assert max(took_s for _, took_s in ended.values()) < 20, "idle ones need no grace"
    for name in (*staying, "migrate"):
        assert PASSWORD not in services.log(name), name

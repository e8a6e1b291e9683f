"""A cluster of real processes that a test may kill, stop, starve and set back: servers, workers, beats, commands."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
from psycopg import sql

from r2r_shared import db
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from tests.acceptance.cli import Cli
from tests.acceptance.faults import tables

T = TypeVar("T")

LEASE_S = 3.0
ATTEMPTS = 20
SEGMENT_S = 5
CALM = {
    "R2R_LEASE_SECONDS": f"{LEASE_S:g}",
    "R2R_MAX_ATTEMPTS": str(ATTEMPTS),
    "R2R_SEGMENT_SECONDS": str(SEGMENT_S),
    "R2R_DECODE_THREADS": "1",
    "R2R_WORKERS": "1",
    "R2R_PROFILE": "descriptor",
}
"""Short leases and segments, so that a film of 24 s meets every fault; many attempts, so that it survives them. And
models that load at once: a worker that is killed as soon as it begins would else spend the test importing PyTorch."""


@dataclass
class Cluster:
    """Servers, one database that holds a collection, a media store of its own, and whatever runs on them.

    Attributes:
        place: a short directory: `home`, `media` and the processes' logs lie in it.
        extra: environment of every process that is started, besides CALM.
    """

    place: Path
    postgres: LocalPostgres
    redis: LocalRedis
    database: str
    extra: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)

    @property
    def media(self) -> Path:
        return self.place / "media"

    def settings(self, **over: str) -> dict[str, str]:
        """The R2R_ variables of this cluster's processes."""
        return {
            "R2R_HOME": str(self.place / "home"),
            "R2R_DATABASE_URL": self.postgres.url(self.database),
            "R2R_BROKER_URL": self.redis.url(),
            "R2R_MEDIA": str(self.media),
            **CALM,
            **self.extra,
            **over,
        }

    def cli(self, **over: str) -> Cli:
        """Commands; each is run to its end, or is in `started` of the Cli."""
        return Cli(self.place / "home", self.settings(**over))

    def start(self, *args: str, **over: str) -> subprocess.Popen[bytes]:
        """`r2r …` as a process that stays, in a session of its own; what it says goes to `log`."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("R2R_")}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "r2r_cli.main", *args],
                env=clean | self.settings(**over),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def worker(self, queues: str = "control,video,paintings", **over: str) -> subprocess.Popen[bytes]:
        """A worker's main process; its pool children are `children(worker)`, its connections bear a name of its own."""
        name = f"worker{len(self.started)}"
        url = over.pop("R2R_DATABASE_URL", self.postgres.url(self.database))
        process = self.start("worker", "--queues", queues, R2R_DATABASE_URL=f"{url}&application_name={name}", **over)
        self.names[process.pid] = name
        return process

    def name_of(self, pid: int) -> str | None:
        """The application_name of a worker's connections, by its main process."""
        return self.names.get(pid)

    def wait_for_warm(self, count: int) -> None:
        """Until so many pool children have been ready to work, since the start."""
        deadline = time.monotonic() + 120
        while self.log.read_text().count("are loaded and warm") < count:
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.05)

    def keep(self, count: int, **over: str) -> None:
        """What a supervisor does: start as many workers as are missing."""
        living = sum(process.poll() is None for process in self.started)
        for _ in range(count - living):
            self.worker(**over)

    @property
    def log(self) -> Path:
        return self.place / "processes.log"

    @contextlib.contextmanager
    def connection(self) -> Iterator[db.Connection]:
        """In autocommit, for looking on."""
        with db.connect(self.postgres.url(self.database), autocommit=True) as conn:
            yield conn

    def value(self, query: str, *args: Any) -> Any:
        """The first column of the first row; None where the server is away."""
        with contextlib.suppress(Exception), self.connection() as conn:
            row = conn.execute(query, args).fetchone()
            return None if row is None else row[0]
        return None

    def queue(self, film: Path, *args: str) -> int:
        """Ingest a film without waiting for it; the job's id."""
        return self.cli().json("ingest", film, "--detach", *args)["films"][0]["job"]["id"]

    def wait_for_job(self, job_id: int, *, timeout_s: float = 120) -> str:
        """The state that a job ends in."""
        return wait_until(
            lambda: self.value(
                "SELECT state FROM jobs WHERE id = %s AND state IN ('done', 'failed', 'cancelled')", job_id
            ),
            f"the end of job {job_id}",
            timeout_s,
        )

    def tables(self) -> tables.Tables:
        with self.connection() as conn:
            return tables.final(conn, self.media)

    def end(self) -> None:
        """Kill what still runs, decoders included, and drop the database."""
        for process in self.started:
            for one in family(process.pid):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        with db.connect(self.postgres.url("postgres"), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.database)))
        shutil.rmtree(self.place, ignore_errors=True)


def family(pid: int) -> list[psutil.Process]:
    """A process and all that descends from it; none where it is gone."""
    try:
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def children(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """A worker's pool children that have started: each is a spawned Python; decoders are theirs, not among them."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [child for child in psutil.Process(worker.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    return []


def decoders(pid: int) -> list[psutil.Process]:
    """The decoding children below a process."""
    found = []
    for one in family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "r2r_workers.media.child" in " ".join(one.cmdline()):
                found.append(one)
    return found


def wait_until(condition: Callable[[], T | None], what: str, timeout_s: float = 60, *, pause_s: float = 0.05) -> T:
    """The first answer that is true."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(pause_s)
    raise AssertionError(f"{what} did not come in {timeout_s:g} s")

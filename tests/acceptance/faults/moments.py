"""Moments of a segment's life, and a worker stopped in one: by what can be seen from outside, without a hook in it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from r2r_shared import db
from tests.acceptance.faults import cluster as clusters
from tests.acceptance.faults.cluster import Cluster
from tests.acceptance.faults.tables import Tables
from tests.acceptance.faults.watch import Watch

OF_A_SPAN = ("leased", "decoding", "storing", "measuring", "finishing")
MATCHING = "matching"
FINISHING = "SELECT state, cancel_requested FROM jobs%"
"""What a transaction asks last, when its results are written: it waits there for whoever holds the job's row."""


@dataclass(slots=True)
class Caught:
    """A worker that is stopped, with all below it, while one of its children holds a segment.

    Attributes:
        fence: under which it holds the segment.
        family: its main process, pool children and decoders.
    """

    stage: str
    segment: int
    fence: int
    main: psutil.Process
    child: psutil.Process
    family: list[psutil.Process] = field(default_factory=list[psutil.Process])

    def stop(self) -> None:
        """The main process first: it would notice what its children do not do."""
        self.family = clusters.family(self.main.pid)
        signal_all(self.family, signal.SIGSTOP)
        # A child that was started in the meantime is not among them.
        late = [one for one in clusters.family(self.main.pid) if one not in self.family]
        signal_all(late, signal.SIGSTOP)
        self.family += late

    def go_on(self) -> None:
        signal_all(self.family, signal.SIGCONT)

    def kill(self, victim: str) -> list[psutil.Process]:
        """SIGKILL to the `main` process, the pool `child`, the `decoder`, or `all` of them; who was killed."""
        killed = {
            "main": [self.main],
            "child": [self.child],
            "decoder": clusters.decoders(self.child.pid),
            "all": self.family,
        }[victim]
        assert killed, f"there is no {victim} to kill"
        assert all(one.is_running() for one in killed)
        signal_all(killed, signal.SIGKILL)
        self.go_on()
        return killed


def has_decoder(pid: int) -> bool:
    """Whether a pool child has a decoder that has begun to be one. Asked of the kernel, for that is quick."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        below = " ".join((task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()).split()
        return any(b"r2r_workers.media.child" in Path(f"/proc/{one}/cmdline").read_bytes() for one in below)
    return False


def give_way(process: psutil.Process, cores: set[int]) -> None:
    """Run on these cores only while nobody else wants them; that cannot be taken back, so for who will be killed."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.sched_setaffinity(process.pid, cores)
        os.sched_setscheduler(process.pid, os.SCHED_BATCH, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, process.pid, 19)


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    for one in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.send_signal(number)


@dataclass(slots=True)
class _Held:
    segment: int
    number: int
    fence: int
    worker: str
    since: float


class Moments:
    """Catches workers of a cluster while they work on a job, by the stages that an undisturbed run has."""

    def __init__(self, cluster: Cluster, job: int, undisturbed: Tables) -> None:
        self._cluster, self._job = cluster, job
        self._keys = _keys_of_spans(undisturbed)
        self._decoded: set[int] = set()  # fences whose decoder has been seen
        self.folder = cluster.media / Path(next(iter(self._keys.values()))[0]).parent
        self.folder.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def caught(self, stage: str, *, timeout_s: float = 90) -> Generator[Caught]:
        """A worker that is stopped in this stage; it goes on afterwards, if it lives.

        In `finishing` and `matching` its transaction has written its results, and waits to be committed.
        """
        if stage in ("finishing", MATCHING):
            with self.finishing("match" if stage == MATCHING else "film", stage, timeout_s) as found:
                found.stop()
                try:
                    yield found
                finally:
                    found.go_on()
            return
        found = self._storing(timeout_s) if stage == "storing" else self._in(stage, timeout_s)
        try:
            yield found
        finally:
            found.go_on()

    @contextlib.contextmanager
    def finishing(self, kind: str, stage: str = "finishing", timeout_s: float = 90) -> Generator[Caught]:
        """A worker that runs, and waits in its last transaction for a job's row that is held here."""
        clusters.wait_until(  # the first lease says so in the job's row
            lambda: self._cluster.value("SELECT state = 'running' FROM jobs WHERE id = %s", self._job),
            "work",
            timeout_s,
        )
        held_rows = self._hold_match(timeout_s) if kind == "match" else self._hold_job()
        with held_rows, self._cluster.connection() as conn:
            deadline = time.monotonic() + timeout_s
            while time.monotonic() < deadline:
                waiting = {
                    name
                    for (name,) in conn.execute(
                        "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() "
                        "AND wait_event_type = 'Lock' AND query LIKE %s",
                        (FINISHING,),
                    )
                }
                for held in self._held(conn, kind):
                    found = self._found(stage, held)
                    if found is not None and self._cluster.name_of(found.main.pid) in waiting:
                        yield found
                        return
                time.sleep(0.02)
            raise AssertionError(f"nobody was {stage} within {timeout_s:g} s")

    @contextlib.contextmanager
    def _hold_match(self, timeout_s: float) -> Generator[None]:
        """The job's row, taken when all segments of film are through: they would wait for it, too.

        A match begins with the film's row, which none of them asks for, so that one is held until the match is there.
        """
        with db.connect(self._cluster.postgres.url(self._cluster.database)) as gate:
            gate.execute(
                "SELECT FROM films WHERE id = (SELECT film_id FROM jobs WHERE id = %s) FOR NO KEY UPDATE", (self._job,)
            )
            clusters.wait_until(
                lambda: self._cluster.value(
                    "SELECT state = 'running' FROM segments WHERE job_id = %s AND kind = 'match'", self._job
                ),
                "a match",
                timeout_s,
            )
            with self._hold_job():
                gate.rollback()
                yield

    @contextlib.contextmanager
    def _hold_job(self) -> Generator[None]:
        """The job's row, as a worker that finishes would hold it; leases and heartbeats do not ask for it."""
        conn = db.connect(self._cluster.postgres.url(self._cluster.database))
        conn.execute("SELECT FROM jobs WHERE id = %s FOR NO KEY UPDATE", (self._job,))
        try:
            yield
        finally:
            conn.close()  # rolls back, if the server has not been shut down

    def _in(self, stage: str, timeout_s: float) -> Caught:
        with self._cluster.connection() as conn:
            deadline = time.monotonic() + timeout_s
            while time.monotonic() < deadline:
                for held in self._held(conn, "film"):
                    found = self._found(stage, held)
                    if found is None or self._stage(found.child, held) != stage:
                        continue
                    signal_all([found.child], signal.SIGSTOP)  # at once: looking for the others takes a while
                    if self._stage(found.child, held) == stage and self._still(conn, held):
                        found.stop()
                        return found
                    signal_all([found.child], signal.SIGCONT)
                time.sleep(0.004)
        raise AssertionError(f"nobody was {stage} within {timeout_s:g} s")

    def _storing(self, timeout_s: float) -> Caught:
        """The first file that appears stops its writer: the next, or the rename, may follow within a millisecond.

        So the writer gives way to this process, on the same core. One that was too quick all the same is killed where
        it is: its segment comes again.
        """
        cores = os.sched_getaffinity(0)
        deadline = time.monotonic() + timeout_s
        try:
            os.sched_setaffinity(0, {min(cores)})
            with self._cluster.connection() as conn, Watch(self.folder) as watch:
                while time.monotonic() < deadline:
                    rows = [(held, self._found("storing", held)) for held in self._held(conn, "film")]
                    writers = [(held, found) for held, found in rows if found and has_decoder(found.child.pid)]
                    for _, found in writers:
                        give_way(found.child, {min(cores)})
                    if not writers or not watch.wait(0.5):
                        continue
                    signal_all([found.child for _, found in writers], signal.SIGSTOP)
                    caught = [self._or_killed(conn, held, found) for held, found in writers]
                    for one in (hit := [one for one in caught if one])[1:]:
                        one.go_on()
                    if hit:
                        return hit[0]
        finally:
            os.sched_setaffinity(0, cores)
        raise AssertionError(f"nobody was storing within {timeout_s:g} s")

    def _or_killed(self, conn: db.Connection, held: _Held, found: Caught) -> Caught | None:
        """The worker, stopped, if it is storing; if it is past that, its child is killed."""
        found.stop()
        stage = self._stage(found.child, held)
        if stage == "storing" and self._still(conn, held):
            return found
        if stage == "measuring" and self._still(conn, held):
            found.kill("child")
        found.go_on()
        return None

    def _held(self, conn: db.Connection, kind: str) -> list[_Held]:
        rows = conn.execute(
            "SELECT id, number, fence, worker, extract(epoch FROM started_at)::float8 FROM segments "
            "WHERE job_id = %s AND kind = %s AND state = 'running' ORDER BY id",
            (self._job, kind),
        ).fetchall()
        return [_Held(*row) for row in rows]

    def _still(self, conn: db.Connection, held: _Held) -> bool:
        row = conn.execute(
            "SELECT FROM segments WHERE id = %s AND fence = %s AND state = 'running'", (held.segment, held.fence)
        )
        return row.rowcount == 1

    def _found(self, stage: str, held: _Held) -> Caught | None:
        """The processes behind a row's "host:main/child"; None where one of them is gone."""
        pids = re.fullmatch(r".*:(\d+)/(\d+)", held.worker)
        assert pids is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            main, child = (psutil.Process(int(pid)) for pid in pids.groups())
            if child.ppid() == main.pid:
                return Caught(stage, held.segment, held.fence, main, child)
        return None

    def _stage(self, child: psutil.Process, held: _Held) -> str:
        if has_decoder(child.pid):
            self._decoded.add(held.fence)
            return "decoding"
        keys = self._keys[held.number]
        stored = sum(self._is_newer(self._cluster.media / key, held.since) for key in keys)
        if stored == len(keys):
            return "measuring"
        if stored or any(self._is_newer(part, held.since) for part in self.folder.glob(".*.part")):
            return "storing"
        return "decoded" if held.fence in self._decoded else "leased"

    def _is_newer(self, path: Path, than: float) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return path.stat().st_mtime >= than
        return False


def _keys_of_spans(undisturbed: Tables) -> dict[int, list[str]]:
    """The media store's keys of each segment's keyframes, by the segment's number."""
    number_of = {shot["start_frame"]: shot["segment"] for shot in map(json.loads, undisturbed["shots"])}
    keys: dict[int, list[str]] = defaultdict(list)
    for keyframe in map(json.loads, undisturbed["keyframes"]):
        keys[number_of[keyframe["shot"]]].append(keyframe["image"])
    return keys

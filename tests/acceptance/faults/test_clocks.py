"""Clocks an hour fast, an hour slow, and set back in mid-run: only the database's counts."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.acceptance.faults.cluster import LEASE_S, Cluster, decoders, family, wait_until
from tests.acceptance.faults.moments import signal_all
from tests.acceptance.faults.tables import Tables, assert_same

HOUR_S = 3600


class Clock:
    """A clock of its own for a process: `env` goes to it, `set` may be called at any moment."""

    def __init__(self, file: Path, off_s: float) -> None:
        self._file = file
        self.set(off_s)
        self.env = {"PYTHONPATH": str(Path(__file__).parent / "clock"), "SET_OFF_CLOCK": str(file)}

    def set(self, off_s: float) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(str(off_s))
        part.replace(self._file)


def test_workers_an_hour_apart_do_what_one_does(cluster: Cluster, material: Path, undisturbed: Tables) -> None:
    """One fast, one slow, one right, and the fast one set back by two hours in mid-run.

    Tasks are limited to a minute, so that kombu, which goes by the worker's clock, hands messages out again that are
    worked on.
    """
    limit = {"R2R_TASK_LIMIT_SECONDS": "60"}
    fast, slow = Clock(cluster.place / "fast", HOUR_S), Clock(cluster.place / "slow", -HOUR_S)
    assert said_by(fast) - said_by(slow) > 2 * HOUR_S - 60, "the clocks are set off"
    workers = [cluster.worker(**limit, **fast.env), cluster.worker(**limit, **slow.env), cluster.worker(**limit)]
    cluster.wait_for_warm(3)
    job = cluster.queue(material / "film.mp4")
    wait_until(lambda: cluster.value("SELECT count(*) FROM segments WHERE state = 'running'"), "work")
    fast.set(-HOUR_S)

    assert cluster.wait_for_job(job) == "done"
    assert all(worker.poll() is None for worker in workers)
    took_part = cluster.value("SELECT count(DISTINCT worker) FROM segments WHERE job_id = %s", job)
    assert took_part == 3, "each clock's worker did a part"
    assert cluster.value("SELECT count(*) FROM failures") == 0, "no lease ran out for a clock's sake"
    assert_same(cluster.tables(), undisturbed)


def test_a_beat_whose_clock_is_set_back_goes_on_sweeping(cluster: Cluster, material: Path, undisturbed: Tables) -> None:
    """An hour fast, then an hour slow; the only worker dies after both jumps, and only the beat puts its work back."""
    clock = Clock(cluster.place / "beat", HOUR_S)
    cluster.start("beat", **clock.env)
    worker = cluster.worker()
    job = cluster.queue(material / "film.mp4")
    for off_s in (-HOUR_S, HOUR_S):
        wait_until(lambda: cluster.value("SELECT count(*) FROM segments WHERE state = 'running'"), "work", pause_s=0.01)
        swept_at = wait_until(lambda: cluster.value("SELECT swept_at FROM beats"), "a sweep")
        clock.set(off_s)
        wait_until(
            lambda swept_at=swept_at: cluster.value("SELECT max(swept_at) > %s FROM beats", swept_at), "a sweep", 6
        )
    wait_until(lambda: any(decoders(one.pid) for one in cluster.started), "a decoder", pause_s=0.01)
    held = cluster.value("SELECT max(fence) FROM segments WHERE state = 'running'")
    signal_all(family(worker.pid), psutil.signal.SIGKILL)
    killed_at = time.monotonic()

    wait_until(lambda: cluster.value("SELECT count(*) FROM failures WHERE reason = 'silent'"), "the beat's sweep")

    assert time.monotonic() - killed_at < LEASE_S + 5
    assert held is not None
    cluster.worker()
    assert cluster.wait_for_job(job) == "done"
    assert family(cluster.started[0].pid), "the beat lives"
    assert_same(cluster.tables(), undisturbed)


def said_by(clock: Clock) -> float:
    """What a Python with this clock takes the time to be, by time and by datetime."""
    ask = (
        "import time, datetime as d; now, other = time.time(), d.datetime.now(d.UTC).timestamp(); "
        "print(now if abs(now - other) < 5 else 0)"
    )
    return float(subprocess.run([sys.executable, "-c", ask], env=clock.env, capture_output=True, check=True).stdout)

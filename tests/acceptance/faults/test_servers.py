"""Redis killed with all it knew, Postgres shut down in mid-transaction: the run ends without help, and the same."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Self

import pytest

from tests.acceptance.faults.cluster import Cluster, wait_until
from tests.acceptance.faults.moments import MATCHING, Moments
from tests.acceptance.faults.seeds import seeds
from tests.acceptance.faults.tables import Tables, assert_same

IDLE_LIMIT_S = 15.0
"""How long nobody works, at most, from the moment when Redis is there again."""


@pytest.mark.parametrize("seed", seeds(2))
def test_redis_is_killed_and_its_data_wiped_twice(
    cluster: Cluster, material: Path, undisturbed: Tables, seed: int
) -> None:
    chance = random.Random(seed)
    cluster.worker()
    job = cluster.queue(material / "film.mp4")
    outages: list[float] = []
    for done in (0, 2):
        wait_until(
            lambda done=done: cluster.value(
                "SELECT count(*) FILTER (WHERE state = 'done') >= %s AND count(*) FILTER (WHERE state = 'running') > 0 "
                "FROM segments WHERE job_id = %s",
                done,
                job,
            ),
            f"work after {done} segments",
        )
        time.sleep(chance.uniform(0, 1))
        wipe(cluster)
        away_s = chance.uniform(0.5, 8)
        time.sleep(away_s)
        cluster.redis.start()
        with Idle(cluster, job) as idle:
            before = cluster.value("SELECT max(fence) FROM segments")
            wait_until(
                lambda before=before: (
                    cluster.value("SELECT max(fence) FROM segments") > before
                    or cluster.value("SELECT state = 'done' FROM jobs WHERE id = %s", job)
                ),
                "more work",
            )
        outages.append(idle.longest_s)
        print(f"seed {seed}: away for {away_s:.1f} s, then idle for {idle.longest_s:.1f} s")

    assert cluster.wait_for_job(job) == "done"
    assert max(outages) < IDLE_LIMIT_S
    assert cluster.value("SELECT count(*) FROM failures") == 0, "no attempt was lost with a message"
    assert_same(cluster.tables(), undisturbed)


@pytest.mark.parametrize("moment", ["finishing", MATCHING])
def test_postgres_is_shut_down_in_mid_transaction(
    cluster: Cluster, material: Path, undisturbed: Tables, moment: str
) -> None:
    """At once, as a power cut would: a segment's results, or a film's matches, are written and not committed."""
    cluster.worker()
    job = cluster.queue(material / "film.mp4")
    with Moments(cluster, job, undisturbed).finishing("match" if moment == MATCHING else "film", moment) as found:
        shut_down(cluster)
    cluster.postgres.start("faults_template")
    back_at = time.monotonic()

    state, results = cluster.value(
        "SELECT ARRAY[state, (SELECT count(*) FROM shots WHERE segment_id = s.id)::text] FROM segments AS s "
        "WHERE id = %s",
        found.segment,
    )
    assert (state, results) in (("running", "0"), ("queued", "0")), "all of the transaction is gone"
    assert cluster.value("SELECT count(*) FROM film_matches") == 0
    wait_until(lambda: cluster.value("SELECT fence > %s FROM segments WHERE id = %s", found.fence, found.segment), "it")
    again_s = time.monotonic() - back_at
    print(f"{moment}: at work again after {again_s:.1f} s")
    assert again_s < 15
    assert cluster.wait_for_job(job) == "done"
    assert cluster.value("SELECT count(*) FROM failures WHERE segment_id = %s", found.segment) >= 1
    assert "raised unexpected" not in cluster.log.read_text(), "a server that is away is said in one line"
    assert_same(cluster.tables(), undisturbed)


def wipe(cluster: Cluster) -> None:
    """`kill -9`, and an empty directory."""
    pid = int((cluster.redis.data / "redis.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not cluster.redis.answers(), "its end")
    shutil.rmtree(cluster.redis.data)
    cluster.redis.data.mkdir()


def shut_down(cluster: Cluster) -> None:
    """Postgres' immediate shutdown: no transaction is ended, the next start recovers from the log."""
    pid = int((cluster.postgres.data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "its end")


class Idle:
    """How long at a stretch nobody works on a job that is not done, while the body runs."""

    def __init__(self, cluster: Cluster, job: int) -> None:
        self._cluster, self._job = cluster, job
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.longest_s = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        since: float | None = None
        with self._cluster.connection() as conn:
            while not self._over.wait(0.05):
                idle = conn.execute(
                    "SELECT NOT EXISTS (SELECT FROM segments WHERE state = 'running') "
                    "AND EXISTS (SELECT FROM jobs WHERE id = %s AND state <> 'done')",
                    (self._job,),
                ).fetchone()
                if idle != (True,):
                    since = None
                    continue
                since = since or time.monotonic()
                self.longest_s = max(self.longest_s, time.monotonic() - since)

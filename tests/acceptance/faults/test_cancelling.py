"""`r2r jobs cancel` at every stage: within seconds, without a trace, and `retry` gives what a calm run gives."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from r2r_shared.queries import job_changes
from tests.acceptance.faults.cluster import Cluster, family, wait_until
from tests.acceptance.faults.slow_motion import SlowMotion
from tests.acceptance.faults.tables import Tables, assert_same

WITHIN_S = 6.0
"""A heartbeat, the quarter of a second in which a decoder is listened to, one batch of pictures; and a busy machine."""

AT_WORK = "SELECT id FROM segments WHERE kind = 'film' AND state = 'running'"
STAGES = {
    "decode": "SELECT id FROM segments WHERE kind = 'film' AND state = 'running' AND stats->>'stage' = 'decode'",
    "measure": "SELECT id FROM segments WHERE kind = 'film' AND state = 'running' AND stats->>'stage' = 'measure'",
    "match": "SELECT id FROM segments WHERE kind = 'match' AND state = 'running'",
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_job_is_cancelled_at(cluster: Cluster, material: Path, undisturbed: Tables, stage: str) -> None:
    worker = cluster.worker()
    job = cluster.queue(material / "film.mp4")
    wait_until(lambda: cluster.value(AT_WORK), "a worker at work", 100)
    with contextlib.ExitStack() as slowed:
        if stage == "match":  # over in a tenth of a second: it is made to wait where it writes
            blocker = slowed.enter_context(cluster.connection())
            slowed.enter_context(blocker.transaction())
            blocker.execute("LOCK TABLE matches IN EXCLUSIVE MODE")
        else:
            slowed.enter_context(SlowMotion(worker))
        met = wait_until(lambda: cluster.value(STAGES[stage]), f"a segment at {stage}", 100, pause_s=0.01)
        with cluster.connection() as conn:
            assert (
                job_changes.cancel(conn, job) == "running"
            )  # as `r2r jobs cancel` does, whose start takes too long for this
        asked_at = time.monotonic()
    assert cluster.wait_for_job(job) == "cancelled"
    took_s = time.monotonic() - asked_at

    print(f"{stage}: {took_s:.2f} s")
    assert took_s < WITHIN_S
    assert cluster.value("SELECT state FROM segments WHERE id = %s", met) == "cancelled", "at work, not between two"
    assert cluster.value("SELECT count(*) FROM segments WHERE state IN ('running', 'queued', 'blocked')") == 0
    for table in ("shots", "keyframes", "keyframe_features", "matches", "film_matches"):
        assert cluster.value(f"SELECT count(*) FROM {table}") == 0, table  # noqa: S608  (of our own)
    nothing_is_shown(cluster, material)

    assert cluster.cli().json("jobs", "retry", job)["state"] == "done"
    assert worker.poll() is None, "a worker outlives what is cancelled under it"
    assert_same(cluster.tables(), undisturbed)


def nothing_is_shown(cluster: Cluster, material: Path) -> None:
    film = cluster.cli().json("films", "list")[0]
    assert (film["state"], film["shots"], film["keyframes"]) == ("cancelled", 0, 0)
    said = cluster.cli().run("timeline", material / "film.mp4", code=1).stderr
    assert "error:" in said
    assert "Traceback" not in said


def test_a_job_is_cancelled_whose_worker_is_dead(cluster: Cluster, material: Path, undisturbed: Tables) -> None:
    """Nobody is there to notice the request: what the dead one held ends with its lease."""
    worker = cluster.worker()
    job = cluster.queue(material / "film.mp4")
    wait_until(lambda: cluster.value(STAGES["decode"]), "a segment at decode", 100)
    for process in family(worker.pid):
        process.kill()
    killed_at = time.monotonic()

    said = cluster.cli().run("jobs", "cancel", job).stdout

    assert cluster.wait_for_job(job, timeout_s=20) == "cancelled"
    assert time.monotonic() - killed_at < 3 + 5 + 5, "the lease, a sweep, and the command's own start"
    assert f"job {job}" in said
    cluster.worker()
    assert cluster.cli().json("jobs", "retry", job)["state"] == "done"
    assert_same(cluster.tables(), undisturbed)

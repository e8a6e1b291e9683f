"""A worker that was stalled past its lease, and one that does not know whether its commit went through."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import psutil
import pytest

from r2r_shared.queries.segments import STALLED_S
from tests.acceptance.faults import moments as catching
from tests.acceptance.faults.cluster import Cluster, family, wait_until
from tests.acceptance.faults.moments import Moments
from tests.acceptance.faults.proxy import Proxy, Trap
from tests.acceptance.faults.tables import Tables, assert_same


@pytest.mark.parametrize("other", ["is still at it", "has finished"])
def test_a_worker_stopped_while_it_decodes_wakes_when_another(
    cluster: Cluster, material: Path, undisturbed: Tables, other: str
) -> None:
    cluster.worker()
    cluster.worker()
    cluster.wait_for_warm(2)
    job = cluster.queue(material / "film.mp4")
    with Moments(cluster, job, undisturbed).caught("decoding") as found:
        wanted = "state = 'running'" if other == "is still at it" else "state = 'done'"
        wait_until(
            lambda: cluster.value(
                f"SELECT fence > %s AND {wanted} FROM segments WHERE id = %s",  # noqa: S608
                found.fence,
                found.segment,
            ),
            "the other worker",
            pause_s=0.01,
        )
        assert found.child.status() == psutil.STATUS_STOPPED

    # Whichever it sees first when it wakes: its own clock, which ran on, or the row.
    fence = rf"fence {found.fence} is no longer the row's"
    thrown_away(cluster, rf"segment {found.segment}: ({fence}|the database has not answered for a lease)")
    assert cluster.wait_for_job(job) == "done"
    assert cluster.value("SELECT attempt FROM segments WHERE id = %s", found.segment) == 2
    assert_same(cluster.tables(), undisturbed)


def test_a_worker_stopped_right_before_its_last_transaction_is_refused(
    cluster: Cluster, material: Path, undisturbed: Tables
) -> None:
    """All is computed, and the fence is asked for; that question is under way until another worker has finished."""
    ask = Trap(seen=b"AND state = 'running' FOR NO KEY UPDATE", at=b"FOR NO KEY UPDATE", then="hold")
    with Proxy(cluster.place / "proxy", cluster.postgres.sockets, cluster.database, [ask]) as proxy:
        slow = cluster.worker(R2R_DATABASE_URL=proxy.url)
        job = cluster.queue(material / "film.mp4")
        assert ask.sprung.wait(90)
        asked_at = time.monotonic()
        stopped = family(slow.pid)
        catching.signal_all(stopped, signal.SIGSTOP)
        segment, fence = cluster.value(
            "SELECT ARRAY[id, fence] FROM segments WHERE job_id = %s AND state = 'running'", job
        )
        cluster.worker()
        wait_until(lambda: cluster.value("SELECT state = 'done' FROM segments WHERE id = %s", segment), "another", 90)
        ask.let_go.set()
        catching.signal_all(stopped, signal.SIGCONT)

        reason = f"fence {fence} is no longer the row's"
        if time.monotonic() - asked_at > STALLED_S - 1:  # on a slow machine the server has ended the transaction by now
            reason = f"({reason}|the database has not answered for a lease)"
        thrown_away(cluster, rf"segment {segment}: {reason}")
        assert cluster.wait_for_job(job) == "done"
    assert cluster.value("SELECT attempt FROM segments WHERE id = %s", segment) == 2
    assert_same(cluster.tables(), undisturbed)


def test_a_worker_stopped_within_its_last_transaction_does_not_keep_the_segment(
    cluster: Cluster, material: Path, undisturbed: Tables
) -> None:
    """It holds the row's lock as long as its transaction is open: the server ends that, and another takes over."""
    cluster.worker()
    cluster.worker()
    job = cluster.queue(material / "film.mp4")
    with Moments(cluster, job, undisturbed).caught("finishing") as found:
        stopped, found.family = found.family, []  # the job's row is let go when this block ends; the worker is not
    stopped_at = time.monotonic()
    try:
        wait_until(
            lambda: cluster.value("SELECT fence > %s FROM segments WHERE id = %s", found.fence, found.segment),
            "another worker",
            60,
        )
        print(f"taken over after {time.monotonic() - stopped_at:.1f} s")
        assert cluster.wait_for_job(job) == "done"
    finally:
        catching.signal_all(stopped, signal.SIGCONT)
    assert_same(cluster.tables(), undisturbed)


def test_commits_are_applied_whose_client_sees_an_error(cluster: Cluster, material: Path, undisturbed: Tables) -> None:
    """Of a lease, of a segment's results and of a film's matches: each connection breaks before the answer."""
    traps = {
        "lease": Trap(seen=b"nextval('fences')", at=b"COMMIT", then="cut"),
        "finish": Trap(seen=b"COPY shots", at=b"COMMIT", then="cut"),
        "match": Trap(seen=b"INTO film_matches", at=b"COMMIT", then="cut"),
    }
    with Proxy(cluster.place / "proxy", cluster.postgres.sockets, cluster.database, [*traps.values()]) as proxy:
        cluster.worker(R2R_DATABASE_URL=proxy.url)
        job = cluster.queue(material / "film.mp4")
        assert cluster.wait_for_job(job) == "done"

    assert all(trap.sprung.is_set() for trap in traps.values())
    attempts = cluster.value("SELECT array_agg(attempt ORDER BY number) FROM segments WHERE job_id = %s", job)
    assert sum(attempts) == len(attempts) + 1, "the lease that nobody knew of ran out; what was finished stayed so"
    assert cluster.value("SELECT array_agg(reason) FROM failures") == ["silent"]
    assert_same(cluster.tables(), undisturbed)


def thrown_away(cluster: Cluster, reason: str) -> None:
    """A worker says that it stores nothing of what it computed, and why."""
    said = rf"{reason}: what was computed is thrown away"
    wait_until(lambda: re.search(said, cluster.log.read_text()), f"“{said}”", 30)

"""A worker that is told to end takes nothing new, ends what it holds or hands it back, and no attempt is counted."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
import pytest

from r2r_shared import db
from r2r_shared.local.stack import open_stack
from r2r_shared.settings import Settings
from tests.acceptance.cli import Cli
from tests.acceptance.faults import moments as catching
from tests.acceptance.faults.cluster import CALM, Cluster, decoders, wait_until
from tests.acceptance.faults.moments import Moments
from tests.acceptance.faults.tables import Tables, assert_same

GRACE_S = 45.0


@pytest.mark.parametrize("stage", ["decoding", "measuring"])
def test_a_worker_told_to_end_finishes_what_it_holds_and_takes_nothing_new(
    cluster: Cluster, material: Path, undisturbed: Tables, stage: str
) -> None:
    """SIGTERM under load: the film's other segments wait behind the one at hand."""
    worker = cluster.worker()
    job = cluster.queue(material / "film.mp4")
    with Moments(cluster, job, undisturbed).caught(stage) as found:
        worker.terminate()
    told_at = time.monotonic()
    assert cluster.value("SELECT count(*) FROM segments WHERE job_id = %s AND state = 'queued'", job) >= 1

    code = worker.wait(timeout=GRACE_S)

    print(f"{stage}: ended with {code} after {time.monotonic() - told_at:.1f} s")
    assert code == 0
    assert cluster.value("SELECT max(fence) FROM segments WHERE job_id = %s", job) == found.fence, "no new lease"
    assert cluster.value("SELECT state FROM segments WHERE id = %s", found.segment) == "done"
    finished_by_another(cluster, job, undisturbed)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_worker_told_twice_hands_back_what_it_holds(
    cluster: Cluster, material: Path, undisturbed: Tables, second: signal.Signals
) -> None:
    """The segment does not end by itself: its decoder is stopped. The second word is not to wait for it."""
    worker = cluster.worker()
    job = cluster.queue(material / "film.mp4")
    with Moments(cluster, job, undisturbed).caught("decoding") as found:
        stopped = decoders(found.child.pid)
        found.family = [one for one in found.family if one not in stopped]
    worker.terminate()
    time.sleep(2)
    assert worker.poll() is None, "it waits for what it holds"
    worker.send_signal(second)
    told_at = time.monotonic()
    code = worker.wait(timeout=15)
    print(f"{second.name}: ended with {code} after {time.monotonic() - told_at:.1f} s")

    assert code == 0
    assert psutil.wait_procs([found.child], timeout=5)[1] == []
    catching.signal_all(stopped, signal.SIGCONT)  # its pipe is broken
    assert psutil.wait_procs(stopped, timeout=5)[1] == []
    state, attempt = cluster.value("SELECT ARRAY[state, attempt::text] FROM segments WHERE id = %s", found.segment)
    assert (state, attempt) == ("queued", "0"), "handed back, and no attempt counted"
    finished_by_another(cluster, job, undisturbed)


def test_a_local_worker_told_to_end_does_the_same(fresh_home: Path, material: Path) -> None:
    """`r2r worker` on this machine's own stack is a parent of the worker itself, and passes on what it is told."""
    cli = Cli(fresh_home, CALM)
    with open_stack(Settings(home=fresh_home)) as stack:
        cli.run("paintings", "import", material / "paintings")
        job = cli.json("ingest", material / "film.mp4", "--detach")["films"][0]["job"]["id"]
        worker = cli.start("worker")
        try:
            with db.connect(stack.database_url, autocommit=True) as conn:
                ask = "SELECT max(fence) FROM segments WHERE job_id = %s AND state = 'running'"
                fence = wait_until(lambda: conn.execute(ask, (job,)).fetchone()[0], "work", pause_s=0.01)
                worker.terminate()
                _, said = worker.communicate(timeout=GRACE_S)

                assert worker.returncode == 0
                assert "Traceback" not in said
                left = conn.execute(
                    "SELECT max(fence), count(*) FILTER (WHERE state = 'running'), max(attempt) FROM segments "
                    "WHERE job_id = %s",
                    (job,),
                ).fetchone()
                assert left == (fence, 0, 1), "nothing new was taken, nothing is held"
                assert conn.execute("SELECT count(*) FROM failures").fetchone() == (0,)
        finally:
            cli.end()


def finished_by_another(cluster: Cluster, job: int, undisturbed: Tables) -> None:
    """What is left is soon another worker's, and nothing was anybody's failure."""
    began = time.monotonic()
    cluster.worker()
    assert cluster.wait_for_job(job) == "done"
    print(f"the rest took another {time.monotonic() - began:.1f} s")
    assert cluster.value("SELECT max(attempt) FROM segments WHERE job_id = %s", job) == 1
    assert cluster.value("SELECT count(*) FROM failures") == 0
    assert_same(cluster.tables(), undisturbed)

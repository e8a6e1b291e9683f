"""`kill -9` of whoever works, at every stage: nothing is lost, nothing doubled, and the rest goes on soon."""

from __future__ import annotations

import random
import time
from pathlib import Path

import psutil
import pytest

from tests.acceptance.faults.cluster import LEASE_S, Cluster, decoders, wait_until
from tests.acceptance.faults.moments import MATCHING, OF_A_SPAN, Moments, signal_all
from tests.acceptance.faults.seeds import seeds
from tests.acceptance.faults.tables import Tables, assert_same

WORKERS = 2


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", seeds(3))
def test_workers_are_killed_at_every_stage(cluster: Cluster, material: Path, undisturbed: Tables, seed: int) -> None:
    """Seven kills a run: one in each stage, one at no particular moment. A supervisor restarts what died."""
    chance = random.Random(seed)
    plan = [(stage, chance.choice(("child", "main"))) for stage in OF_A_SPAN]
    plan[OF_A_SPAN.index("decoding")] = ("decoding", ("child", "main", "decoder")[seed % 3])
    plan.append(("anywhere", chance.choice(("child", "main"))))
    chance.shuffle(plan)
    plan.append((MATCHING, ("main", "child")[seed % 2]))
    print(f"seed {seed}: {plan}")
    cluster.keep(WORKERS)
    job = cluster.queue(material / "film.mp4")
    moments = Moments(cluster, job, undisturbed)
    killed: list[psutil.Process] = []
    for stage, victim in plan:
        if stage == "anywhere":
            with moments.caught(chance.choice(("leased", "decoding"))) as found:
                found.go_on()
                time.sleep(chance.uniform(0, 2))
                killed += found.kill(victim)
        else:
            with moments.caught(stage) as found:
                killed += found.kill(victim)
        cluster.keep(WORKERS)

    assert cluster.wait_for_job(job) == "done"
    children = sum(victim == "child" for stage, victim in plan if stage != "anywhere")
    silent = cluster.value("SELECT count(*) FROM failures WHERE reason = 'silent'")
    print(f"seed {seed}: {len(killed)} killed, {silent} attempts lost")
    assert len(killed) == len(plan) == 7
    assert psutil.wait_procs(killed, timeout=5)[1] == []
    assert silent >= children > 0, "each child that was killed with its lease left an attempt behind"
    assert cluster.value("SELECT sum(attempt) FROM segments WHERE job_id = %s", job) >= 5 + children
    assert cluster.value("SELECT count(*) FROM failures WHERE reason <> 'silent'") == 0
    assert_same(cluster.tables(), undisturbed)


def test_the_children_of_a_main_process_that_was_killed_end_by_themselves(
    cluster: Cluster, material: Path, undisturbed: Tables
) -> None:
    """Their pipe to it breaks; until then a child may finish what it holds, and nothing else."""
    cluster.worker()
    job = cluster.queue(material / "film.mp4")
    with Moments(cluster, job, undisturbed).caught("decoding") as found:
        below = [one for one in found.family if one != found.main]
        assert any(one in below for one in decoders(found.main.pid))
        found.kill("main")
    killed_at = time.monotonic()

    left = psutil.wait_procs(below, timeout=30)[1]

    print(f"the last of {len(below)} ended after {time.monotonic() - killed_at:.1f} s")
    assert left == []
    assert cluster.value("SELECT max(fence) FROM segments WHERE job_id = %s", job) == found.fence, "no lease afterwards"
    cluster.worker()
    assert cluster.wait_for_job(job) == "done"
    assert_same(cluster.tables(), undisturbed)


@pytest.mark.parametrize("sweeper", ["workers", "beat", "ingest"])
def test_a_killed_workers_segment_runs_again_within_its_lease_and_five_seconds(
    cluster: Cluster, material: Path, undisturbed: Tables, sweeper: str
) -> None:
    """Whoever sweeps: the workers themselves, a beat, or a command that waits.

    For the last two no worker is left that could sweep: the segment is queued again, with a message, in that time.
    """
    workers = 2 if sweeper == "workers" else 1
    for _ in range(workers):
        cluster.worker()
    cluster.wait_for_warm(workers)
    whole = ("--segment-seconds", "60")  # one segment, so that the other worker is free
    if sweeper == "ingest":
        cluster.start("ingest", str(material / "film.mp4"), *whole)
        job = wait_until(lambda: cluster.value("SELECT max(id) FROM jobs WHERE kind = 'ingest'"), "a job")
    else:
        if sweeper == "beat":
            cluster.start("beat")
            wait_until(lambda: cluster.value("SELECT count(*) FROM beats"), "a beat")
        job = cluster.queue(material / "film.mp4", *whole)
    row = wait_until(
        lambda: cluster.value(
            "SELECT worker FROM segments WHERE job_id = %s AND state = 'running' AND kind = 'film'", job
        ),
        "a lease",
        pause_s=0.01,
    )
    main = psutil.Process(int(row.split(":")[1].split("/")[0]))
    wait_until(lambda: decoders(main.pid), "a decoder")
    fence = cluster.value("SELECT fence FROM segments WHERE job_id = %s AND kind = 'film'", job)

    killed = [main, *main.children(recursive=True)]
    signal_all(killed, psutil.signal.SIGKILL)
    killed_at = time.monotonic()
    if sweeper == "workers":
        wait_until(
            lambda: cluster.value("SELECT fence > %s FROM segments WHERE job_id = %s AND kind = 'film'", fence, job),
            "the next lease",
        )
    else:
        wait_until(
            lambda: cluster.value(
                "SELECT state = 'queued' AND sent_at > started_at FROM segments WHERE job_id = %s AND kind = 'film'",
                job,
            ),
            "the message",
        )

    took_s = time.monotonic() - killed_at
    if sweeper != "workers":
        cluster.worker()
    print(f"{sweeper}: running again after {took_s:.1f} s")
    assert took_s < LEASE_S + 5
    assert cluster.value("SELECT count(*) FROM failures WHERE reason = 'silent'") == 1
    assert cluster.wait_for_job(job) == "done"
    unlike = ("segments", "shots", "jobs", "media")  # these know how the film was cut
    assert_same(
        {name: rows for name, rows in cluster.tables().items() if name not in unlike},
        {name: rows for name, rows in undisturbed.items() if name not in unlike},
    )

"""Memory runs out: the kernel kills a pool child or a decoder, or an allocation fails."""

from __future__ import annotations

import contextlib
import os
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.faults.cluster import Cluster, children, decoders, wait_until
from tests.acceptance.faults.films import of_film, remux
from tests.acceptance.faults.tables import Tables, assert_same

CGROUPS = Path("/sys/fs/cgroup")
LITTLE_BYTES = 4 << 20
AT_WORK = "SELECT id FROM segments WHERE kind = 'film' AND state = 'running' AND stats->>'stage' = 'decode'"


@pytest.fixture
def starved() -> Iterator[Path]:
    """A control group in which four megabytes may be allocated: whoever is moved there and asks for more is killed."""
    one, two = CGROUPS / "memory", CGROUPS / "cgroup.controllers"
    if two.exists() and "memory" in two.read_text().split():
        place, limit = CGROUPS / f"r2r-faults-{os.getpid()}", "memory.max"
    else:
        place, limit = one / f"r2r-faults-{os.getpid()}", "memory.limit_in_bytes"
    try:
        place.mkdir()
        (place / limit).write_text(str(LITTLE_BYTES))
    except OSError as error:
        pytest.skip(f"NO MEMORY CONTROL GROUP CAN BE MADE HERE ({error}): death by the kernel's hand is not tested")
    yield place
    for pid in (place / "cgroup.procs").read_text().split():
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(int(pid)).kill()
    wait_until(lambda: not (place / "cgroup.procs").read_text(), "an empty control group")
    place.rmdir()


def kills(place: Path) -> int:
    """How many processes of a control group the kernel has killed."""
    for name in ("memory.oom_control", "memory.events"):
        if (place / name).exists():
            return int(dict(line.split() for line in (place / name).read_text().splitlines())["oom_kill"])
    return 0


def test_the_kernel_kills_a_pool_child_that_asks_for_too_much(
    cluster: Cluster, material: Path, undisturbed: Tables, starved: Path
) -> None:
    worker = cluster.worker()
    job = cluster.queue(material / "film.mp4")
    segment = wait_until(lambda: cluster.value(AT_WORK), "a segment at decode", 100)
    (child,) = children(worker)

    move(starved, child.pid)
    wait_until(lambda: kills(starved), "the kernel's hand", 60)
    killed_at = time.monotonic()
    wait_until(lambda: cluster.value("SELECT attempt > 1 FROM segments WHERE id = %s", segment), "another attempt", 30)
    again_s = time.monotonic() - killed_at

    print(f"killed {kills(starved)}, again after {again_s:.1f} s")
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert again_s < 3 + 5, "a lease and five seconds"
    assert cluster.wait_for_job(job) == "done"
    assert cluster.value("SELECT reason FROM failures WHERE segment_id = %s", segment) == "silent"
    assert_same(cluster.tables(), undisturbed)


def test_the_kernel_kills_a_decoder_that_asks_for_too_much(
    cluster: Cluster, material: Path, undisturbed: Tables, starved: Path
) -> None:
    """Its worker lives and starts another one; nobody is called silent."""
    worker = cluster.worker()
    job = cluster.queue(material / "film.mp4")
    victim = wait_until(lambda: next(iter(decoders(worker.pid)), None), "a decoder", 100, pause_s=0.01)

    move(starved, victim.pid)
    wait_until(lambda: kills(starved), "the kernel's hand", 60)

    assert cluster.wait_for_job(job) == "done"
    assert cluster.value("SELECT count(*) FROM failures") == 0
    assert cluster.value("SELECT max(attempt) FROM segments") == 1
    assert_same(cluster.tables(), undisturbed)


def test_an_allocation_fails_and_works_again_once_there_is_memory(
    cluster: Cluster, material: Path, undisturbed: Tables
) -> None:
    """The child lives on, says what it was, and tries again."""
    worker = cluster.worker()
    wait_until(lambda: "loaded and warm" in cluster.log.read_text(), "models", 100)
    (child,) = children(worker)
    with no_more_memory(child.pid):
        job = cluster.queue(material / "film.mp4")
        wait_until(lambda: cluster.value("SELECT count(*) FROM failures"), "a failure", 60)
    assert cluster.wait_for_job(job) == "done"

    with cluster.connection() as conn:
        failures = conn.execute("SELECT reason, error FROM failures ORDER BY id").fetchall()
    print(failures)
    assert {reason for reason, _ in failures} <= {"memory", "silent"}, "silent where not even that could be said"
    assert_same(cluster.tables(), undisturbed)


def test_a_film_that_always_runs_out_of_memory_fails_alone(
    cluster: Cluster, material: Path, undisturbed: Tables, tmp_path: Path
) -> None:
    """A supervisor takes a child's memory for as long as it is at that film."""
    greedy = remux(material / "film.mp4", tmp_path / "greedy.mp4", "greedy")
    cluster.extra["R2R_MAX_ATTEMPTS"] = "3"
    worker = cluster.worker()
    wait_until(lambda: "loaded and warm" in cluster.log.read_text(), "models", 100)
    over = threading.Event()

    bad = cluster.queue(greedy)
    good = cluster.queue(material / "film.mp4")

    def starve() -> None:
        holding = "SELECT split_part(worker, '/', 2)::int FROM segments WHERE job_id = %s AND state = 'running'"
        while not over.wait(0.01):
            held = cluster.value(holding, bad)
            for child in children(worker):
                limit(child.pid, spare_bytes=0 if child.pid == held else None)

    supervisor = threading.Thread(target=starve, daemon=True)
    supervisor.start()
    try:
        assert cluster.wait_for_job(bad) == "failed"
        assert cluster.wait_for_job(good) == "done"
    finally:
        over.set()
        supervisor.join(timeout=10)

    with cluster.connection() as conn:
        reasons = {row[0] for row in conn.execute("SELECT reason FROM failures").fetchall()}
        error = conn.execute("SELECT error FROM jobs WHERE id = %s", (bad,)).fetchone()
    print(reasons, error)
    assert reasons
    assert reasons <= {"memory", "decoder", "silent"}
    assert error is not None
    assert error[0]
    mine = of_film(cluster.tables(), material / "film.mp4", under=material / "film.mp4")
    assert_same(mine, of_film(undisturbed, material / "film.mp4", under=material / "film.mp4"))


def move(place: Path, pid: int) -> None:
    (place / "cgroup.procs").write_text(str(pid))


@contextlib.contextmanager
def no_more_memory(pid: int) -> Iterator[None]:
    """A process whose address space may not grow while the body runs."""
    limit(pid, spare_bytes=0)
    try:
        yield
    finally:
        limit(pid, spare_bytes=None)


def limit(pid: int, *, spare_bytes: int | None) -> None:
    """Bound a process's address space to what it has and `spare_bytes` more; None: to nothing."""
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_AS)
        size = resource.RLIM_INFINITY if spare_bytes is None else psutil.Process(pid).memory_info().vms + spare_bytes
        resource.prlimit(pid, resource.RLIMIT_AS, (size, hard))

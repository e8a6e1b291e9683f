"""A film that kills its worker and one that hangs the decoder end failed, with a reason; ten behind them do not."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil

from r2r_workers.media.analyse import ATTEMPTS, START_S
from tests.acceptance.faults.cluster import LEASE_S, SEGMENT_S, Cluster, decoders
from tests.acceptance.faults.films import assert_like, of_film, remux

TRIES = 3
STALL_S = 2.0
GOOD = 10


def test_ten_films_finish_behind_one_that_kills_and_one_that_hangs(
    cluster: Cluster, material: Path, tmp_path: Path
) -> None:
    film = material / "film.mp4"
    poison = remux(film, tmp_path / "poison.mp4", "kills")
    hanging = remux(film, tmp_path / "hanging.mp4", "hangs")
    good = [remux(film, tmp_path / f"good{n}.mp4", f"good {n}", seconds=SEGMENT_S - 1) for n in range(GOOD)]
    cluster.extra |= {"R2R_MAX_ATTEMPTS": str(TRIES), "R2R_STALL_SECONDS": f"{STALL_S:g}"}
    first = cluster.queue(good[0])
    cluster.worker()
    assert cluster.wait_for_job(first) == "done"
    calm = of_film(cluster.tables(), good[0], under=good[0])

    bad = cluster.queue(poison, "--priority", "9")
    hung = cluster.queue(hanging, "--priority", "9")
    queued = cluster.cli().json("ingest", *good[1:], "--detach")["films"]
    killed: Counter[str] = Counter()
    with supervising(cluster, bad, hanging, killed):
        cluster.worker("video")
        began = time.monotonic()
        ends: dict[int, float] = {}
        # Each death is noticed when the lease is over, by a sweep; a segment may wait for a child that starts anew.
        bound_s = TRIES * (LEASE_S + 5) + 30
        assert cluster.wait_for_job(bad, timeout_s=bound_s) == "failed"
        ends[bad] = time.monotonic() - began
        # Each child is given up after a time without a word, and another is started in its place.
        bound_s = len(ATTEMPTS["decord"]) * (max(STALL_S, START_S) + 5) + 30
        assert cluster.wait_for_job(hung, timeout_s=bound_s - ends[bad]) == "failed"
        ends[hung] = time.monotonic() - began
        for row in queued:
            assert cluster.wait_for_job(row["job"]["id"]) == "done"
        all_s = time.monotonic() - began

    print(
        f"killed {killed['killed']}, stopped {killed['stopped']}; "
        f"poison {ends[bad]:.1f} s, hanging {ends[hung]:.1f} s, all {all_s:.1f} s"
    )
    assert killed["killed"] >= TRIES
    assert killed["stopped"] >= len(ATTEMPTS["decord"]) - 1
    with cluster.connection() as conn:
        why = dict(conn.execute("SELECT id, error FROM jobs WHERE state = 'failed'").fetchall())
        noted = conn.execute(
            "SELECT s.job_id, f.reason, count(*) FROM failures AS f JOIN segments AS s ON s.id = f.segment_id "
            "GROUP BY s.job_id, f.reason"
        ).fetchall()
        most = conn.execute("SELECT max(attempt) FROM segments WHERE job_id = %s", (bad,)).fetchone()
    assert why.keys() == {bad, hung}
    assert f"{TRIES} attempts; each time the worker died or fell silent" in why[bad]
    assert "hung: no frame for" in why[hung]
    assert most == (TRIES,)
    assert {(job, reason) for job, reason, _ in noted if job in why} == {(bad, "silent"), (hung, "decoder")}
    found = cluster.tables()
    for one in good:
        assert_like(of_film(found, one, under=good[0]), calm)


@contextlib.contextmanager
def supervising(cluster: Cluster, poison_job: int, hanging: Path, count: Counter[str]) -> Iterator[None]:
    """Whoever leases the poison film's segments is killed; whoever decodes the hanging film stands still."""
    over = threading.Event()
    holders = """
        SELECT string_agg(split_part(worker, '/', 2), ' ') FROM segments WHERE job_id = %s AND state = 'running'
    """

    def run() -> None:
        dead: set[int] = set()
        while not over.wait(0.02):
            for pid in map(int, (cluster.value(holders, poison_job) or "").split()):
                if pid not in dead:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        psutil.Process(pid).kill()
                        dead.add(pid)
                        count["killed"] += 1
            for process in cluster.started:
                for decoder in decoders(process.pid):
                    if decoder.pid not in dead and reads(decoder.pid, hanging):
                        with contextlib.suppress(psutil.NoSuchProcess):
                            decoder.suspend()
                            dead.add(decoder.pid)
                            count["stopped"] += 1

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=10)


def reads(pid: int, film: Path) -> bool:
    """Whether a process has that film open."""
    try:
        return any(fd.readlink() == film for fd in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False

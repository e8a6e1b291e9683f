"""Two video workers against one, and what the lease protocol costs: `python -m tests.benchmarks.workers [--rounds 3]`.

Each worker decodes with one thread, as if it had a core to itself, and every round runs one worker and two side by side
in time on the same film. Two cores that are threads of one core cannot do twice the work, so ffmpeg is run in the same
rounds, one process with one thread against two at once: its ratio is what this machine has to give.

The protocol's cost is that of its own statements, run by themselves: connect and lease, connect and beat, connect, hold
and finish; times how often an ingest of the film did each.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from r2r_shared import db, migrate
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from r2r_shared.queries import jobs, profiles, segments
from tests.acceptance.faults.cluster import Cluster
from tests.benchmarks.films import NoMaterial, known_film
from tests.benchmarks.memory import loop

FILM_S = 80
SEGMENT_S = 10
PROTOCOL_SEGMENTS = 300
BEAT_EVERY_S = 2.0


@contextlib.contextmanager
def servers(name: str) -> Iterator[Cluster]:
    """A durable Postgres, a Redis, an empty migrated database."""
    place = Path(tempfile.mkdtemp(prefix="r2r-bench-"))
    (place / "redis").mkdir()
    postgres, redis = (
        LocalPostgres(place / "pg", place, place / "pg.log"),
        LocalRedis(place / "redis", place, place / "r.log"),
    )
    postgres.start(name)
    redis.start()
    migrate.apply(postgres.url(name))
    (place / "home").mkdir()
    cluster = Cluster(place, postgres, redis, name, {"R2R_LEASE_SECONDS": "60", "R2R_SEGMENT_SECONDS": str(SEGMENT_S)})
    try:
        yield cluster
    finally:
        for process in cluster.started:
            process.terminate()
            process.wait(timeout=60)
        redis.stop()
        postgres.stop()
        shutil.rmtree(place, ignore_errors=True)


def ingest_s(film: Path, workers: int) -> float:
    """Wall seconds from the first lease to the last finished segment of film, with so many video workers."""
    with servers("bench") as cluster:
        for _ in range(workers):
            cluster.worker("video")
        cluster.worker("control,paintings")
        job = cluster.cli().json("ingest", film, "--detach", "--priority", "0")["films"][0]["job"]["id"]
        # Workers that are still starting would be counted as slow: a first run waits until they are there.
        cluster.wait_for_job(job, timeout_s=1200)
        again = cluster.cli().json("ingest", film, "--force", "--detach")["films"][0]["job"]["id"]
        cluster.wait_for_job(again, timeout_s=1200)
        return cluster.value(
            "SELECT extract(epoch FROM max(finished_at) - min(started_at))::float8 FROM segments "
            "WHERE job_id = %s AND kind = 'film'",
            again,
        )


def ffmpeg_s(film: Path, processes: int) -> float:
    """Wall seconds for `processes` bare decodes of the film at once, one thread each."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-i", str(film), "-f", "null", "-"]
    began = time.perf_counter()
    running = [subprocess.Popen(command) for _ in range(processes)]
    if any(process.wait() for process in running):
        raise RuntimeError("ffmpeg failed")
    return time.perf_counter() - began


def protocol_s(count: int = PROTOCOL_SEGMENTS) -> tuple[float, float, float]:
    """Seconds of one lease, one beat, one hold-and-finish, each over a connection of its own, as workers do."""
    with servers("protocol") as cluster:
        url = cluster.postgres.url("protocol")
        with db.connect(url) as conn:
            profile = profiles.ensure(
                conn,
                {
                    "name": "bench",
                    "encoder": "e",
                    "encoder_digest": "1",
                    "depth": "d",
                    "depth_digest": "1",
                    "metrics_version": 1,
                    "dim": 4,
                },
            )
            job = jobs.create(conn, kind="match", profile_id=profile.id)
            segments.add_spans(conn, job, [(n, n + 1) for n in range(count + 1)])
        hint = cluster.value("SELECT min(id) FROM segments")
        lease_s: list[float] = []
        beat_s: list[float] = []
        finish_s: list[float] = []
        for _ in range(count):
            began = time.perf_counter()
            with db.connect(url) as conn:
                held = segments.lease(conn, hint, worker="bench:1/2")
            assert held is not None
            lease_s.append(time.perf_counter() - began)
            began = time.perf_counter()
            with db.connect(url, autocommit=True) as conn:
                segments.beat(conn, held, progress=0.5, stats={"stage": "decode", "frames": 100}, log=["a line"] * 20)
            beat_s.append(time.perf_counter() - began)
            began = time.perf_counter()
            with db.connect(url) as conn, conn.transaction():
                segments.hold(conn, held)
                segments.finish(conn, held, stats={"stage": "done"})
            finish_s.append(time.perf_counter() - began)
        return statistics.mean(lease_s), statistics.mean(beat_s), statistics.mean(finish_s)


def rows(rounds: int) -> list[tuple[str, str, str, bool]]:
    """(what, measured, wanted, reached) for the benchmark table."""
    film = loop(known_film(1, seconds=20, size="1920x1080").path, FILM_S / 60)
    spans = FILM_S // SEGMENT_S
    one, two, single, double = [], [], [], []
    for _ in range(rounds):
        one.append(ingest_s(film, 1))
        two.append(ingest_s(film, 2))
        single.append(ffmpeg_s(film, 1))
        double.append(ffmpeg_s(film, 2))
        print(
            f"  workers {one[-1]:.1f} s and {two[-1]:.1f} s: {one[-1] / two[-1]:.2f} ×;  "
            f"ffmpeg {single[-1]:.1f} s, two at once {double[-1]:.1f} s: {2 * single[-1] / double[-1]:.2f} ×",
            file=sys.stderr,
        )
    gain = statistics.median(a / b for a, b in zip(one, two, strict=True))
    machine = statistics.median(2 * a / b for a, b in zip(single, double, strict=True))
    lease, beat, finish = protocol_s()
    wall = statistics.median(one)
    cost = (spans * (lease + finish) + wall / BEAT_EVERY_S * beat) / wall
    return [
        (
            "two video workers against one, a decode thread each",
            f"{gain:.2f} × (ffmpeg here: {machine:.2f} ×)",
            "≥ 1.7 ×",
            gain >= 1.7,
        ),
        (
            f"the lease protocol's share of an ingest in segments of {SEGMENT_S} s",
            f"{cost:.2%} (lease {lease * 1e3:.1f} ms, beat {beat * 1e3:.1f} ms, finish {finish * 1e3:.1f} ms)",
            "≤ 2 %",
            cost <= 0.02,
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.workers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    try:
        for row in rows(parser.parse_args().rounds):
            print(*row[:3], sep=" | ")
    except NoMaterial as missing:
        sys.exit(f"{missing} ({os.fspath(Path.cwd())})")


if __name__ == "__main__":
    main()

"""What 10,000 queued films cost: rows, messages, the sweep, a lease, and the lists that people look at.

    python -m tests.benchmarks.queued [--films 10000] [--plans]

The rows are made by the product's own functions, with twelve segments each; no film is probed or decoded. Starts a
Postgres and a Redis of its own, as the local stack configures them. `tests.benchmarks.bulk` measures enqueuing itself.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from r2r_shared import db, migrate, names
from r2r_shared.broker import Post
from r2r_shared.film.places import of_file
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from r2r_shared.queries import films, jobs, segments, setbacks, sweeping
from r2r_shared.queries.segments import Message
from r2r_shared.records import Lease
from r2r_shared.settings import Settings
from tests import synthetic

SEGMENTS = 12
SEGMENT_FRAMES = 14_400
LEASE_S, ATTEMPTS = 60.0, 3
WORKERS = 4
LOOKS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=10_000)
    parser.add_argument("--plans", action="store_true", help="say how Postgres goes about the hot queries")
    asked = parser.parse_args()
    with servers() as (postgres, redis, place):
        url = postgres.url("r2r")
        migrate.apply(url)
        post = Post(Settings(home=place), redis.url())
        for name, figure in measure(url, redis, post, place, asked.films, plans=asked.plans):
            print(f"  {name:<58} {figure}", flush=True)


def measure(
    url: str, redis: LocalRedis, post: Post, place: Path, count: int, *, plans: bool
) -> Iterator[tuple[str, str]]:
    """Rows of the table, one (name, figure) after the other."""
    process = psutil.Process()
    with db.connect(url, autocommit=True) as conn:
        yield "sweep, nothing queued", timed(lambda: sweep(conn, post), LOOKS)
        began = time.perf_counter()
        queue(conn, place, count)
        took_s = time.perf_counter() - began
        rows = count * (SEGMENTS + 3)
        yield f"{count:,} films, {count * (SEGMENTS + 1):,} segments", f"{took_s:.1f} s, {rows / took_s:,.0f} rows/s"

        before = process.memory_info().rss
        took_s, sending_s, sent = sweep_and_send(conn, post)
        yield "first sweep", spread([took_s])
        yield f"  sending its {sent} messages", spread([sending_s])
        with redis.client() as client:
            used, waiting = client.info("memory")["used_memory"], client.llen(names.VIDEO)
        yield "Redis after it", f"{used / 1e6:.1f} MB, {waiting} messages"
        yield "sweep, all of it queued (under 50 ms)", timed(lambda: sweep(conn, post), LOOKS)
        with redis.client() as client:
            client.delete(names.VIDEO)
        time.sleep(sweeping.LOST_S + 0.1)
        took_s, sending_s, sent = sweep_and_send(conn, post)
        yield "sweep that finds all messages lost", spread([took_s])
        yield f"  sending {sent} again", spread([sending_s])
        after = process.memory_info().rss
        yield "memory that the sweeps took", f"{(after - before) / 1e6:.1f} MB, {after / 1e6:.0f} MB in all"

        with at_work(url, 1) as ended:
            time.sleep(5)
        yield "a lease, one worker (under 10 ms)", spread(ended())
        with at_work(url, WORKERS) as ended:
            time.sleep(1)
            busy = []
            for _ in range(50):
                time.sleep(0.1)
                busy.append(sweep_and_send(conn, post))
        yield f"sweep while {WORKERS} workers lease and finish (under 50 ms)", spread([one[0] for one in busy])
        yield (
            f"  sending {statistics.median(one[2] for one in busy):.0f} messages, as are due",
            spread([one[1] for one in busy]),
        )
        yield f"a lease, {WORKERS} workers that do nothing else", spread(ended())

        yield "jobs listed, 50 of them", timed(lambda: jobs.listed(conn), 20)
        yield "jobs listed, those that run", timed(lambda: jobs.listed(conn, state="running"), 5)
        yield "films listed, all of them", timed(lambda: films.listed(conn), 5)
        if plans:
            for name, text in explained(conn):
                yield f"plan: {name}", text


def queue(conn: db.Connection, place: Path, count: int) -> None:
    """Films of one probe under digests of their own, each with a job of twelve segments and a closing one."""
    film = place / "film.mp4"
    command = [sys.executable, "-m", "r2r_workers.demo"]
    subprocess.run([*command, "paint", place / "paintings", "--per-artist", "1"], check=True, capture_output=True)
    subprocess.run([*command, "film", place / "paintings", film, "--seconds", "8"], check=True, capture_output=True)
    from r2r_shared.film.probe import probe

    looked = probe(film)
    profile = synthetic.add_profile(conn, dim=256, name="queued")
    chance = random.Random(1)
    spans = [(n * SEGMENT_FRAMES, (n + 1) * SEGMENT_FRAMES) for n in range(SEGMENTS)]
    for number in range(count):
        with conn.transaction():
            film_id = films.add(
                conn,
                sha256=hashlib.sha256(str(number).encode()).digest(),
                place=of_file(place / f"{number}.mp4", {}),
                size_bytes=film.stat().st_size,
                title=f"Film {number}",
                probe=looked,
            )
            job = jobs.create(
                conn,
                kind="ingest",
                profile_id=profile,
                film_id=film_id,
                options={"analyse": True, "detector": {"kind": "adaptive"}, "segment_s": 600.0},
                priority=chance.choice((0, 0, 0, 0, 5, 9)),
                effort_s=chance.uniform(60, 10_000),
            )
            segments.add_spans(conn, job, spans)
            segments.add_closing(conn, job, names.MATCH)
    conn.execute("ANALYZE")


def sweep(conn: db.Connection, post: Post) -> list[Message]:
    """A sweep up to the messages that it wants sent; sending is measured apart."""
    return sweeping.sweep(conn, lease_s=LEASE_S, max_attempts=ATTEMPTS, depth_of=post.depth)


def sweep_and_send(conn: db.Connection, post: Post) -> tuple[float, float, int]:
    """Seconds of the sweep, seconds of sending, how many messages."""
    began = time.perf_counter()
    messages = sweep(conn, post)
    swept = time.perf_counter()
    post.send(messages)
    return swept - began, time.perf_counter() - swept, len(messages)


@contextmanager
def at_work(url: str, count: int) -> Iterator[Callable[[], list[float]]]:
    """Processes that lease, beat and finish as fast as they can; afterwards, how long each lease took, seconds."""
    context = multiprocessing.get_context("spawn")
    over, answers = context.Event(), context.Queue()
    with db.connect(url) as conn:
        row = conn.execute("SELECT min(id) FROM segments WHERE queue = 'video'").fetchone()
    assert row is not None
    workers = [context.Process(target=_lease, args=(url, row[0], n, over, answers)) for n in range(count)]
    for worker in workers:
        worker.start()
    found: list[float] = []
    answers.get(timeout=60)  # the first has begun
    yield lambda: found
    over.set()
    done = 0
    while done < count:
        answer = answers.get(timeout=60)
        if isinstance(answer, list):
            found += answer
            done += 1
    for worker in workers:
        worker.join()


def _lease(url: str, hint: int, number: int, over: Any, answers: Any) -> None:
    took: list[float] = []
    answers.put("begun")
    with db.connect(url) as conn:
        while not over.is_set():
            began = time.perf_counter()
            held = segments.lease(conn, hint, worker=f"bench:{number}/1")
            took.append(time.perf_counter() - began)
            if held is None:
                break
            _end(conn, held, number)
    answers.put(took)


def _end(conn: db.Connection, held: Lease, number: int) -> None:
    """Most are finished; one in ten goes back into the queue."""
    segments.beat(conn, held, progress=0.5, stats={"stage": "decode", "frames": 7200, "shots": 40})
    conn.commit()
    if held.fence % 10 == 0:
        setbacks.hand_back(conn, held, setbacks.Failure("bug", f"worker {number}"), max_attempts=ATTEMPTS)
        return
    with conn.transaction():
        segments.hold(conn, held)
        segments.finish(conn, held, stats={"stage": "done", "frames": SEGMENT_FRAMES, "shots": 80})


def explained(conn: db.Connection) -> Iterator[tuple[str, str]]:
    """What EXPLAIN (ANALYZE, BUFFERS) says of the hot queries, as they are sent: indexes, buffers, time."""
    seen: list[tuple[str, Any]] = []

    class Recording(psycopg.Connection[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            seen.append((query, params))
            return super().execute(query, params, **options)

    with Recording.connect(conn.info.dsn, autocommit=True) as recorder, recorder.transaction(force_rollback=True):
        sweeping.sweep(recorder, lease_s=LEASE_S, max_attempts=ATTEMPTS, depth_of=lambda _: 0)
        hint = recorder.execute("SELECT min(id) FROM segments WHERE queue = 'video'").fetchone()
        assert hint is not None
        segments.lease(recorder, hint[0], worker="bench")
    for query, params in seen:
        text = str(query)
        if "segments" not in text or text.lstrip().startswith("SELECT min"):
            continue
        with conn.transaction(force_rollback=True):
            plan = "\n".join(row[0] for row in conn.execute(f"EXPLAIN (ANALYZE, BUFFERS) {text}", params).fetchall())
        used = ", ".join(sorted(set(re.findall(r"(?:Index|Bitmap Index)(?: Only)? Scan.*? (?:using|on) (\w+)", plan))))
        scans = ", ".join(sorted(set(re.findall(r"Seq Scan on (\w+)", plan)))) or "none"
        time_ms = re.findall(r"Execution Time: ([\d.]+)", plan)
        yield " ".join(text.split())[:40], f"{time_ms[0]} ms; indexes {used}; sequential scans: {scans}\n{plan}"


def timed(what: Callable[[], object], runs: int) -> str:
    took: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        what()
        took.append(time.perf_counter() - began)
    return spread(took)


def spread(took: list[float]) -> str:
    """Median, ninety-ninth of a hundred, and worst, of seconds."""
    took = sorted(took)
    if len(took) == 1:
        return f"{1000 * took[0]:.1f} ms"
    late = took[min(len(took) - 1, int(len(took) * 0.99))]
    return (
        f"{1000 * statistics.median(took):.2f} ms; 99 of 100 under {1000 * late:.1f}; worst {1000 * took[-1]:.1f} ms "
        f"({len(took):,})"
    )


@contextmanager
def servers() -> Iterator[tuple[LocalPostgres, LocalRedis, Path]]:
    """A Postgres and a Redis as on a laptop, writes to disk included."""
    place = Path(tempfile.mkdtemp(prefix="r2r-queued-"))
    (place / "redis").mkdir()
    postgres = LocalPostgres(place / "pg", place, place / "pg.log")
    redis = LocalRedis(place / "redis", place, place / "redis.log")
    try:
        postgres.start("r2r")
        redis.start()
        yield postgres, redis, place
    finally:
        redis.stop()
        postgres.stop()
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()

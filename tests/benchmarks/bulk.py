"""Many films in one call: `python -m tests.benchmarks.bulk --films N [--rows M]`.

N tiny films are enqueued through the command line on a stack of their own, then again (all known), then looked at in a
dry run: films a second, and the command's peak resident memory with its children left out. Then the queue is filled
with rows up to M jobs (no files behind them), and a sweep, a look of whoever waits, and `jobs list` are timed.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from r2r_shared import db, dispatch
from r2r_shared.broker import Post
from r2r_shared.local.stack import Stack, open_stack
from r2r_shared.queries import job_counts, jobs
from r2r_shared.queries.job_counts import Ranges
from r2r_shared.settings import Settings
from tests.acceptance.cli import Cli
from tests.many_films import add_rows, write_films


def timed(cli: Cli, *args: object) -> tuple[float, float, float]:
    """Seconds of a command, seconds of processor time of its own, and its peak resident memory, MB."""
    began = time.perf_counter()
    process = cli.start(*args)
    watched = psutil.Process(process.pid)
    peak, cpu_s = 0, 0.0
    over = threading.Event()

    def watch() -> None:
        nonlocal peak, cpu_s
        while not over.wait(0.05):
            try:
                peak = max(peak, watched.memory_info().rss)
                spent = watched.cpu_times()
            except psutil.Error:
                return
            cpu_s = spent.user + spent.system

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, err = process.communicate()
    over.set()
    watcher.join()
    if process.returncode != 0:
        sys.exit(f"r2r {args} ended with {process.returncode}:\n{out}\n{err}")
    return time.perf_counter() - began, cpu_s, peak / 2**20


def enqueue(cli: Cli, films: Path, count: int) -> None:
    """Enqueue, enqueue again, dry run."""
    for what, *args in (
        ("enqueued", "--detach"),
        ("again, all of them known", "--detach"),
        ("dry run, all of them known", "--dry-run"),
    ):
        took, cpu_s, peak = timed(cli, "ingest", "--recursive", films, *args, "--report", films.parent / "report.jsonl")
        rate = f"{took:.1f} s, {count / took:.1f} a second"
        print(
            f"{count:,} films {what}: {rate}, {1000 * cpu_s / count:.1f} ms of its own a film, {peak:.0f} MB",
            flush=True,
        )


def look(settings: Settings, stack: Stack, wanted: int) -> None:
    """Fill up with rows, and time what is asked of them again and again."""
    post = Post(settings, stack.broker_url)
    with db.connect(stack.database_url, autocommit=True) as conn:
        missing = max(0, wanted - job_counts.total(conn))
        add_rows(conn, missing)
        conn.execute("ANALYZE")
        ids = [row[0] for row in conn.execute("SELECT id FROM jobs ORDER BY id").fetchall()]
        meant = Ranges.of(ids)
        segments = conn.execute("SELECT count(*) FROM segments").fetchone()
        print(f"{len(ids):,} jobs, {segments and segments[0]:,} segments")
        first = clock(lambda: dispatch.sweep(conn, post, settings), rounds=1)
        print(f"first sweep {first:.1f} ms")
        for what, ask in (
            ("sweep", lambda: dispatch.sweep(conn, post, settings)),
            ("a look at all", lambda: job_counts.count(conn, meant)),
            ("jobs list", lambda: jobs.listed(conn)),
        ):
            print(f"{what}: {clock(ask):.1f} ms")


def clock(ask: Callable[[], object], *, rounds: int = 9) -> float:
    """The median time of a call, ms."""
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def main() -> None:
    """Make the films and the stack, measure, clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=300)
    parser.add_argument("--rows", type=int, default=10_000)
    wanted = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="r2r-bulk-"))
    try:
        write_films(home / "films", wanted.films)
        settings = Settings(home=home / "h")
        cli = Cli(settings.home)
        with open_stack(settings) as stack:
            enqueue(cli, home / "films", wanted.films)
            look(settings, stack, wanted.rows)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()

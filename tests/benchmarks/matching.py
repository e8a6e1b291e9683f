"""How long matching takes, and what the two lists miss: 1,500 keyframes against 21,000 synthetic paintings.

    python -m tests.benchmarks.matching [--dims 256 512] [--shots 1500] [--paintings 21000]

Starts a Postgres of its own in a temporary directory, as the local stack configures it. Beside the time by the
clock stands the processor time that the server's processes took together: on a busy machine only that means much.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from r2r_shared import db, migrate
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.queries import indexes, matches, ranges
from r2r_shared.queries.timeline import timeline
from r2r_shared.score import Weights
from tests import synthetic
from tests.synthetic import Shot, World

MOVEMENTS = [f"Movement {number}" for number in range(27)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dims", type=int, nargs="+", default=[256])
    parser.add_argument("--shots", type=int, default=1500)
    parser.add_argument("--paintings", type=int, default=21_000)
    asked = parser.parse_args()
    with private_postgres() as (url, clock):
        for dim in asked.dims:
            print(f"\n{asked.shots:,} keyframes x {asked.paintings:,} paintings x {dim} dimensions")
            for name, figure in measure(url, clock, dim, shots=asked.shots, paintings=asked.paintings):
                print(f"  {name:<58} {figure}", flush=True)


def measure(url: str, clock: Clock, dim: int, *, shots: int, paintings: int) -> Iterator[tuple[str, str]]:
    """Rows of the table, one (name, figure) after the other."""
    world = World(dim=dim)
    with db.connect(url) as conn:
        profile_id = synthetic.add_profile(conn, dim=dim, name=f"bench {dim}")
        took, _ = clock.time(
            lambda: synthetic.add_paintings(
                conn, profile_id, world.draw(paintings), movements=MOVEMENTS, artists=1100, collection=f"bench {dim}"
            )
        )
        yield "drawing and storing the paintings", str(took)
        film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4.0, [frame]) for frame in world.draw(shots)])
        conn.commit()
        took, _ = clock.time(lambda: ranges.refresh(conn, profile_id))
        yield "ranges", str(took)
        conn.commit()
    with db.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM (ANALYZE) painting_features, keyframe_features, paintings, shots, keyframes")
    with db.connect(url) as conn:
        took, _ = clock.time(lambda: matches.match_film(conn, film_id, profile_id, how="exact"))
        yield "exact scan, stored (at most 30 s)", str(took)
        conn.commit()
        exact = best(conn, profile_id, 10)

        took, built = clock.time(lambda: indexes.ensure_indexes(conn, profile_id, at_least=1))
        yield f"building {len(built)} indexes", str(took)
        conn.commit()
        matches.match_film(conn, film_id, profile_id, how="lists")  # reads the indexes into memory
        conn.rollback()
        took, done = clock.time(lambda: matches.match_film(conn, film_id, profile_id, how="lists"))
        lists = best(conn, profile_id, 10)
        recall = sum(len(exact[one] & lists[one]) for one in exact) / sum(map(len, exact.values()))
        yield "two lists, stored (at most 6 s)", str(took)
        yield "  recall@10 against the scan (at least 0.99)", f"{recall:.4f}"
        yield "  keyframes neither proven nor scanned", f"{done.unproven}"
        conn.rollback()

        probe = world.draw(1)[0]
        for how in ("exact", "lists"):
            took, _ = clock.time(lambda: matches.live(conn, probe, profile_id, k=10, how=how), runs=9)  # noqa: B023
            yield f"one picture, live, {how}", str(took)
        timeline(conn, film_id, profile_id)
        took, _ = clock.time(lambda: timeline(conn, film_id, profile_id).to_json(), runs=9)
        yield "timeline of the stored film, warm (at most 150 ms)", str(took)
        document = timeline(conn, film_id, profile_id).to_json()
        yield "  as text", f"{len(json.dumps(document)) / 1e6:.1f} MB"
        tilted = Weights.parse("dc=.3")
        took, _ = clock.time(lambda: timeline(conn, film_id, profile_id, weights=tilted, exact=True))
        yield "timeline under other weights, computed", str(took)


def best(conn: db.Connection, profile_id: int, k: int) -> dict[int, set[int]]:
    """The `k` best stored paintings of each keyframe."""
    found: dict[int, set[int]] = {}
    for keyframe_id, painting_id in conn.execute(
        "SELECT keyframe_id, painting_id FROM matches WHERE profile_id = %s AND rank <= %s", (profile_id, k)
    ):
        found.setdefault(keyframe_id, set()).add(painting_id)
    return found


@dataclass(frozen=True)
class Took:
    """Seconds by the clock, and of processor time in the server."""

    seconds: float
    server_s: float

    def __str__(self) -> str:
        if self.seconds < 1:
            return f"{1000 * self.seconds:.0f} ms, server {1000 * self.server_s:.0f} ms"
        return f"{self.seconds:.1f} s, server {self.server_s:.1f} s"


@dataclass(frozen=True)
class Clock:
    """Times work, and what it costs the server whose first process this is."""

    server: psutil.Process

    def time(self, work: Callable[[], Any], *, runs: int = 1) -> tuple[Took, Any]:
        """The median of `runs`, and what the last returned."""
        seconds: list[float] = []
        before = self._spent()
        value = None
        for _ in range(runs):
            began = time.perf_counter()
            value = work()
            seconds.append(time.perf_counter() - began)
        return Took(statistics.median(seconds), (self._spent() - before) / runs), value

    def _spent(self) -> float:
        """Processor seconds of all the server's processes, those that ended included."""
        ended = self.server.cpu_times()
        alive = [child.cpu_times() for child in self.server.children()]
        return ended.children_user + ended.children_system + sum(one.user + one.system for one in alive)


@contextmanager
def private_postgres() -> Iterator[tuple[str, Clock]]:
    """A migrated database on a server of its own, and the server's clock."""
    home = Path(tempfile.mkdtemp(prefix="r2r-bench-"))
    server = LocalPostgres(home / "pg", home, home / "pg.log")
    try:
        server.start("bench")
        try:
            migrate.apply(server.url("bench"))
            postmaster = int((home / "pg" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
            yield server.url("bench"), Clock(psutil.Process(postmaster))
        finally:
            server.stop()
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()

"""How long a two-hour film's timeline takes to be written, in every format, beside `timeline --json`.

    python -m tests.benchmarks.exports [--shots 1500] [--paintings 5000]

Synthetic rows, a Postgres and a Redis of its own; stored matches are current, as after an ingest. “Writing” is the
format's own work in a process that has its library loaded, median of five; “command” is `r2r` as a person starts it,
from the shell's prompt to the next one, median of three.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from r2r_shared import citation, db, exports
from r2r_shared.local.redis import LocalRedis
from r2r_shared.queries import profiles, ranges
from r2r_shared.queries.timeline import timeline
from tests import synthetic
from tests.benchmarks.matching import MOVEMENTS, private_postgres
from tests.synthetic import Shot, World

AIM_S = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=int, default=1500)
    parser.add_argument("--paintings", type=int, default=5_000)
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="r2r-exports-"))
    redis = LocalRedis(home, home, home / "redis.log")
    redis.start()
    try:
        with private_postgres() as (url, _):
            print(f"\n{asked.shots:,} shots of 4.8 s, {asked.paintings:,} paintings, five of them each shot")
            stock(url, asked.shots, asked.paintings)
            for name, figure in (*writing(url), *commands(url, redis.url(), home)):
                print(f"  {name:<58} {figure}", flush=True)
    finally:
        redis.stop()
        shutil.rmtree(home)


def stock(url: str, shots: int, paintings: int) -> None:
    """Rows of one film and a collection, matched."""
    world = World(dim=256)
    with db.connect(url) as conn:
        profile_id = synthetic.add_profile(conn, dim=256)
        profiles.activate(conn, profile_id)
        synthetic.add_paintings(conn, profile_id, world.draw(paintings), movements=MOVEMENTS, artists=1100)
        film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4.8, [one]) for one in world.draw(shots)])
        conn.commit()
        ranges.refresh(conn, profile_id)
        conn.commit()
        timeline(conn, film_id, profile_id, top_k=20)
        conn.commit()
    with db.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM (ANALYZE)")


def writing(url: str) -> Iterator[tuple[str, str]]:
    """The timeline as a document, and each format made of it."""
    with db.connect(url) as conn:
        profile = profiles.get(conn, 1)
        yield "the timeline itself, as a document", took(lambda: timeline(conn, 1, profile.id).to_json(), 5)
        found = timeline(conn, 1, profile.id).to_json()
        cited = citation.of_profile(conn, profile)
    for one in exports.FORMATS.values():
        size = len(exports.write(one, found, cited))  # and its library is loaded
        figure = took(lambda one=one: exports.write(one, found, cited), 5)
        yield f"writing {one.ending} (at most {AIM_S:.0f} s)", f"{figure}, {size / 1e6:.1f} MB"


def commands(url: str, broker: str, home: Path) -> Iterator[tuple[str, str]]:
    """The whole command."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("R2R_")}
    env = clean | {"R2R_HOME": str(home), "R2R_DATABASE_URL": url, "R2R_BROKER_URL": broker}

    def run(*words: str) -> None:
        command = [sys.executable, "-m", "r2r_cli.main", "timeline", "1", *words]
        subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home)

    yield "command: timeline --json", took(lambda: run("--json"), 3)
    every = [f"film{one.ending}" for one in exports.FORMATS.values()]
    for name in every:
        yield f"command: timeline --export {name}", took(lambda name=name: run("--export", name), 3)
    yield "command: all ten at once", took(lambda: run(*(w for name in every for w in ("--export", name))), 3)


def took(work: Callable[[], object], times: int) -> str:
    """The median of so many times, and the worst."""
    seconds: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return f"{statistics.median(seconds):.2f} s (worst {max(seconds):.2f})"


if __name__ == "__main__":
    main()

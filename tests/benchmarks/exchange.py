"""How long a data set takes out of one installation and into another, and how much memory.

    python -m tests.benchmarks.exchange [--films 20] [--shots 1500] [--paintings 21300] [--dim 256]

A keyframe a shot, twenty matches a keyframe; rows are made up. The matches are with paintings drawn by lot, for to find
the best ones takes half an hour; their scores are true, for an import computes some of them again. Each of the two runs
in a process of its own, whose peak resident memory is the command's; the servers' is not counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from psycopg import sql

from r2r_shared import db, migrate
from r2r_shared.queries import profiles, ranges, tallies
from r2r_shared.score import DEFAULT, score_sql
from tests import data_sets, synthetic
from tests.benchmarks.matching import MOVEMENTS, private_postgres
from tests.synthetic import Shot, World

RUN = r"""
import json, re, sys, time
from pathlib import Path
from r2r_shared import db
from r2r_shared.exchange import bringing_in, exporting
from r2r_shared.queries import profiles
from r2r_shared.storage.media_store import MediaStore
what, url, media, path = sys.argv[1:]
with db.connect(url, autocommit=True) as conn:
    began = time.perf_counter()
    if what == "export":
        profile = profiles.active(conn)
        done = exporting.export(conn, MediaStore(media), profile, exporting.Wanted(), Path(path))
        said = {"rows": sum(done.rows.values()), "bytes": done.bytes}
    else:
        done = bringing_in.import_(conn, MediaStore(media), Path(path))
        said = {"matched": done.matched, "films": done.films.added, "here": done.films.here}
    said["seconds"] = time.perf_counter() - began
status = Path("/proc/self/status").read_text()  # getrusage would tell the parent's, where that was more
said["peak_mb"] = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
print(json.dumps(said))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=20)
    parser.add_argument("--shots", type=int, default=1_500)
    parser.add_argument("--paintings", type=int, default=21_300)
    parser.add_argument("--dim", type=int, default=256)
    asked = parser.parse_args()
    with private_postgres() as (url, _), tempfile.TemporaryDirectory(prefix="r2r-bench-") as folder:
        for name, figure in measure(url, Path(folder), asked):
            print(f"  {name:<66} {figure}", flush=True)


def measure(url: str, folder: Path, asked: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Rows of the table, one (name, figure) after the other."""
    began = time.perf_counter()
    fill(url, asked)
    yield f"making {asked.films} films x {asked.shots:,} keyframes, {asked.paintings:,} paintings", _since(began)
    for target in ("set", "set.zip"):
        said = _run("export", url, folder, target)
        kind = "one file" if target.endswith(".zip") else "a folder"
        yield (
            f"export into {kind}: {said['rows']:,} rows, {said['bytes'] / 1e6:.0f} MB",
            f"{said['seconds']:.1f} s, {said['peak_mb']:.0f} MB at its peak",
        )
    other = _other(url)
    for name, target in (("import into an empty installation", "set"), ("the same again, of one file", "set.zip")):
        said = _run("import", other, folder, target)
        yield (
            f"{name}: {said['films']} films new, {said['matched']} matched, {said['here']} here",
            f"{said['seconds']:.1f} s, {said['peak_mb']:.0f} MB at its peak",
        )


def fill(url: str, asked: argparse.Namespace) -> None:
    """Paintings and films with numbers, and as many matches as an ingest stores."""
    world = World(dim=asked.dim)
    with db.connect(url) as conn:
        profile_id = synthetic.add_profile(conn, dim=asked.dim)
        synthetic.add_paintings(conn, profile_id, world.draw(asked.paintings), movements=MOVEMENTS, artists=1_100)
        profiles.activate(conn, profile_id)
        ranges.refresh(conn, profile_id)
        score = score_sql(DEFAULT, ranges.widths(ranges.of_profile(conn, profile_id)))
        for number in range(asked.films):
            shots = [Shot(4.0, [frame]) for frame in world.draw(asked.shots)]
            film_id, job_id, _ = synthetic.add_film(conn, profile_id, shots)
            data_sets.described(conn, film_id, f"Film {number}")
            query = sql.SQL("""
                INSERT INTO matches (profile_id, keyframe_id, rank, painting_id, score, visual, semantic, metrics)
                SELECT profile_id, keyframe_id, row_number() OVER (PARTITION BY keyframe_id ORDER BY score DESC),
                       painting_id, score, visual, semantic, metrics
                  FROM (SELECT q.profile_id, q.keyframe_id, p.painting_id, {score} AS score, {visual} AS visual,
                               {semantic} AS semantic, {similarities} AS metrics
                          FROM shots AS s
                          JOIN keyframes AS k ON k.shot_id = s.id
                          JOIN keyframe_features AS q ON q.keyframe_id = k.id AND q.profile_id = {profile}
                         CROSS JOIN generate_series(1, 20) AS n
                          JOIN painting_features AS p ON p.profile_id = q.profile_id
                           AND p.painting_id = 1 + (k.id * 7919 + n * 104729) % {paintings}
                         WHERE s.job_id = {job}) AS m
            """).format(
                score=score.score,
                visual=score.visual,
                semantic=score.semantic,
                similarities=score.similarities,
                profile=profile_id,
                paintings=asked.paintings,
                job=job_id,
            )
            conn.execute(query)
            # Not the best ones: those that lists have found may miss some.
            conn.execute(
                "INSERT INTO film_matches (film_id, profile_id, revision, film_year, top_k, how)"
                " VALUES (%s, %s, 1, NULL, 20, 'lists')",
                (film_id, profile_id),
            )
            tallies.write(conn, film_id, profile_id, job_id)
            conn.commit()


def _other(url: str) -> str:
    """A second database of the same server, migrated."""
    with db.connect(url, autocommit=True) as conn:
        conn.execute("CREATE DATABASE exchange_there")
        (name,) = conn.execute("SELECT current_database()").fetchone() or ("",)
    found = url.replace(f"/{name}?", "/exchange_there?")
    migrate.apply(found)
    return found


def _run(what: str, url: str, folder: Path, target: str) -> dict[str, float]:
    command = [sys.executable, "-c", RUN, what, url, str(folder / f"media-{what}"), str(folder / target)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def _since(began: float) -> str:
    return f"{time.perf_counter() - began:.1f} s"


if __name__ == "__main__":
    main()

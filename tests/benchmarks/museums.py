"""A museum's metadata, 200,000 rows of it: seconds, and memory that stays flat; and pictures at the rate asked for.

`python -m tests.benchmarks.museums`: its own Postgres, its own museum on this machine, 200 ms away.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from r2r_shared import db, migrate
from r2r_shared.local.postgres import LocalPostgres
from tests import museum_records, museum_server

LATENCY_S = 0.2
MUST_REACH = 20.0
"""Pictures a second that two cores take in: reading, shrinking and storing one takes some hundredths of a second. A
higher rate that is asked for must not be exceeded; how much of it is reached, and what limits it, is said."""


def main() -> int:
    """Both parts, in words; 1 where one of them missed what it must reach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rates", default="5,20,50", help="requests a second")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each rate")
    parser.add_argument("--import", dest="source", help=argparse.SUPPRESS)  # a child of ours: these rows, this database
    parser.add_argument("--fetch", help=argparse.SUPPRESS)
    parser.add_argument("--database", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.source:
        return _import(asked.source, asked.database)
    if asked.fetch:
        return _fetch(json.loads(asked.fetch), asked.database)
    with tempfile.TemporaryDirectory(prefix="r2r-bench-") as name:
        root = Path(name)
        server = LocalPostgres(root / "pg", root, root / "pg.log")
        server.start("bench")
        try:
            migrate.apply(server.url("bench"))
            flat = _metadata(root, server.url("bench"), asked.rows)
            reached = _pictures(
                root, server.url("bench"), [float(rate) for rate in asked.rates.split(",")], asked.seconds
            )
        finally:
            server.stop()
    return int(not (flat and reached))


def _child(*args: str) -> dict[str, float]:
    """A part in a process of its own, so that its peak memory is its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.museums", *args], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _metadata(root: Path, url: str, rows: int) -> bool:
    print(f"metadata import of MetObjects.csv, every row a painting ({rows // 4:,} and {rows:,} rows)")
    peaks: list[float] = []
    quick = True
    for number in (rows // 4, rows, rows):
        source = root / f"{number}" / "MetObjects.csv"
        if not source.exists():
            source.parent.mkdir()
            museum_records.met_csv(source, number)
        found = _child("--import", str(source), "--database", url)
        peaks.append(found["peak_mb"])
        quick = quick and found["seconds"] <= 60
        print(
            f"  {number:>8,} rows: {found['seconds']:5.1f} s, {number / found['seconds']:7,.0f} rows/s, peak "
            f"{found['peak_mb']:.0f} MB; {found['added']:,.0f} added, {found['updated']:,.0f} updated, "
            f"{found['unchanged']:,.0f} unchanged"
        )
    return quick and peaks[1] < peaks[0] + 20


def _import(source: str, url: str) -> int:
    from r2r_shared.collections.detect import detect
    from r2r_shared.importing import import_paintings
    from r2r_shared.storage.media_store import MediaStore

    found = detect(source)
    with db.connect(url, autocommit=True) as conn:
        profile_id = _profile(conn)
        began = time.perf_counter()
        summary = import_paintings(
            conn,
            MediaStore(str(Path(source).parent / "media")),
            found.records(),
            collection=Path(source).parent.name,
            profile_id=profile_id,
        )
        seconds = time.perf_counter() - began
    said = {
        "seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "added": summary.awaited.added,
        "updated": summary.awaited.updated,
        "unchanged": summary.awaited.unchanged,
    }
    print(json.dumps(said))
    return 0


def _profile(conn: db.Connection) -> int:
    from r2r_shared.queries import profiles

    parts = {"encoder": "e", "encoder_digest": "e1", "depth": "d", "depth_digest": "d1"}
    return profiles.ensure(conn, {"name": "bench", **parts, "metrics_version": 1, "dim": 4}).id


def _pictures(root: Path, url: str, rates: list[float], seconds: float) -> bool:
    print(f"pictures of 1024 px from a server {1000 * LATENCY_S:.0f} ms away, written as paintings")
    reached = True
    for rate in rates:
        works = round(rate * seconds)
        with museum_server.running(latency_s=LATENCY_S, size=(1024, 768)) as museum:
            picture = museum_server.picture("one", width=1024, height=768)
            for number in range(works):  # the same picture under a comment of its own: the server is to be quick
                museum.on(f"/{number}.jpg", museum_server.Answer(_numbered(picture, number), delay_s=LATENCY_S))
            asked = {"url": museum.url, "works": works, "rate": rate, "home": str(root / f"at-{rate:g}")}
            found = _child("--fetch", json.dumps(asked), "--database", url)
            times = [one.at for one in museum.asked()]
            got = (len(times) - 1) / (max(times) - min(times))
            most = museum_server.most_in(museum.asked(), 1.0)
        reached = reached and 0.95 * min(rate, MUST_REACH) <= got <= 1.01 * rate
        print(
            f"  {rate:>4g}/s asked for: {got:6.2f}/s reached by the server's clock, at most {most} in any second; "
            f"{found['fetched']:.0f} of {works} fetched, {museum.most_at_once} at once, peak {found['peak_mb']:.0f} MB"
        )
        if got < 0.95 * rate:
            print(
                f"         less than was asked for: taking pictures in used {found['cores']:.1f} of {os.cpu_count()} "
                f"cores, {1000 * found['cores'] / got:.0f} ms a picture, the database and this server the rest"
            )
    return reached


def _numbered(picture: bytes, number: int) -> bytes:
    """A JPEG with a comment (ITU-T T.81, B.2.4.5), so that it is another file."""
    text = str(number).encode()
    return picture[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + picture[2:]


def _fetch(asked: dict[str, object], url: str) -> int:
    from r2r_cli.collecting.turns import Turns
    from r2r_shared.fetching import run
    from r2r_shared.fetching.addresses import Addresses, server_of
    from r2r_shared.fetching.cache import Cache
    from r2r_shared.fetching.client import Client
    from r2r_shared.fetching.pace import Pace
    from r2r_shared.fetching.patience import Patience
    from r2r_shared.fetching.works import Fetcher
    from r2r_shared.importing import import_paintings
    from r2r_shared.records import PaintingRecord
    from r2r_shared.storage.media_store import MediaStore

    home, rate = Path(str(asked["home"])), float(str(asked["rate"]))
    records = [
        PaintingRecord(f"{number}", "", f"No. {number}", picture_url=f"{asked['url']}/{number}.jpg")
        for number in range(int(str(asked["works"])))
    ]
    store = MediaStore(str(home / "media"))
    cache = Cache(home / "fetched")
    cache.make()
    with db.connect(url, autocommit=True) as conn, closing(Turns(url)) as turns:
        pace = Pace(rate, shared=turns)  # as a command does
        client = Client(Addresses([server_of(str(asked["url"]))]), pace, connections=run.threads_for(rate))
        profile_id = _profile(conn)
        summary = import_paintings(conn, store, records, collection=home.name, profile_id=profile_id)
        assert summary.collection_id is not None
        began, cpu = time.perf_counter(), time.process_time()
        fetched = run.fetch_awaited(
            conn,
            Fetcher(client, Patience(), cache, store),
            collection_id=summary.collection_id,
            profile_id=profile_id,
        )
        cores = (time.process_time() - cpu) / (time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"fetched": fetched.fetched, "peak_mb": peak, "cores": cores}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

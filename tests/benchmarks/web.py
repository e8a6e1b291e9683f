"""How quick the site is: a two-hour film's page in Chromium, a weight that is changed, fifty readers at once.

    python -m tests.benchmarks.web [--shots 1500] [--paintings 21000] [--readers 50]

Synthetic rows, a Postgres and a Redis of its own, and pictures of which there are a few under many names. The browser
is Debian's; without one, its lines are left out. Browser, server and database share the machine's cores.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from r2r_shared import db
from r2r_shared.local.redis import LocalRedis
from r2r_shared.settings import Settings
from tests.benchmarks import exports
from tests.benchmarks.matching import private_postgres
from tests.web_client import Visitor, served

CHANGES = 9
ROUNDS = 6
MIX = ("/", "/films/1", "/paintings", "/paintings/7", "/catalogue", "/catalogue/hubs", "/api/films/1/matches?shot=9")

# The time from a slider's move to the frame that shows the page ranked anew.
CHANGE = """(percent) => new Promise((done) => {
  const slider = document.querySelector('[data-part=dc] input[type=range]');
  const began = performance.now();
  slider.value = String(percent);
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  slider.dispatchEvent(new Event('change', { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=int, default=1500)
    parser.add_argument("--paintings", type=int, default=21_000)
    parser.add_argument("--readers", type=int, default=50)
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="r2r-web-"))
    redis = LocalRedis(home, home, home / "redis.log")
    redis.start()
    try:
        with private_postgres() as (url, _):
            settings = Settings(home=home, database_url=url, broker_url=redis.url())
            stock(settings, asked.shots, asked.paintings)
            print(f"\na film of {asked.shots:,} shots, {asked.paintings:,} paintings")
            with served(settings) as (visitor, _):
                for name, figure in (*pages(visitor), *browser(visitor), *readers(visitor, asked.readers)):
                    print(f"  {name:<64} {figure}", flush=True)
    finally:
        redis.stop()
        shutil.rmtree(home)


def stock(settings: Settings, shots: int, paintings: int) -> None:
    """Rows of one film and a collection, matched, and their pictures."""
    assert settings.database_url is not None
    exports.stock(settings.database_url, shots, paintings)
    with db.connect(settings.database_url) as conn:
        keys = [key for (key,) in conn.execute("SELECT image FROM keyframes UNION SELECT image FROM paintings")]
    rng = np.random.default_rng(0)
    first: list[Path] = []
    for number, key in enumerate(keys):
        path = Path(settings.media_root, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        if number < 8:
            small = Image.fromarray(rng.integers(0, 255, (9, 16, 3), dtype=np.uint8))
            data = io.BytesIO()
            small.resize((512, 288), Image.Resampling.BICUBIC).save(data, "JPEG", quality=90)
            path.write_bytes(data.getvalue())
            first.append(path)
        else:
            os.link(first[number % 8], path)


def pages(visitor: Visitor) -> Iterator[tuple[str, str]]:
    """The film's page from the server: made, and as it is kept."""
    took, answer = _timed(visitor, "/films/1")
    assert answer.status == 200, answer.text
    yield "the film's page, made", f"{1000 * took:.0f} ms, {len(answer.body) / 1e6:.2f} MB compressed"
    kept = [_timed(visitor, "/films/1")[0] for _ in range(9)]
    yield "the film's page, kept", f"{1000 * statistics.median(kept):.0f} ms"
    exact = [_timed(visitor, f"/api/films/1/matches?shot={n}&weights=dc=.4")[0] for n in range(1, 10)]
    yield "one shot against every painting, other weights", f"{1000 * statistics.median(exact):.0f} ms"


def _timed(visitor: Visitor, path: str) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = visitor.get(path, Accept_Encoding="gzip")
    return time.perf_counter() - began, answer


def browser(visitor: Visitor) -> Iterator[tuple[str, str]]:
    """First paint and a weight change, in a window that has seen nothing of the site yet."""
    chromium = shutil.which("chromium")
    if chromium is None:
        yield "in a browser", "no chromium here"
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        paints, loads, changes = list[float](), list[float](), list[float]()
        for _ in range(5):
            page = opened.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.goto(f"http://{visitor.host}/films/1", wait_until="load")
            timing = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            paints.append(page.evaluate(timing))
            loads.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
            page.wait_for_timeout(500)
            changes += [page.evaluate(CHANGE, 10 + 8 * n) for n in range(CHANGES)]
            page.context.close()
        opened.close()
    yield "first paint, of five new windows: median, worst (at most 1 s)", _two(paints)
    yield "everything loaded: median, worst", _two(loads)
    yield "a weight change, until it is shown: median, worst (at most 300 ms)", _two(changes)


def _two(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ms, {max(values):.0f} ms"


def readers(visitor: Visitor, count: int) -> Iterator[tuple[str, str]]:
    """Readers who each open several pages one after the other, all at the same time."""
    start, took, failed = threading.Barrier(count), list[float](), list[str]()

    def read(number: int) -> None:
        start.wait()
        for step in range(ROUNDS):
            path = MIX[(number + step) % len(MIX)]
            seconds, answer = _timed(Visitor(visitor.port), path)
            took.append(seconds)
            if answer.status != 200:
                failed.append(f"{path} {answer.status}")

    began = time.perf_counter()
    threads = [threading.Thread(target=read, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    took.sort()
    yield f"{count} readers, {len(took)} pages: errors", f"{len(failed)} {' '.join(failed[:3])}"
    late = 1000 * took[int(0.95 * len(took))]
    figures = f"{len(took) / seconds:.0f}, {1000 * statistics.median(took):.0f} and {late:.0f} ms"
    yield "  pages a second; one page, median and 95th percentile", figures


if __name__ == "__main__":
    main()

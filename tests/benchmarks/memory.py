"""Peak memory of a whole worker on a long film against a short one: `python -m tests.benchmarks.memory [LONG SHORT]`.

Both are ingested through the command line; counted is the resident memory of the worker's main process, its pool
child and its decoding child together, several times a second. The long films are one short film's packets over and
over: quick to make, as much to decode as any other.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from pathlib import Path

import av
import psutil

from tests.acceptance.cli import Cli
from tests.benchmarks.films import CACHE, known_film
from tests.benchmarks.pipeline import home


def loop(source: Path, minutes: float) -> Path:
    """`source` again and again until it lasts `minutes`; packets are copied, not coded anew."""
    target = CACHE / f"{source.stem}-{minutes:g}min.mkv"
    if target.is_file():
        return target
    with av.open(str(source)) as film:
        stream = film.streams.video[0]
        packets = [p for p in film.demux(stream) if p.size]
        length = max(p.pts + p.duration for p in packets) - min(p.pts for p in packets)
        times = [(p.pts, p.dts) for p in packets]
        rounds = max(1, round(minutes * 60 / float(length * stream.time_base)))
        with av.open(str(target), "w") as out:
            copy = out.add_stream_from_template(stream)
            for k in range(rounds):
                for packet, (pts, dts) in zip(packets, times, strict=True):
                    packet.stream, packet.time_base = copy, stream.time_base
                    packet.pts, packet.dts = pts + k * length, dts + k * length
                    out.mux(packet)
    return target


def peak_mb(cli: Cli, film: Path) -> tuple[float, float]:
    """Peak resident megabytes of the worker while `film` is ingested, and wall seconds."""
    peak = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.2):
            peak = max(peak, sum(map(_resident, _worker(cli))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    try:
        cli.run("ingest", film, timeout_s=7200)
    finally:
        over.set()
        watcher.join()
    return peak / 2**20, time.perf_counter() - began


def _worker(cli: Cli) -> list[psutil.Process]:
    """The worker of this home with its children; a decoder has an environment of its own."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "r2r_workers" in process.cmdline() and process.environ().get("R2R_HOME") == str(cli.home):
                return [process, *process.children(recursive=True)]
    return []


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def rows(long_minutes: float = 60, short_minutes: float = 10) -> list[tuple[str, str, str, bool]]:
    """(what, measured, wanted, reached) for the benchmark table."""
    source = known_film(1).path
    with home() as cli:
        short, _ = peak_mb(cli, loop(source, short_minutes))
        long, seconds = peak_mb(cli, loop(source, long_minutes))
    text = f"{long / short:.2f} × ({long:.0f} MB against {short:.0f} MB; {seconds:.0f} s)"
    name = f"worker's peak memory, {long_minutes:g} min against {short_minutes:g} min"
    return [(name, text, "≤ 1.15 ×", long <= 1.15 * short)]


if __name__ == "__main__":
    lengths = [float(a) for a in sys.argv[1:]]
    for row in rows(*lengths):
        print(*row[:3], sep=" | ")

"""Peak memory of the decoding child on a long film against a short one: `python -m tests.benchmarks.memory`.

The long films are one short film's packets over and over: quick to make, as much to decode as any other.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import av
import psutil

from r2r_shared.probe import probe
from r2r_workers.media.analyse import analyse_span
from r2r_workers.media.settings import DetectorSettings
from tests.benchmarks.films import CACHE, known_film


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


def peak_mb(film: Path) -> tuple[float, float]:
    """Peak resident megabytes of the child over a whole film as one span, and wall seconds."""
    looked = probe(film)
    peak = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.05):
            for child in psutil.Process().children():
                try:
                    peak = max(peak, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    try:
        analyse_span(
            film,
            probe=looked,
            start_frame=0,
            end_frame=looked.frames,
            detector=DetectorSettings(),
            threads=2,
            stall_s=300,
            limit_s=7200,
            on_progress=lambda _frames, _shots: None,
            should_stop=lambda: False,
        )
    finally:
        over.set()
        watcher.join()
    return peak / 2**20, time.perf_counter() - began


def rows(long_minutes: float = 60, short_minutes: float = 10) -> list[tuple[str, str, str, bool]]:
    """(what, measured, wanted, reached) for the benchmark table."""
    source = known_film(1).path
    short, _ = peak_mb(loop(source, short_minutes))
    long, seconds = peak_mb(loop(source, long_minutes))
    text = f"{long / short:.2f} × ({long:.0f} MB against {short:.0f} MB; {seconds:.0f} s)"
    name = f"decoder's peak memory, {long_minutes:g} min against {short_minutes:g} min"
    return [(name, text, "≤ 1.15 ×", long <= 1.15 * short)]


if __name__ == "__main__":
    lengths = [float(a) for a in sys.argv[1:]]
    for row in rows(*lengths):
        print(*row[:3], sep=" | ")

"""Decoding and finding shots in a 1080p film against ffmpeg's bare decode: `python -m tests.benchmarks.decode`.

ffmpeg (from apt; a yardstick, nothing of ours needs it) and `analyse_span` run one after the other on the same
film, twice, and the better of each counts: other work on the machine slows both, but never speeds one up.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from r2r_shared.film.probe import probe
from r2r_workers.media.analyse import analyse_span
from r2r_workers.media.settings import DetectorSettings
from tests.benchmarks.films import known_film

SECONDS, SIZE, SEED = 186, "1920x1080", 5
THREADS = 2


def ffmpeg_s(film: Path) -> float:
    """Wall seconds of `ffmpeg -threads 2 -i film -f null -`."""
    began = time.perf_counter()
    command = ["ffmpeg", "-v", "error", "-threads", str(THREADS), "-i", str(film), "-f", "null", "-"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - began


def analysis_s(film: Path) -> tuple[float, int, str]:
    """Wall seconds of probe and analysis, shots found, and the reader."""
    began = time.perf_counter()
    looked = probe(film)
    answer = analyse_span(
        film,
        probe=looked,
        start_frame=0,
        end_frame=looked.frames,
        detector=DetectorSettings(),
        threads=THREADS,
        stall_s=120,
        limit_s=3600,
        on_progress=lambda _frames, _shots: None,
        should_stop=lambda: False,
    )
    return time.perf_counter() - began, len(answer.shots), answer.reader


def rows(film: Path | None = None) -> list[tuple[str, str, str, bool]]:
    """(what, measured, wanted, reached) for the benchmark table."""
    if shutil.which("ffmpeg") is None:
        return [("decode against ffmpeg", "not measured: no ffmpeg here", "≤ 1.25 ×", False)]
    path = film or known_film(SEED, seconds=SECONDS, size=SIZE).path
    bare: list[float] = []
    ours: list[float] = []
    shots, reader = 0, ""
    for _ in range(2):
        bare.append(ffmpeg_s(path))
        seconds, shots, reader = analysis_s(path)
        ours.append(seconds)
    ratio = min(ours) / min(bare)
    text = f"{ratio:.2f} × ({min(ours):.1f} s against {min(bare):.1f} s; {shots} shots, {reader})"
    return [("probe, decode, shots and keyframes of 1080p", text, "≤ 1.25 × ffmpeg", ratio <= 1.25)]


if __name__ == "__main__":
    for row in rows(Path(sys.argv[1]) if len(sys.argv) > 1 else None):
        print(*row[:3], sep=" | ")

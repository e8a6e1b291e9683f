"""Shots found in films whose truth is known: `python -m tests.benchmarks.shots [--transnet]`.

Films come from ../shared/tools/make_film.py (60 s, 640×360, strength 0.5, both clips as footage): seeds 1 to 3,
and 11 to 13, which nothing was tuned on. A predicted boundary counts within ±2 frames. Footage has cuts of its own
that the truth does not list: predictions strictly inside it are left out of the count, neither right nor wrong.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from r2r_shared.film.probe import probe
from r2r_shared.records import FoundShot
from r2r_workers.media.analyse import analyse_span
from r2r_workers.media.settings import DetectorSettings
from tests.benchmarks.films import known_film

TOLERANCE = 2
TUNED, FRESH = (1, 2, 3), (11, 12, 13)


@dataclass
class Count:
    """Boundaries of one kind, summed over films."""

    true: int = 0
    found: int = 0
    wrong: int = 0
    labelled: int = 0
    mistakes: list[str] = field(default_factory=list)


def find(film: Path, kind: str) -> tuple[tuple[FoundShot, ...], float]:
    """The shots of a whole film, and the frames a second that were read, the model's loading included."""
    looked = probe(film)
    began = time.perf_counter()
    answer = analyse_span(
        film,
        probe=looked,
        start_frame=0,
        end_frame=looked.frames,
        detector=DetectorSettings(kind="transnet" if kind == "transnet" else "adaptive"),
        threads=0,
        stall_s=300,
        limit_s=3600,
        on_progress=lambda _frames, _shots: None,
        should_stop=lambda: False,
    )
    return answer.shots, looked.frames / (time.perf_counter() - began)


def compare(name: str, truth: list[dict[str, Any]], shots: tuple[FoundShot, ...], counts: dict[str, Count]) -> None:
    """Match predictions to truth one to one, nearest first, and add to `counts`."""
    footage = [(s["start"], s["end"]) for s in truth if s["painting"] is None]
    predicted = {s.start_frame: s for s in shots[1:]}
    wanted = {s["start"]: s for s in truth[1:]}
    pairs = sorted((abs(p - t), t, p) for p in predicted for t in wanted if abs(p - t) <= TOLERANCE)
    matched: dict[int, int] = {}
    used: set[int] = set()
    for _, start, p in pairs:
        if start not in matched and p not in used:
            matched[start] = p
            used.add(p)
    for start, shot in wanted.items():
        count = counts[shot["transition"]]
        count.true += 1
        if start in matched:
            count.found += 1
            count.labelled += predicted[matched[start]].transition == shot["transition"]
        else:
            count.mistakes.append(f"{name}:{start} missed")
    for p, shot in predicted.items():
        inside = any(start + TOLERANCE < p < end - TOLERANCE for start, end in footage)
        if p not in used and not inside:
            counts[shot.transition].wrong += 1
            counts[shot.transition].mistakes.append(f"{name}:{p} false")


def measure(seeds: tuple[int, ...], kind: str) -> tuple[dict[str, Count], float]:
    """Counts by kind of transition over the films of `seeds`, and the frames a second of the quickest."""
    counts = {name: Count() for name in ("cut", "dissolve", "fade")}
    fastest = 0.0
    for seed in seeds:
        film = known_film(seed)
        shots, rate = find(film.path, kind)
        fastest = max(fastest, rate)
        compare(f"seed {seed}", film.truth["shots"], shots, counts)
    return counts, fastest


def rows(*, transnet: bool = True) -> list[tuple[str, str, str, bool]]:
    """(what, measured, wanted, reached) for the benchmark table."""
    out: list[tuple[str, str, str, bool]] = []
    for kind in ("adaptive", "transnet") if transnet else ("adaptive",):
        for label, seeds in (("seeds 1-3", TUNED), ("fresh seeds 11-13", FRESH)):
            counts, rate = measure(seeds, kind)
            cut = counts["cut"]
            f1 = 2 * cut.found / max(1, cut.true + cut.found + cut.wrong)
            out.append((f"hard cuts F1, {kind}, {label}", f"{f1:.3f} of {cut.true}", "≥ 0.95", f1 >= 0.95))
            for name, least in (("fade", 0.8), ("dissolve", 0.7)):
                count = counts[name]
                share = count.found / max(1, count.true)
                text = f"{share:.2f} of {count.true}, {count.wrong} false, {count.labelled} labelled so"
                asked = name == "fade" or kind == "transnet"
                out.append(
                    (f"{name}s found, {kind}, {label}", text, f"≥ {least}" if asked else "as measured", share >= least)
                )
            out.append((f"frames a second, {kind}, {label}", f"{rate:.0f}, the quickest film", "as measured", True))
            mistakes = [m for count in counts.values() for m in count.mistakes]
            if mistakes:
                out.append((f"  mistakes, {kind}, {label}", "; ".join(mistakes), "", True))
    return out


if __name__ == "__main__":
    for row in rows(transnet="--transnet" in sys.argv):
        print(*row[:3], sep=" | ")

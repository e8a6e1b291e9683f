"""The whole job through the command line, on films of known truth.

    python -m tests.benchmarks.pipeline [--seeds 1,2,3,11,12,13] [--speed]

For each seed: import ../shared/paintings, ingest the film, read `timeline --json`, compare with the truth.
`--speed` times the ingest of a 1080p film against ffmpeg decoding it, in the same run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from r2r_shared.local.stack import open_stack
from r2r_shared.settings import Settings
from tests.acceptance.cli import Cli
from tests.benchmarks.films import CACHE, SHARED, NoMaterial, known_film

TOLERANCE_FRAMES = 2
TRANSITION_FRAMES = 12


@dataclass
class Found:
    """Counts over one or more films.

    A cut found strictly inside footage is neither right nor wrong: the footage has cuts that truth does not list.
    """

    cuts: int = 0
    cuts_found: int = 0
    false_cuts: int = 0
    fades: int = 0
    fades_found: int = 0
    dissolves: int = 0
    dissolves_found: int = 0
    painting_shots: int = 0
    first: int = 0
    first_five: int = 0

    def __add__(self, other: Found) -> Found:
        return Found(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def cut_f1(self) -> float:
        return 2 * self.cuts_found / max(1, self.cuts + self.cuts_found + self.false_cuts)

    def row(self, name: str) -> tuple[str, ...]:
        def share(part: int, whole: int) -> str:
            return f"{part / whole:.2f} ({part}/{whole})" if whole else "–"

        return (
            name,
            f"{self.cut_f1:.3f}",
            share(self.fades_found, self.fades),
            share(self.dissolves_found, self.dissolves),
            share(self.first, self.painting_shots),
            share(self.first_five, self.painting_shots),
        )


@contextmanager
def home(profile: str | None = None) -> Iterator[Cli]:
    """A stack of the benchmark's own, open for as long as it is needed."""
    path = Path(tempfile.mkdtemp(prefix="r2r-bench-"))
    try:
        with open_stack(Settings(home=path)):
            yield Cli(path, {"R2R_PROFILE": profile} if profile else {})
    finally:
        shutil.rmtree(path, ignore_errors=True)


def compare(timeline: dict[str, Any], truth: dict[str, Any]) -> Found:
    """Boundaries within ±2 frames (within the transition's length for fades and dissolves), and painting ranks."""
    found = Found()
    begins = {shot["start_frame"] for shot in timeline["shots"]} - {0}
    claimed: set[int] = set()
    inside_footage = [(s["start"], s["end"]) for s in truth["shots"] if s["painting"] is None]
    for shot in truth["shots"][1:]:
        kind, start = shot["transition"], shot["start"]
        reach = TOLERANCE_FRAMES if kind == "cut" else TRANSITION_FRAMES
        near = [b for b in begins if start - TOLERANCE_FRAMES <= b <= start + reach and b not in claimed]
        hit = bool(near)
        if near:
            claimed.add(min(near, key=lambda b: abs(b - start)))
        setattr(found, f"{kind}s", getattr(found, f"{kind}s") + 1)
        setattr(found, f"{kind}s_found", getattr(found, f"{kind}s_found") + hit)
    for begin in begins - claimed:
        if not any(a + TOLERANCE_FRAMES < begin < b - TOLERANCE_FRAMES for a, b in inside_footage):
            found.false_cuts += 1
    for shot in truth["shots"]:
        if shot["painting"] is None:
            continue
        found.painting_shots += 1
        best = max(timeline["shots"], key=lambda s: _overlap(s, shot))
        stems = [Path(match["painting"]["file"]).stem for match in best["matches"]]
        found.first += stems[:1] == [shot["painting"]]
        found.first_five += shot["painting"] in stems[:5]
    return found


def _overlap(found: dict[str, Any], shot: dict[str, Any]) -> int:
    return min(found["end_frame"], shot["end"]) - max(found["start_frame"], shot["start"])


def accuracy(
    seeds: Sequence[int],
    *,
    shots: str = "adaptive",
    strength: float = 0.5,
    only: Sequence[Path] = (),
    profile: str | None = None,
) -> dict[int, Found]:
    """Each seed's counts, through the command line.

    Args:
        strength, only: of the films, see `known_film`; the collection is all of `paintings`.
        profile: another than the one out of the box.
    """
    results = {}
    with home(profile) as cli:
        cli.run("paintings", "import", SHARED / "paintings")
        for seed in seeds:
            film = known_film(seed, strength=strength, only=only)
            cli.run("ingest", film.path, "--shots", shots, "--force")
            results[seed] = compare(cli.json("timeline", film.path), film.truth)
    return results


def speed(*, seconds: int = 190, rounds: int = 3) -> Iterator[tuple[str, ...]]:
    """Ingest of a 1080p film against ffmpeg decoding it, taken turn by turn in one run."""
    film = _film_1080p(seconds)
    yardstick = ["ffmpeg", "-v", "error", "-threads", "2", "-i", str(film), "-f", "null", "-"]
    ratios, without_models = [], []
    with home() as cli:
        cli.run("paintings", "import", SHARED / "paintings")
        for number in range(rounds):
            floor_s = _timed(yardstick)
            began = time.perf_counter()
            report = cli.json("ingest", film, "--force")
            whole_s = time.perf_counter() - began
            job = report["films"][0]["job"]
            ratios.append(whole_s / floor_s)
            without_models.append((whole_s - job["model_s"]) / floor_s)
            yield (
                f"round {number + 1}",
                f"ffmpeg {floor_s:.1f} s",
                f"ingest {whole_s:.1f} s",
                f"of it decoding child {job['decode_s']:.1f} s, models {job['model_s']:.1f} s",
                f"{ratios[-1]:.2f} ×",
            )
    without = f"without models {statistics.median(without_models):.2f} ×"
    yield ("median", "", "", without, f"{statistics.median(ratios):.2f} ×")


def _film_1080p(seconds: int) -> Path:
    """Films of seeds 1 to 3, one after the other again and again, enlarged: rendering at 1080p takes half an hour."""
    path = CACHE / f"1080p-{seconds}s.mp4"
    if not path.is_file():
        names = [known_film(seed).path for seed in (1, 2, 3)] * (seconds // 180 + 1)
        listing = path.with_suffix(".txt")
        listing.write_text("".join(f"file '{name}'\n" for name in names))
        command = ["ffmpeg", "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(listing), "-t", str(seconds)]
        command += ["-vf", "scale=1920:1080,noise=alls=4:allf=t", "-c:v", "libx264", "-preset", "veryfast"]
        partial = path.with_suffix(".part.mp4")
        subprocess.run([*command, "-crf", "20", str(partial)], check=True)
        partial.rename(path)
    return path


def _timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1,2,3,11,12,13,14,15,16")
    parser.add_argument("--shots", default="adaptive")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        if args.speed:
            for row in speed(rounds=args.rounds):
                print(" | ".join(row), flush=True)
            return
        results = accuracy([int(seed) for seed in args.seeds.split(",")], shots=args.shots)
    except NoMaterial as missing:
        sys.exit(f"skipped: {missing}")
    if args.json:
        print(json.dumps({seed: vars(found) for seed, found in results.items()}))
        return
    print("films | cut F1 | fades found | dissolves found | true painting first | in the first five")
    known = sum((f for seed, f in results.items() if seed < 10), Found())
    fresh = sum((f for seed, f in results.items() if seed >= 10), Found())
    for name, found in [(f"seed {s}", f) for s, f in results.items()] + [("seeds 1-3", known), ("fresh seeds", fresh)]:
        print(" | ".join(found.row(name)))


if __name__ == "__main__":
    main()

"""Whether findings hold up on planted truth: one movement's films, footage alone, and the correction for hubs.

    python -m tests.benchmarks.planted [--movements "Japanese Ukiyo-e,Impressionism"] [--seeds 1,2]
                                       [--part planted|hubs] [--strengths 0.5,1.0]

* planted: for each movement a film of 60 s, made of its works, a quarter as many of others, and clips; in a collection
  of the 72 paintings. Its lift and interval, beside the movement's share of the collection; the share of shots with a
  convincing match, shots of paintings and clips apart; and that of the two clips ingested whole, which show no
  painting.
* hubs: films of the 72 paintings through the whole command line, ranked with the correction and without.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from tests.acceptance.cli import Cli
from tests.benchmarks import kept_out
from tests.benchmarks.films import SHARED, KnownFilm, NoMaterial, known_film
from tests.benchmarks.kept_out import Work
from tests.benchmarks.pipeline import Found, compare, home

MOVEMENTS = "Renaissance & Baroque,Impressionism,Japanese Ukiyo-e"


def planted(movements: Sequence[str], strengths: Sequence[float]) -> Iterator[tuple[str, ...]]:
    """Rows of the table: film, what was planted, share, by chance, lift, interval, convincing shots."""
    with home() as cli:
        cli.run("paintings", "import", SHARED / "paintings", timeout_s=1800)
        for clip in sorted((SHARED / "media").glob("*.mp4")):
            cli.run("ingest", clip, timeout_s=1800)
            yield _row(f"footage: {clip.stem}", cli.json("timeline", clip), "", None)
        for strength in strengths:
            for movement in movements:
                film = film_of(movement, strength)
                cli.run("ingest", film.path, timeout_s=1800)
                yield _row(f"{movement}, strength {strength:g}", cli.json("timeline", film.path), movement, film)


def film_of(movement: str, strength: float) -> KnownFilm:
    """A film made mostly of one movement's works; the others are chosen by a hash of their names."""
    works = sorted(kept_out.paintings(), key=_hash)
    mine = [work.path for work in works if work.movement == movement]
    others = [work.path for work in works if work.movement != movement][: len(mine) // 4]
    label = "-" + "".join(filter(str.isalnum, movement))
    return known_film(1, strength=strength, only=mine + others, label=label)


def _row(name: str, timeline: dict[str, Any], movement: str, film: KnownFilm | None) -> tuple[str, ...]:
    by = {row["name"]: row for row in timeline["influence"] if row["by"] == "movement"}
    row = by.get(movement)
    figures = ("", "", "", "")
    if row is not None:
        interval = f"{row['lift_low']:.2f} to {row['lift_high']:.2f}"
        figures = (f"{row['share']:.1%}", f"{row['expected']:.1%}", f"{row['lift']:.2f}", interval)
    shots = [shot for shot in timeline["shots"] if shot["matches"]]
    painted = [shot for shot in shots if film is not None and _shows_painting(shot, film.truth)]
    clips = [shot for shot in shots if shot not in painted]
    return (name, *figures, _convincing(painted), _convincing(clips))


def _convincing(shots: Sequence[dict[str, Any]]) -> str:
    count = sum(shot["convincing"] for shot in shots)
    return f"{count / len(shots):.2f} ({count}/{len(shots)})" if shots else "–"


def _shows_painting(shot: dict[str, Any], truth: dict[str, Any]) -> bool:
    """Whether what it overlaps most is of a painting."""

    def overlap(one: dict[str, Any]) -> int:
        return min(shot["end_frame"], one["end"]) - max(shot["start_frame"], one["start"])

    return max(truth["shots"], key=overlap)["painting"] is not None


def hubs(seeds: Sequence[int], strengths: Sequence[float]) -> Iterator[tuple[str, ...]]:
    """Rows of the table: strength, with or without the correction, true painting first, in the first five."""
    with home() as cli:
        cli.run("paintings", "import", SHARED / "paintings")
        for strength in strengths:
            films = [known_film(seed, strength=strength) for seed in seeds]
            for film in films:
                cli.run("ingest", film.path, timeout_s=900)
            for option in ("--no-hub-correction", "--hub-correction"):
                found = sum((_compared(cli, film, option) for film in films), Found())
                *_, first, first_five = found.row("")
                yield f"{strength:g}", option, first, first_five


def _compared(cli: Cli, film: KnownFilm, option: str) -> Found:
    return compare(cli.json("timeline", film.path, option), film.truth)


def _hash(work: Work) -> bytes:
    return hashlib.sha256(work.file.encode()).digest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movements", default=MOVEMENTS)
    parser.add_argument("--strengths", default="0.5,1.0")
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--part", choices=("planted", "hubs"))
    args = parser.parse_args()
    strengths = [float(strength) for strength in args.strengths.split(",")]
    try:
        if args.part in (None, "hubs"):
            print("strength | ranked | true painting first | in the first five", flush=True)
            for row in hubs([int(seed) for seed in args.seeds.split(",")], strengths):
                print(" | ".join(row), flush=True)
        if args.part in (None, "planted"):
            print("film | share | by chance | lift | 95 % | paintings convincing | clips convincing", flush=True)
            for row in planted(args.movements.split(","), strengths):
                print(" | ".join(row), flush=True)
    except NoMaterial as missing:
        sys.exit(f"skipped: {missing}")


if __name__ == "__main__":
    main()

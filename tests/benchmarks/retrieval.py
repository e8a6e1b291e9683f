"""How often a film's frame finds the painting it was made from, starter profile.

    python -m tests.benchmarks.retrieval [--seeds 1-3 11-16] [--films FOLDER]

Films of known truth are rendered from real paintings by the shared tool (60 s, 640 × 360, strength 0.5, both
clips as footage); the middle frame of every painting shot, bars cut away, is scored against the collection by the
whole score of section 4.2, and by each half of it alone. This measures the numbers by themselves; shots and
keyframes are found by the pipeline in the acceptance of the whole.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from r2r_shared import pictures, score
from r2r_workers.measure import measure
from r2r_workers.models import STARTER, Models, load
from tests.benchmarks import scoring
from tests.benchmarks.scoring import Numbers

SHARED = Path(__file__).parents[3] / "shared"
SEEDS = {"seeds 1-3": (1, 2, 3), "seeds 11-16": (11, 12, 13, 14, 15, 16)}

# Three of paintings_small show works of paintings/ again (their crops): no distractors, but the truth itself.
SAME_WORKS = {"s/Eugene_Delacroix_16.jpg", "s/El_Greco_50.jpg", "s/Leonardo_da_Vinci_114.jpg"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: how many of `shots` found their painting first, and among the first five."""

    films: str
    gallery: int
    scored_by: str
    shots: int
    first: float
    first_five: float


def retrieval(
    models: Models | None = None,
    *,
    seeds: Mapping[str, Sequence[int]] = SEEDS,
    films: Path | None = None,
    distractors: bool = True,
) -> list[Row]:
    """Measure paintings and frames, score each frame against each painting, rank the true one.

    Args:
        models: the starter profile's where not given.
        films: where rendered films lie or are put; a temporary folder where not given.
        distractors: also with `paintings_small` in the collection.

    Raises:
        FileNotFoundError: the shared paintings are not beside this checkout.
    """
    if not (SHARED / "paintings").is_dir():
        raise FileNotFoundError(f"retrieval needs the shared paintings at {SHARED}")
    models = models or load(STARTER)
    files = sorted((SHARED / "paintings").glob("*.jpg"))
    small = sorted(p for p in (SHARED / "paintings_small").rglob("*.jpg") if _name(p) not in SAME_WORKS)
    number_of = {file.stem: number for number, file in enumerate(files)}
    everything = Numbers(measure([pictures.intake(p).jpeg for p in files + small * distractors], models))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, group in seeds.items():
            shots = [shot for seed in group for shot in _painting_shots(_render(films or Path(scratch), seed))]
            truth = np.array([number_of[painting] for painting, _ in shots])
            probes = Numbers(measure([jpeg for _, jpeg in shots], models))
            for gallery in (everything[: len(files)], everything) if distractors else (everything,):
                semantic, visual = scoring.semantic(probes, gallery), scoring.visual(probes, gallery)
                for scored_by, scores in (
                    ("S_a", semantic),
                    ("V_r", visual),
                    ("score", (1 - score.VISUAL_SHARE) * semantic + score.VISUAL_SHARE * visual),
                ):
                    rank = scoring.rank_of(scores, truth)
                    found = [float((rank < k).mean()) for k in (1, 5)]
                    rows.append(Row(name, len(gallery.embedding), scored_by, len(shots), *found))
    return rows


def _name(path: Path) -> str:
    return path.relative_to(SHARED / "paintings_small").as_posix()


def _render(folder: Path, seed: int) -> Path:
    """The film of one seed; rendered once, then kept."""
    film = folder / f"s{seed}.mp4"
    if not film.with_suffix(".truth.json").exists():
        tool = [sys.executable, SHARED / "tools" / "make_film.py", "--paintings", SHARED / "paintings", "--out", film]
        look = ["--seconds", "60", "--size", "640x360", "--seed", str(seed), "--strength", "0.5"]
        footage = [SHARED / "media" / "big_buck_bunny_60s.mp4", SHARED / "media" / "sintel_trailer_480.mp4"]
        subprocess.run([*tool, *look, "--footage", *footage], check=True, capture_output=True)
    return film


def _painting_shots(film: Path) -> Iterator[tuple[str, bytes]]:
    """For each shot made from a painting: its name, and the frame midway after the transition, as JPEG."""
    truth = json.loads(film.with_suffix(".truth.json").read_text())
    wanted = {
        (shot["start"] + shot["transition_frames"] + shot["end"]) // 2: shot["painting"]
        for shot in truth["shots"]
        if shot["painting"]
    }
    with av.open(film) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                picture = Image.fromarray(_active(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)))
                picture.thumbnail((512, 512))
                jpeg = io.BytesIO()
                picture.save(jpeg, "JPEG", quality=92)
                yield wanted[number], jpeg.getvalue()


def _active(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut the bars the tool draws, whose geometry is known: 2.39 or 1.37 inside the frame, centred."""
    height, width = frame.shape[:2]
    inner_height, inner_width = round(width / 2.39), round(height * 1.37)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    black = 6  # mean level that encoded black stays under
    if frame[: top - 2].mean() < black and frame[top + inner_height + 2 :].mean() < black:
        return frame[top + 1 : top + inner_height - 1]
    if frame[:, : left - 2].mean() < black and frame[:, left + inner_width + 2 :].mean() < black:
        return frame[:, left + 1 : left + inner_width - 1]
    return frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="*", help="ranges such as 1-3; one line of the table each")
    parser.add_argument("--films", type=Path, help="where rendered films are kept between runs")
    parser.add_argument("--no-distractors", action="store_true", help="the 72 paintings alone")
    options = parser.parse_args()
    seeds: Mapping[str, Sequence[int]] = SEEDS
    if options.seeds:
        ends = {text: [int(end) for end in text.split("-")] for text in options.seeds}
        seeds = {f"seeds {text}": range(pair[0], pair[-1] + 1) for text, pair in ends.items()}
    if options.films:
        options.films.mkdir(parents=True, exist_ok=True)
    print(f"{'films':<14}{'gallery':>8}{'by':>7}{'shots':>7}{'first':>8}{'in 5':>7}")
    for row in retrieval(seeds=seeds, films=options.films, distractors=not options.no_distractors):
        print(f"{row.films:<14}{row.gallery:>8}{row.scored_by:>7}{row.shots:>7}{row.first:>8.2f}{row.first_five:>7.2f}")


if __name__ == "__main__":
    main()

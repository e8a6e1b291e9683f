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
from r2r_shared.records import METRICS, Features
from r2r_workers.measure import measure
from r2r_workers.models import STARTER, Models, load

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
    everything = _Numbers(measure([pictures.intake(p).jpeg for p in files + small * distractors], models))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, group in seeds.items():
            shots = [shot for seed in group for shot in _painting_shots(_render(films or Path(scratch), seed))]
            truth = np.array([number_of[painting] for painting, _ in shots])
            probes = _Numbers(measure([jpeg for _, jpeg in shots], models))
            for gallery in (everything[: len(files)], everything) if distractors else (everything,):
                semantic, visual = _semantic(probes, gallery), _visual(probes, gallery)
                for scored_by, scores in (
                    ("S_a", semantic),
                    ("V_r", visual),
                    ("score", (1 - score.VISUAL_SHARE) * semantic + score.VISUAL_SHARE * visual),
                ):
                    own = scores[np.arange(len(truth)), truth]
                    rank = (scores > own[:, None]).sum(axis=1)
                    found = [float((rank < k).mean()) for k in (1, 5)]
                    rows.append(Row(name, len(gallery.embedding), scored_by, len(shots), *found))
    return rows


class _Numbers:
    """Features as arrays: one (n, …) each."""

    def __init__(self, features: Sequence[Features]) -> None:
        self.metrics = {name: np.array([getattr(f, name) for f in features]) for name in METRICS}
        self.embedding = np.array([f.embedding for f in features], np.float32)

    def __getitem__(self, part: slice) -> _Numbers:
        taken = _Numbers(())
        taken.metrics = {name: values[part] for name, values in self.metrics.items()}
        taken.embedding = self.embedding[part]
        return taken


def _difference(metric: str, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(len(a), len(b)), as DESIGN 4.1 defines it for each metric."""
    if metric == "dc":
        return np.linalg.norm(a.reshape(-1, 1, 3, 3) - b.reshape(1, -1, 3, 3), axis=3).sum(axis=2)
    if metric == "shadow":
        return np.linalg.norm(a[:, None] - b[None], axis=2)
    return np.abs(a[:, None] - b[None])


def _semantic(probes: _Numbers, gallery: _Numbers) -> NDArray[np.float64]:
    """S_a; ranges from the gallery."""
    total = np.zeros((len(probes.embedding), len(gallery.embedding)))
    for metric, weight in score.DEFAULT.named().items():
        own = gallery.metrics[metric]
        widest = max(float(_difference(metric, own[i : i + 64], own).max()) for i in range(0, len(own), 64))
        total += weight * np.clip(1 - _difference(metric, probes.metrics[metric], own) / widest, 0, 1)
    return total


def _visual(probes: _Numbers, gallery: _Numbers) -> NDArray[np.float64]:
    """V_r."""
    cosine = probes.embedding.astype(np.float64) @ gallery.embedding.T
    return 1 / (1 + np.sqrt(np.maximum(2 - 2 * cosine, 0)))


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

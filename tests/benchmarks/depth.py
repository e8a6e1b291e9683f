"""Which map that needs no download serves best as the starter's depth estimator.

    python -m tests.benchmarks.depth [--frames 2]

MiDaS cannot be had everywhere, and its maps are not here to compare with. What can be measured is what the three depth
metrics are for: they should stay what they are when a film shows a painting (crop, grade, vignette, grain), and differ
from painting to painting. So: single frames of the 72 shared paintings, and of each how many paintings are nearer to it
by the depth metrics alone (Δ / range, weights of Table 2) than the one it was made from: the share that it leaves
behind (0.5 is chance), and how often the true painting is first by the whole score. Candidates:

* defocus: the share of fine contrast in all contrast (`models/depth_defocus.py`);
* haze: 1 − the dark channel, which distance and mist fill (He, Sun, Tang 2009), in thousandths;
* both: the mean of the two;
* none: a constant, so that depth says nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import cv2  # noqa: TID253
import numpy as np
from numpy.typing import NDArray

from r2r_shared import pictures, score
from r2r_workers.measure import measure
from r2r_workers.models import STARTER, Models, load
from r2r_workers.models.depth_defocus import DefocusEstimator
from r2r_workers.models.protocols import DepthEstimator, Picture
from tests.benchmarks import frames, kept_out, scoring
from tests.benchmarks.scoring import Numbers

DEPTH = ("avg_dof", "max_dof", "min_dof")
STRENGTHS = (0.5, 1.0)


class Haze:
    """1 − the dark channel in thousandths: the least of the three colours in a patch of a fifteenth of the side."""

    name = digest = "haze"

    def estimate(self, images: Sequence[Picture]) -> list[NDArray[np.float32]]:
        maps = []
        for image in images:
            patch = max(3, min(image.shape[:2]) // 15)
            dark = cv2.erode(image.min(axis=2), np.ones((patch, patch), np.uint8))
            maps.append(1000 * (1 - cv2.GaussianBlur(dark, (0, 0), patch / 2).astype(np.float32) / 255))
        return maps


class Both:
    """The mean of two maps."""

    name = digest = "both"

    def estimate(self, images: Sequence[Picture]) -> list[NDArray[np.float32]]:
        pair = zip(DefocusEstimator().estimate(images), Haze().estimate(images), strict=True)
        return [(one + other) / 2 for one, other in pair]


class Nothing:
    """A constant."""

    name = digest = "none"

    def estimate(self, images: Sequence[Picture]) -> list[NDArray[np.float32]]:
        return [np.zeros(image.shape[:2], np.float32) for image in images]


def by_depth(probes: Numbers, gallery: Numbers) -> NDArray[np.float64]:
    """S_a of the three depth metrics alone."""
    total = np.zeros((len(probes), len(gallery)))
    for metric in DEPTH:
        own = gallery.metrics[metric]
        width = max(float(own.max() - own.min()), 1e-9)
        away = scoring.difference(metric, probes.metrics[metric], own) / width
        total += score.DEFAULT.named()[metric] * np.clip(1 - away, 0, 1)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2, help="of each painting, at each strength")
    parser.add_argument("--only", help="one of the candidates")
    args = parser.parse_args()
    encoder = load(STARTER).encoder
    paths = [work.path for work in kept_out.paintings()]
    truth = np.repeat(np.arange(len(paths)), args.frames)
    asked = {
        strength: [
            frames.frame(path, strength, number * 1000 + which)
            for number, path in enumerate(paths)
            for which in range(args.frames)
        ]
        for strength in STRENGTHS
    }
    jpegs = [pictures.intake(path).jpeg for path in paths]
    candidates: list[DepthEstimator] = [DefocusEstimator(), Haze(), Both(), Nothing()]
    print("depth | " + " | ".join(f"left behind at {s:g} | first by score at {s:g}" for s in STRENGTHS))
    for estimator in [one for one in candidates if args.only in (None, one.name)]:
        models = Models(encoder, estimator)
        gallery = Numbers(measure(jpegs, models))
        cells = []
        for strength in STRENGTHS:
            probes = Numbers(measure(asked[strength], models))
            alone = by_depth(probes, gallery)
            own = alone[np.arange(len(truth)), truth][:, None]
            behind = ((alone < own).sum(1) + 0.5 * ((alone == own).sum(1) - 1)) / (len(paths) - 1)
            first = scoring.rank_of(scoring.whole(probes, gallery), truth) == 0
            cells += [f"{behind.mean():.3f}", f"{first.mean():.3f}"]
        print(f"{estimator.name} | " + " | ".join(cells), flush=True)


if __name__ == "__main__":
    main()

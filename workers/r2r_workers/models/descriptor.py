"""The starter encoder: a fixed descriptor of colour and small structure. Needs only NumPy and OpenCV.

It is no neural network and knows nothing of what is shown. A picture, reduced to 96² pixels of area in its own
shape and taken to CIELAB, becomes 2022 statistics that do not say where in the picture something lies, so that
a crop, a pan or a zoom changes them little:

* 486: a CIELAB histogram, 6 × 9 × 9 cells, trilinear, square-rooted (Hellinger);
* 3 × 256: at three octaves, the mean response of dense 5 × 5 patches of L, a, b to a codebook;
* 3 × 256: the same for 7 × 7 patches of L, each less its mean and divided by its deviation: structure without
  colour or exposure.

A patch is whitened (PCA, 30 axes), its response to a code word is max(0, mean distance to all words − distance
to this one) (Coates, Lee, Ng 2011, "triangle"). Patches of the mirrored picture count as well: a picture and its
mirror are the same.

The statistics are centred and projected to 256 numbers by a linear discriminant (Fisher), each axis weighted
by its reliability, then scaled to unit length. What was fitted, on what: codebooks and projection
(`descriptor.npz`) on 2,117 small public-domain paintings and six film-like renditions of each (crop, grade,
vignette, grain, mirror), asking only that renditions of one painting lie closer than those of others; no
artist, movement, museum or film went in. It is at home among paintings and photographs: of flat, garish
graphics, whose colours no painting has, it finds only about four in five crops again.
`python -m r2r_workers.models.descriptor_fit` is the command.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from r2r_workers.models.protocols import Picture
from r2r_workers.models.spread import each

Floats = NDArray[np.float32]

CONSTANTS = Path(__file__).with_name("descriptor.npz")
DIM = 256
_VERSION = b"descriptor/1"
_AREA_PX = 96 * 96
_STEPS_PX = (2, 1, 1)  # between patches, at each octave
_MIN_SIDE_PX = 8
_CELLS = (6, 9, 9)  # of L, a, b
_COLOUR_PX, _STRUCTURE_PX = 5, 7
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Codebook:
    """Code words for whitened patches.

    Attributes:
        mean: (p,) of patches.   axes: (p, d), whitening.   words: (k, d), in whitened space.
    """

    mean: Floats
    axes: Floats
    words: Floats

    def respond(self, patches: Floats) -> Floats:
        """Mean triangle response of patches (n, p): (k,), each at least 0."""
        white = (patches - self.mean) @ self.axes
        lengths = np.einsum("kd,kd->k", self.words, self.words)
        total = np.zeros(len(self.words), np.float32)
        for start in range(0, len(white), _BLOCK):  # a block's distances stay in the processor's cache
            block = white[start : start + _BLOCK]
            distance = block @ (-2 * self.words.T)  # ‖x − w‖² = ‖x‖² + ‖w‖² − 2 x·w
            distance += np.einsum("nd,nd->n", block, block)[:, None]
            distance += lengths
            np.sqrt(np.maximum(distance, 0, out=distance), out=distance)
            np.subtract(distance.mean(axis=1, keepdims=True), distance, out=distance)
            total += np.maximum(distance, 0, out=distance).sum(axis=0)
        return total / np.float32(len(white))


class DescriptorEncoder:
    """Embeds each picture by itself: numbers do not depend on batch, order or neighbours."""

    name = "descriptor"
    digest = hashlib.sha256(_VERSION + CONSTANTS.read_bytes()).hexdigest()
    dim = DIM

    def __init__(self, *, threads: int = 1) -> None:
        """`threads`: pictures embedded at a time."""
        with np.load(CONSTANTS, allow_pickle=False) as stored:
            fitted = {name: stored[name].astype(np.float32) for name in stored.files}
        self._colour, self._structure = (
            Codebook(fitted[f"{kind}_mean"], fitted[f"{kind}_axes"], fitted[f"{kind}_words"])
            for kind in ("colour", "structure")
        )
        self._mean, self._projection = fitted["mean"], fitted["projection"]
        from threadpoolctl import ThreadpoolController

        self._blas = ThreadpoolController()
        self._threads = threads

    def embed(self, images: Sequence[Picture]) -> Floats:
        """(n, 256), rows of unit length."""
        # One BLAS thread a picture: these products are small, waiting for others costs ten times what they take. It
        # also keeps the last bit from depending on how many threads there are.
        with self._blas.limit(limits=1, user_api="blas"):
            vectors = each(self._embed, images, threads=self._threads)
        return np.stack(vectors) if vectors else np.zeros((0, DIM), np.float32)

    def _embed(self, image: Picture) -> Floats:
        place = (statistics(image, self._colour, self._structure) - self._mean) @ self._projection
        return place / np.linalg.norm(place)


def statistics(image: Picture, colour: Codebook, structure: Codebook) -> Floats:
    """The picture's statistics, before they are centred and projected: (486 + 3 · (words + words),)."""
    octave = _small_lab(image)
    parts = [np.sqrt(_histogram(octave))]
    for number, step in enumerate(_STEPS_PX):
        if number:
            octave = _halved(octave)
        both = (octave, octave[:, ::-1])
        parts.append(colour.respond(np.concatenate([colour_patches(lab, step) for lab in both])))
        parts.append(structure.respond(np.concatenate([structure_patches(lab, step) for lab in both])))
    return np.concatenate(parts).astype(np.float32)


def octaves(image: Picture) -> list[Floats]:
    """The picture in CIELAB at the three sizes that patches are taken from; each (h, w, 3)."""
    first = _small_lab(image)
    second = _halved(first)
    return [first, second, _halved(second)]


def colour_patches(lab: Floats, step: int) -> Floats:
    """Dense patches of L, a, b: (n, 75)."""
    return _patches(lab, _COLOUR_PX, step)


def structure_patches(lab: Floats, step: int) -> Floats:
    """Dense patches of L, normalised for brightness and contrast: (n, 49)."""
    patches = _patches(lab[..., :1], _STRUCTURE_PX, step)
    patches -= patches.mean(axis=1, keepdims=True)
    deviation = patches.std(axis=1, keepdims=True)
    patches /= deviation + 3  # 3 of L's 100: what is fainter than grain stays faint
    return patches


def _small_lab(image: Picture) -> Floats:
    import cv2

    height, width = image.shape[:2]
    scale = (_AREA_PX / (height * width)) ** 0.5
    size = max(_MIN_SIDE_PX, round(width * scale)), max(_MIN_SIDE_PX, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cast(Floats, cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def _halved(lab: Floats) -> Floats:
    import cv2

    height, width = lab.shape[:2]
    size = max(_MIN_SIDE_PX, width // 2), max(_MIN_SIDE_PX, height // 2)
    return cast(Floats, cv2.resize(lab, size, interpolation=cv2.INTER_AREA))


def _patches(lab: Floats, side: int, step: int) -> Floats:
    views = np.lib.stride_tricks.sliding_window_view(lab, (side, side), axis=(0, 1))[::step, ::step]
    return views.reshape(-1, lab.shape[2] * side * side).copy()


def _histogram(lab: Floats) -> NDArray[np.float64]:
    """Share of pixels in each cell of L (0 to 100), a and b (−60 to 60); each pixel shared by its 8 neighbours."""
    shares: list[tuple[NDArray[np.intp], Floats]] = []  # for each channel: lower cell, share of the upper one
    for channel, (low, span), cells in zip(
        np.moveaxis(lab, 2, 0), ((0, 100), (-60, 120), (-60, 120)), _CELLS, strict=True
    ):
        place = np.clip((channel.ravel() - low) * ((cells - 1) / span), 0, cells - 1)
        floor = np.minimum(place.astype(np.intp), cells - 2)
        shares.append((floor, place - floor))
    total = np.zeros(int(np.prod(_CELLS)))
    for corner in np.ndindex(2, 2, 2):
        code, weight = np.zeros(1, np.intp), np.ones(1, np.float32)
        for upper, (floor, above), cells in zip(corner, shares, _CELLS, strict=True):
            code = code * cells + floor + upper
            weight = weight * (above if upper else 1 - above)
        total += np.bincount(code, weight, minlength=len(total))
    return total / lab[..., 0].size

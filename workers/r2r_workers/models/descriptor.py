"""The starter encoder: a fixed descriptor. Needs no weights, only NumPy and OpenCV."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from r2r_workers.models.protocols import Picture

_VERSION = "descriptor/0"
_BINS = 6


class DescriptorEncoder:
    """CIELAB histogram, square-rooted (Hellinger), centred on a flat one. Knows nothing of what is shown."""

    name = "descriptor"
    digest = hashlib.sha256(_VERSION.encode()).hexdigest()
    dim = _BINS**3

    def embed(self, images: Sequence[Picture]) -> NDArray[np.float32]:
        """(n, dim), rows of unit length."""
        return np.stack([_describe(image) for image in images]) if images else np.zeros((0, self.dim), np.float32)


def _describe(image: Picture) -> NDArray[np.float32]:
    import cv2

    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.intp) * _BINS // 256
    code = (lab[..., 0] * _BINS + lab[..., 1]) * _BINS + lab[..., 2]
    histogram = np.sqrt(np.bincount(code.ravel(), minlength=_BINS**3))
    centred = histogram - histogram.mean()
    return (centred / np.linalg.norm(centred)).astype(np.float32)

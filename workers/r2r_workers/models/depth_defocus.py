"""The starter depth estimator: a defocus map. Needs no weights, only NumPy and OpenCV."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from r2r_workers.metrics import luma
from r2r_workers.models.protocols import Picture
from r2r_workers.models.spread import each

_VERSION = "defocus/1"
_AREA_PX = 256 * 256  # pictures are measured at this area, whatever their shape
_OCTAVES = (1.0, 2.0, 4.0)  # σ in pixels at that area
_WINDOW = 16.0  # σ of the neighbourhood over which energy is pooled, pixels at that area
_FLOOR = 4.0  # gradient energy of grain and JPEG noise, squared grey levels


class DefocusEstimator:
    """How sharp each neighbourhood is: a cue to depth of field, not a measure of distance.

    Unit: thousandths, 0 (all local contrast is coarse: out of focus, mist, flat paint) to 1000 (all
    of it is fine: in focus, detailed). Larger is sharper; where focus is shallow, sharper is mostly
    nearer, which is MiDaS's sense too, but the two scales have nothing else in common.

    With E_k = G(window) * σ_k² |∇ G(σ_k) * Y|², the scale-normalised gradient energy of luma Y at
    octaves σ_k (Lindeberg 1998), the map is 1000 · E_1 / (E_1 + E_2 + E_3), each E plus a noise
    floor. A ratio of energies does not change with exposure or contrast.
    """

    name = "defocus"
    digest = hashlib.sha256(_VERSION.encode()).hexdigest()

    def __init__(self, *, threads: int = 1) -> None:
        """`threads`: pictures looked at at a time."""
        self._threads = threads

    def estimate(self, images: Sequence[Picture]) -> list[NDArray[np.float32]]:
        """One (h, w) map for each picture, 0 to 1000."""
        return each(_defocus, images, threads=self._threads)


def _defocus(image: Picture) -> NDArray[np.float32]:
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, (_AREA_PX / (height * width)) ** 0.5)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    grey = cv2.resize(luma(image).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    energies: list[NDArray[np.float32]] = []
    for sigma in _OCTAVES:
        smooth = cv2.GaussianBlur(grey, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=1, scale=0.5 * sigma, borderType=cv2.BORDER_REFLECT)
        dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=1, scale=0.5 * sigma, borderType=cv2.BORDER_REFLECT)
        energy = cv2.GaussianBlur(dx * dx + dy * dy, (0, 0), _WINDOW, borderType=cv2.BORDER_REFLECT)
        energies.append(np.asarray(energy, np.float32) + np.float32(_FLOOR))
    share = np.float32(1000) * energies[0] / sum(energies[1:], energies[0])
    return np.asarray(cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)

"""What every encoder and depth estimator promises, so that the rest need not know which it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # (h, w, 3) RGB, 0 to 255


class Encoder(Protocol):
    """Γ of the paper's section 3.1: a picture becomes a point on the unit sphere.

    Attributes:
        name: which one it is.
        digest: changes whenever its numbers would; features are compared under equal digests only.
        dim: length of its vectors.
    """

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def dim(self) -> int: ...

    def embed(self, images: Sequence[Picture]) -> NDArray[np.float32]:
        """Embed pictures of any sizes as one batch: (n, dim), each row of unit length."""
        ...


class DepthEstimator(Protocol):
    """A map of relative depth for each picture, in units of its own.

    Attributes:
        name, digest: as for an Encoder.
    """

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...

    def estimate(self, images: Sequence[Picture]) -> list[NDArray[np.float32]]:
        """A finite (h, w) map for each picture, of that picture's size, raw model units."""
        ...


@dataclass(frozen=True, slots=True)
class Models:
    """What a profile measures with."""

    encoder: Encoder
    depth: DepthEstimator

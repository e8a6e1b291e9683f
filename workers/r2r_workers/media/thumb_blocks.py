"""Feeds the dissolve finder a block of thumbnails at a time: one matrix product instead of many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from r2r_workers.media.dissolves import Dissolve, DissolveFinder


class ThumbBlocks:
    """Gathers thumbnails; answers come at most a block late."""

    def __init__(self, finder: DissolveFinder, block: int) -> None:
        self._finder = finder
        self._block = block
        self._thumbs: list[NDArray[np.uint8]] = []
        self._first = 0

    def feed(self, thumb: NDArray[np.uint8]) -> list[Dissolve]:
        """Take the next frame's thumbnail (1728,)."""
        self._thumbs.append(thumb)
        return self.finish() if len(self._thumbs) >= self._block else []

    def finish(self) -> list[Dissolve]:
        """Work through what has been gathered."""
        if not self._thumbs:
            return []
        found = self._finder.feed(self._first, np.stack(self._thumbs))
        self._first += len(self._thumbs)
        self._thumbs = []
        return found

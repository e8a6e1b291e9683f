"""What a small network misses, beside it: the descriptor's statistics of colour and small structure, in one embedding.

A network trained from nothing on a few thousand pictures and hand-made statistics (see descriptor.py) err on different
pictures. A blend adds them: the picture's statistics, centred and projected to the network's own space, and the
network's embedding, each axis by its gain; then scaled to unit length. Both were fitted together by
`r2r_workers.training.blending`, on renditions of the pictures that the network was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from r2r_workers.models.descriptor import Codebook, Floats, statistics
from r2r_workers.models.protocols import Picture
from r2r_workers.models.spread import each

PREFIX = "blend."
"""Of its tensors' names in a checkpoint."""

_BOOKS = ("colour", "structure")


@dataclass(frozen=True, slots=True)
class Blend:
    """Fitted constants.

    Attributes:
        centre: (s,) what the statistics are taken from.   weight: (s, dim).   gain, bias: (dim,).
    """

    colour: Codebook
    structure: Codebook
    centre: Floats
    weight: Floats
    gain: Floats
    bias: Floats

    def embed(self, images: Sequence[Picture], embeddings: NDArray[np.float32], *, threads: int) -> Floats:
        """Pictures and the network's unit vectors of them (n, dim): (n, dim) of unit length."""
        from threadpoolctl import threadpool_limits

        # As in DescriptorEncoder: these products are small, and the last bit is not to depend on the threads there are.
        with threadpool_limits(limits=1, user_api="blas"):
            projected = each(self._project, images, threads=threads)
        blended = np.stack(projected) + self.gain * embeddings + self.bias
        return (blended / np.linalg.norm(blended, axis=1, keepdims=True)).astype(np.float32)

    def _project(self, image: Picture) -> Floats:
        centred = statistics(image, self.colour, self.structure) - self.centre
        return np.asarray(centred @ self.weight, np.float32)

    def arrays(self) -> dict[str, Floats]:
        """By the names that a checkpoint has them under."""
        books = {
            f"{book}.{field.name}": getattr(getattr(self, book), field.name)
            for book in _BOOKS
            for field in fields(Codebook)
        }
        rest = {name: getattr(self, name) for name in ("centre", "weight", "gain", "bias")}
        return {PREFIX + name: array for name, array in (books | rest).items()}

    @staticmethod
    def of_arrays(arrays: Mapping[str, Floats]) -> Blend:
        """What `arrays` gave.

        Raises:
            KeyError: one of them is missing.
            ValueError: they do not fit each other.
        """
        named = {name.removeprefix(PREFIX): array.astype(np.float32) for name, array in arrays.items()}
        colour, structure = (
            Codebook(**{field.name: named[f"{book}.{field.name}"] for field in fields(Codebook)}) for book in _BOOKS
        )
        found = Blend(colour, structure, *(named[name] for name in ("centre", "weight", "gain", "bias")))
        size, dim = found.weight.shape
        if not (found.centre.shape == (size,) and found.gain.shape == found.bias.shape == (dim,)):
            raise ValueError("its arrays are of different sizes")
        found.embed([np.zeros((96, 96, 3), np.uint8)], np.ones((1, dim), np.float32), threads=1)
        return found

"""What the network is shown of a batch of pictures: each as a painting, and some as a film would show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.train_spec import TrainSpec
from r2r_workers.models.tcn import MEAN, STD
from r2r_workers.training import augment
from r2r_workers.training.augment import Windows
from r2r_workers.training.feed import Feed

if TYPE_CHECKING:
    import torch
    from torch import Tensor

MIRRORED = 0.5
"""Share of paintings that are shown mirrored: a film may mirror them, too."""

_ON_DEVICE = 0.25  # of a GPU's memory may be taken by pictures


class Pictures:
    """The feed's pictures on a device: all of them where they fit beside the network, else batch by batch."""

    def __init__(self, feed: Feed, device: torch.device, *, fine: bool = False) -> None:
        """`fine`: the feed's pictures are kept for statistics, too, at twice the side that the network's crops take."""
        import torch

        self._feed, self._device, self._fine = feed, device, fine
        self.aspects = torch.from_numpy(feed.aspects)
        self._resident: Tensor | None = None
        if device.type == "cuda":
            _, total = torch.cuda.mem_get_info(device)
            if feed.pictures.nbytes < _ON_DEVICE * total:
                self._resident = torch.from_numpy(np.ascontiguousarray(feed.pictures)).to(device)

    def take(self, rows: NDArray[np.int64]) -> Tensor:
        """(n, 3, s, s) float32, 0 to 1, on the device; s is `side_of` the encoder's side."""
        import torch

        if self._resident is not None:
            chosen = self._resident[torch.from_numpy(rows).to(self._device)]
        else:
            chosen = torch.from_numpy(self._feed.pictures[rows])
            if self._device.type == "cuda":
                chosen = chosen.pin_memory().to(self._device, non_blocking=True)
        loaded = chosen.permute(0, 3, 1, 2).float().div_(255)
        return torch.nn.functional.avg_pool2d(loaded, 2) if self._fine else loaded


def painting_and_film(
    spec: TrainSpec, pictures: Pictures, rows: NDArray[np.int64], generator: torch.Generator, *, films: int
) -> tuple[Tensor, Tensor]:
    """Pictures (n, 3, side, side) as paintings, and the first `films` of them as renditions, both 0 to 1.

    A painting is shown whole or in part, mirrored or not, and with `recolour` in other colours: what the film then
    takes in is a part of that. So one picture stands for many.
    """
    import torch

    count, side_px = len(rows), spec.config.side_px
    loaded = pictures.take(rows)
    windows = Windows.parts(count, least=spec.least_part, mirrored=MIRRORED, generator=generator)
    shown = augment.seen(loaded, windows, side_px)
    turned = augment.recolour(count, spec.recolour, generator) if spec.recolour else None
    if turned is not None:
        shown = augment.coloured(shown, turned)
    if not films:
        return shown, shown[:0]
    low, high = spec.strength
    strength = low + (high - low) * torch.rand(films, generator=generator)
    aspects = pictures.aspects[torch.from_numpy(rows[:films])]
    inner = augment.film_windows(aspects, strength, generator)
    filmed = augment.seen(loaded[:films], inner.within(windows.first(films)), side_px)
    if turned is not None:
        filmed = augment.coloured(filmed, turned[:films])
    return shown, augment.graded(filmed, strength, generator)


def normalised(batches: Iterable[Tensor]) -> Tensor:
    """Batches of pictures in 0..1 as one, as the network takes them."""
    import torch

    joined = torch.cat(list(batches))
    mean, std = (torch.from_numpy(values).to(joined.device)[:, None, None] for values in (MEAN, STD))
    return joined.sub_(mean).div_(std).contiguous(memory_format=torch.channels_last)


def plain(spec: TrainSpec, pictures: Pictures, rows: NDArray[np.int64]) -> Tensor:
    """Pictures as the encoder sees them in use: whole, as they are; 0 to 1."""
    return augment.seen(pictures.take(rows), Windows.whole(len(rows)), spec.config.side_px)


def filmed(spec: TrainSpec, pictures: Pictures, rows: NDArray[np.int64], generator: torch.Generator) -> Any:
    """A rendition of each picture at the hardest strength of the spec; 0 to 1."""
    import torch

    aspects = pictures.aspects[torch.from_numpy(rows)]
    return augment.film_like(
        pictures.take(rows), aspects, side_px=spec.config.side_px, strength=spec.strength[1], generator=generator
    )

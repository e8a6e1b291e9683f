"""Fits a blend (see models/blend.py) to a network that has been trained: which statistics count for how much.

Each picture that was trained on is shown as it is and as a few film-like renditions, at their own shapes. Fisher's
discriminant of their statistics gives the axes on which pictures differ more than renditions of one; a linear map of
those and a gain for each of the network's axes are then learnt together, by the loss that the network's self term is
(InfoNCE). The temperature is higher than a network is trained at: what draws a picture and its renditions together
widens V_r's lead over others, which the score's other half otherwise drowns.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import UserError
from r2r_shared.train_spec import TrainSpec
from r2r_workers.models.blend import Blend
from r2r_workers.models.descriptor import Codebook, Floats, statistics
from r2r_workers.models.descriptor_fit import codebooks, discriminant
from r2r_workers.models.protocols import Picture
from r2r_workers.models.spread import each
from r2r_workers.models.tcn import TcnEncoder
from r2r_workers.training import augment, loss
from r2r_workers.training.feed import Feed

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from r2r_workers.training.loop import Training

AT_MOST = 4000
"""So many pictures, drawn by the seed, are enough for the covariances; with nine views of each they take a gigabyte."""

AT_LEAST = 32
"""Fewer say nothing about which statistics tell pictures apart."""

_OF_CODEBOOKS = 800
_AXES, _POWER = 512, 1.0
_EPOCHS, _BATCH, _RATE, _DECAY, _TEMPERATURE = 60, 256, 2e-3, 0.05, 0.2
_AT_ONCE = 32
_RENDITION_PX = 256  # the side of a square that a rendition has as many pixels as


class Samples(NamedTuple):
    """Pictures as they are, then their renditions: statistics (n, 1 + r, s), network embeddings (n, 1 + r, dim)."""

    statistics: NDArray[np.float16]
    embeddings: NDArray[np.float16]


def fitted(training: Training, folder: Path, *, on_pictures: Callable[[int, int], None]) -> Blend:
    """The blend of a training's network, which is put into evaluation mode; the same for the same training.

    Args:
        folder: where samples are kept as they are taken: a killed training goes on after the last of them.
        on_pictures: told how many of how many pictures have been looked at.

    Raises:
        UserError: there are too few pictures.
    """
    from threadpoolctl import threadpool_limits

    spec, feed = training.spec, training.feed
    rng = np.random.default_rng([spec.seed, len(feed)])
    rows = np.sort(rng.permutation(np.flatnonzero(~feed.held))[:AT_MOST])
    if len(rows) < AT_LEAST:
        raise UserError(f"{len(rows)} pictures are too few to fit statistics on", f"train on {AT_LEAST}, or --blend 0")
    some = np.sort(rng.permutation(rows)[:_OF_CODEBOOKS])
    encoder = TcnEncoder(training.network, spec.config, training.placement, name="", digest="")
    with threadpool_limits(limits=1, user_api="blas"):  # as in use
        books = codebooks([_shaped(feed.pictures[row], float(feed.aspects[row])) for row in some])
        sampler = Sampler(spec, feed, encoder, *books)
        parts: list[Samples] = []
        for start in range(0, len(rows), _AT_ONCE):
            path = folder / f"blend-{start}.npz"
            parts.append(_kept(path) or _keep(path, sampler.taken(rows, start)))
            on_pictures(min(start + _AT_ONCE, len(rows)), len(rows))
    whole = Samples(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    return Blend(*books, *_weights(whole, spec.seed))


def _kept(path: Path) -> Samples | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return Samples(stored["statistics"], stored["embeddings"])
    except (OSError, ValueError, KeyError, EOFError):
        return None


def _keep(path: Path, samples: Samples) -> Samples:
    partial = path.with_name(f".{path.name}.{os.getpid()}.npz")
    np.savez(partial, statistics=samples.statistics, embeddings=samples.embeddings)
    partial.replace(path)
    return samples


@dataclass(frozen=True, slots=True)
class Sampler:
    """Shows pictures to a network and takes their statistics."""

    spec: TrainSpec
    feed: Feed
    encoder: TcnEncoder
    colour: Codebook
    structure: Codebook

    def taken(self, rows: NDArray[np.int64], start: int) -> Samples:
        """Of a few pictures, from `start` of `rows` on; what is drawn for them does not depend on those before."""
        import torch

        chosen = rows[start : start + _AT_ONCE]
        generator = torch.Generator().manual_seed((self.spec.seed << 20) + start)
        shown = [[_shaped(self.feed.pictures[row], float(self.feed.aspects[row]))] for row in chosen]
        for _ in range(self.spec.blend):
            for views, rendition in zip(shown, self._renditions(chosen, generator), strict=True):
                views.append(rendition)
        flat = [view for views in shown for view in views]
        numbers = each(
            lambda view: statistics(view, self.colour, self.structure), flat, threads=torch.get_num_threads()
        )
        shape = (len(chosen), 1 + self.spec.blend, -1)
        return Samples(
            np.stack(numbers).reshape(shape).astype(np.float16),
            self.encoder.embed(flat).reshape(shape).astype(np.float16),
        )

    def _renditions(self, rows: NDArray[np.int64], generator: torch.Generator) -> Iterator[Picture]:
        """One rendition of each picture, at its own shape."""
        import torch

        pictures = torch.from_numpy(self.feed.pictures[rows]).permute(0, 3, 1, 2).float().div_(255)
        aspects = torch.from_numpy(self.feed.aspects[rows])
        low, high = self.spec.strength
        strength = low + (high - low) * torch.rand(len(rows), generator=generator)
        windows = augment.film_windows(aspects, strength, generator)
        filmed = augment.graded(augment.seen(pictures, windows, _RENDITION_PX), strength, generator)
        squashed = filmed.mul(255).round().byte().permute(0, 2, 3, 1).numpy()
        for picture, aspect in zip(squashed, aspects * windows.box[:, 2] / windows.box[:, 3], strict=True):
            yield _shaped(picture, float(aspect))


def _shaped(picture: NDArray[np.uint8], aspect: float) -> Picture:
    """A picture that was squashed to a square, of about the same number of pixels in the shape that it had."""
    import cv2

    side = picture.shape[0]
    size = max(8, round(side * aspect**0.5)), max(8, round(side / aspect**0.5))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _weights(samples: Samples, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Centre (s,), weight (s, dim), gain and bias (dim,): see Blend."""
    import torch
    from torch.nn import functional

    centre, axes = discriminant(samples.statistics.astype(np.float32), dim=_AXES, power=_POWER)
    centred = samples.statistics.astype(np.float32) - centre
    # Of about unit length: then both halves weigh alike to begin with.
    axes /= np.float32(np.linalg.norm(centred @ axes, axis=2).mean())
    seen, said = torch.from_numpy(centred @ axes), torch.from_numpy(samples.embeddings.astype(np.float32))
    generator = torch.Generator().manual_seed(seed)
    dim = said.shape[2]
    linear = torch.nn.init.orthogonal_(torch.empty(seen.shape[2], dim), generator=generator).requires_grad_()
    gain, bias = torch.ones(dim, requires_grad=True), torch.zeros(dim, requires_grad=True)
    groups = [{"params": [linear], "weight_decay": _DECAY}, {"params": [gain, bias], "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=_RATE)
    count, views = said.shape[:2]
    batch = min(_BATCH, count)
    steps = count // batch
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=_EPOCHS * steps)

    def blended(rows: Tensor, view: Tensor) -> Tensor:
        return functional.normalize(seen[rows, view] @ linear + gain * said[rows, view] + bias, dim=1)

    for _ in range(_EPOCHS):
        order = torch.randperm(count, generator=generator)
        for rows in order[: steps * batch].view(steps, batch):
            one = torch.randint(views, (batch,), generator=generator)
            other = (one + torch.randint(1, views, (batch,), generator=generator)) % views
            optimiser.zero_grad(set_to_none=True)
            loss.self_term(blended(rows, one), blended(rows, other), _TEMPERATURE).backward()
            optimiser.step()
            rates.step()
    with torch.no_grad():
        return centre, (torch.from_numpy(axes) @ linear).numpy(), gain.detach().numpy(), bias.detach().numpy()

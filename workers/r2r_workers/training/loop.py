"""The training itself: epochs of steps, a checkpoint after each, an end that a resumed training reaches, too."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import UserError
from r2r_shared.score import DEFAULT
from r2r_shared.train_spec import TrainSpec
from r2r_workers.models import tcn
from r2r_workers.training import batches, initial, loss, views
from r2r_workers.training.checkpointing import Checkpoint
from r2r_workers.training.company import Company
from r2r_workers.training.epoch import Epoch
from r2r_workers.training.feed import Feed
from r2r_workers.training.schedule import rate_at
from r2r_workers.training.views import Pictures

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from r2r_workers.models.device import Placement

HELD_AT_MOST = 1000
"""Held-out pictures, and pictures of held-out triplets, that each epoch is judged by."""

_AT_ONCE = 128


class Training:
    """A network, its optimiser and where they are in their epochs."""

    def __init__(
        self, spec: TrainSpec, feed: Feed, placement: Placement, company: Company, *, beside: Path | None = None
    ) -> None:
        """`beside`: the folder in which `spec.initial` lies, where that is a file."""
        import torch

        self.spec, self.feed, self.placement, self.company = spec, feed, placement, company
        self.pictures = Pictures(feed, placement.device, fine=spec.blend > 0)
        torch.manual_seed(spec.seed)
        network = tcn.build(spec.config)
        initial.load(network, spec, beside)
        self.network = network.to(placement.device).to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(_groups(self.network, spec.decay), lr=spec.rate, fused=False)
        self.metrics = torch.from_numpy(feed.metrics).to(placement.device)
        self.labels = torch.from_numpy(feed.labels).to(placement.device)
        self.sharing = torch.from_numpy(feed.sharing).to(placement.device)
        self.steps = batches.steps(spec, feed)
        self.epoch = 0
        self.history: list[Epoch] = []

    def run(
        self,
        folder: Path,
        *,
        on_step: Callable[[int, int, Tensor, float], None],
        on_epoch: Callable[[Epoch], None],
    ) -> Path | None:
        """Train to the end, from the folder's checkpoint where there is one; the path of the best weights.

        None where the spec asks for no epoch.

        Args:
            folder: for checkpoints; only the first process of a company writes.
            on_step: epoch, step in it, loss (on the device: reading it waits for the step), learning rate.
            on_epoch: once its checkpoint is on disk.
        """
        kept = Checkpoint(folder)
        best = kept.restore(self)
        while self.epoch < self.spec.epochs and not best.waited(self.spec.patience, self.epoch):
            done = self._train_epoch(self.epoch + 1, on_step)
            self.epoch += 1
            self.history.append(done)
            best = best.after(done)
            if self.company.first:
                kept.keep(self, best)
            self.company.wait()
            on_epoch(done)
        return kept.weights(best) if self.spec.epochs else None

    def _train_epoch(self, epoch: int, on_step: Callable[[int, int, Tensor, float], None]) -> Epoch:
        import torch

        spec = self.spec
        self.network.train()
        model = self.company.wrapped(self.network)
        generator = torch.Generator().manual_seed((spec.seed << 20) + epoch)
        total, rate, began = torch.zeros((), device=self.placement.device), 0.0, time.perf_counter()
        for step, rows in enumerate(batches.of_epoch(spec, self.feed, epoch)):
            rate = rate_at((epoch - 1) * self.steps + step, spec.epochs * self.steps, spec.rate)
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            value = self.step(model, rows, generator)
            total += value  # not read here: a GPU goes on while the next batch is put together
            on_step(epoch, step + 1, value, rate)
        mean = float(total) / max(1, self.steps)
        if not math.isfinite(mean):
            raise UserError(f"the loss of epoch {epoch} is {mean}: the training has run away", "try a lower --rate")
        seconds = time.perf_counter() - began
        held = self.company.said_by_first(self._judge, 3, self.placement.device)
        return Epoch(epoch, mean, *held, rate=rate, seconds=seconds)

    def step(self, model: Any, rows: NDArray[np.int64], generator: torch.Generator) -> Tensor:
        """One step on all processes' shares of a batch; the loss of all of it."""
        return self.learn(model, *self.shown(rows, generator), rows)

    def shown(self, rows: NDArray[np.int64], generator: torch.Generator) -> tuple[Tensor, int]:
        """What the network sees of this process's share of a batch: (n, 3, side, side), and how many are paintings.

        Paintings come first, of triplets the anchors, then positives, then negatives; then the renditions.
        """
        import torch

        mine = self.company.share(rows)
        films = len(mine) if self.spec.self_weight else 0  # of triplets: the anchors
        flat = mine.T.reshape(-1) if mine.ndim == 2 else mine
        with torch.no_grad():
            paintings, filmed = views.painting_and_film(
                self.spec, self.pictures, flat, self.company.generator(generator), films=films
            )
            return views.normalised([paintings, filmed]), len(paintings)

    def learn(self, model: Any, batch: Tensor, count: int, rows: NDArray[np.int64]) -> Tensor:
        """Forward, loss, backward, and a step of the optimiser; the loss."""
        import torch

        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.placement.device.type, torch.bfloat16, enabled=self.placement.bfloat16):
            features = model(batch)
        unit = torch.nn.functional.normalize(features.float(), dim=1)
        # Every process computes the whole batch's loss from all embeddings: negatives are the whole batch's.
        paintings = self.company.gathered(unit[:count], parts=3 if rows.ndim == 2 else 1)
        renditions = self.company.gathered(unit[count:])
        value = self._loss(paintings, renditions, self.company.order(rows))
        value.backward()
        self.optimiser.step()
        return value.detach()

    def _loss(self, paintings: Tensor, renditions: Tensor, rows: NDArray[np.int64]) -> Tensor:
        """Of a batch: rows (b, 3) of fixed triplets, with paintings anchors first, then positives, then negatives;
        or (b,)."""
        import torch

        spec, device = self.spec, paintings.device
        value = torch.zeros((), device=device)
        if spec.triplet_weight:
            flat = torch.from_numpy(rows.T.reshape(-1) if rows.ndim == 2 else rows).to(device)
            distances = self._distances(paintings, flat)
            if rows.ndim == 2:
                triplets = torch.arange(rows.size, device=device).view(3, -1).T
            else:
                triplets = loss.mined(distances, self.labels[flat], self.sharing, kind=spec.mining)
            if len(triplets):
                value = value + spec.triplet_weight * loss.triplet(distances, triplets, spec.margin)
        if spec.self_weight:
            value = value + spec.self_weight * loss.self_term(
                paintings[: len(renditions)], renditions, spec.temperature
            )
        return value + 0 * paintings.sum()  # a batch without a triplet has a gradient, too: of zeros

    def _distances(self, unit: Tensor, rows: Tensor) -> Tensor:
        latent = loss.latent(unit, unit)
        if self.spec.distance == "latent":
            return latent
        return loss.score_distance(latent, loss.affinity(self.metrics[rows], self.metrics[rows], DEFAULT))

    def _judge(self) -> tuple[float | None, float | None, float | None]:
        """Held-out loss, triplets that are right, renditions that find their own picture first; None: not measured."""
        import torch

        triplets = self.feed.held_triplets[: HELD_AT_MOST // 3]
        rows = np.flatnonzero(self.feed.held)[:HELD_AT_MOST]
        rows = np.union1d(rows, triplets) if self.spec.self_weight else np.unique(triplets)
        if not len(rows):
            return None, None, None
        self.network.eval()
        shown = self._embedded(rows, lambda some: views.plain(self.spec, self.pictures, some))
        value, right, first = None, None, None
        if len(triplets):
            at = torch.from_numpy(np.searchsorted(rows, triplets)).to(shown.device)
            distances = self._distances(shown, torch.from_numpy(rows).to(shown.device))
            right = float(loss.right(distances, at).float().mean())
            if self.spec.triplet_weight:
                value = self.spec.triplet_weight * float(loss.triplet(distances, at, self.spec.margin))
        if self.spec.self_weight:
            generator = torch.Generator().manual_seed(self.spec.seed)  # the same renditions every time
            filmed = self._embedded(rows, lambda some: views.filmed(self.spec, self.pictures, some, generator))
            term = float(loss.self_term(shown, filmed, self.spec.temperature))
            value = (value or 0.0) + self.spec.self_weight * term
            found = (filmed @ shown.T).argmax(1) == torch.arange(len(rows), device=shown.device)
            first = float(found.float().mean())
        if value is not None and not math.isfinite(value):
            raise UserError("the held-out loss is no number: the training has run away", "try a lower --rate")
        return value, right, first

    def _embedded(self, rows: NDArray[np.int64], view: Callable[[NDArray[np.int64]], Tensor]) -> Tensor:
        import torch

        found: list[Tensor] = []
        for start in range(0, len(rows), _AT_ONCE):
            batch = views.normalised([view(rows[start : start + _AT_ONCE])])
            with (
                torch.inference_mode(),
                torch.autocast(self.placement.device.type, torch.bfloat16, enabled=self.placement.bfloat16),
            ):
                found.append(torch.nn.functional.normalize(self.network(batch).float(), dim=1))
        return torch.cat(found)


def _groups(network: Any, decay: float) -> list[dict[str, Any]]:
    """Weights decay; biases and the scales of normalisation do not."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]

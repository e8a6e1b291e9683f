"""Where a training is, on disk after each epoch: weights, optimiser, the best so far. Nothing is pickled."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r2r_shared.errors import UserError
from r2r_workers.training.epoch import Epoch

if TYPE_CHECKING:
    from torch import Tensor

    from r2r_workers.training.loop import Training

LAST, BEST = "last.safetensors", "best.safetensors"
_WHERE = "training"


@dataclass(frozen=True, slots=True)
class Best:
    """The epoch with the lowest held-out loss; the last one where nothing is held out."""

    epoch: int = 0
    held_loss: float = math.inf

    def after(self, done: Epoch) -> Best:
        if done.held_loss is None:
            return Best(done.epoch)
        return Best(done.epoch, done.held_loss) if done.held_loss <= self.held_loss else self

    def waited(self, patience: int, epoch: int) -> bool:
        """Whether so many epochs have brought nothing better."""
        return patience > 0 and epoch - self.epoch >= patience


class Checkpoint:
    """The folder of a training. Its state is one file, replaced as a whole: a kill leaves the old one or the new."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, training: Training, best: Best) -> None:
        """Write the state after an epoch, and its weights apart where they are the best."""
        state = {f"network.{name}": tensor for name, tensor in training.network.state_dict().items()}
        optimiser = training.optimiser.state_dict()
        for number, of_parameter in optimiser["state"].items():
            state |= {f"optimiser.{number}.{name}": tensor for name, tensor in of_parameter.items()}
        where = {
            "epoch": training.epoch,
            "best": asdict(replace(best, held_loss=min(best.held_loss, 1e300))),  # JSON has no infinity
            "history": [asdict(epoch) for epoch in training.history],
        }
        if best.epoch == training.epoch:
            self._write(BEST, _of(state, "network."), where)
        self._write(LAST, state, where)

    def restore(self, training: Training) -> Best:
        """Put a training where its last checkpoint left it; nothing happens where there is none.

        Raises:
            UserError: the checkpoint is of another network.
        """
        path = self._folder / LAST
        if not self.epoch():
            return Best()
        from safetensors.torch import load_file

        where = self._where()
        state = load_file(path)
        try:
            training.network.load_state_dict(_of(state, "network."))
        except RuntimeError as error:
            raise UserError(
                f"the checkpoint in {self._folder} is of another network ({str(error).splitlines()[0]})",
                "train under another name",
            ) from error
        optimiser = training.optimiser.state_dict()
        for key, tensor in _of(state, "optimiser.").items():
            number, name = key.split(".", 1)
            optimiser["state"].setdefault(int(number), {})[name] = tensor
        training.optimiser.load_state_dict(optimiser)
        training.epoch = where["epoch"]
        training.history = [Epoch(**epoch) for epoch in where["history"]]
        return Best(**where["best"])

    def epoch(self) -> int:
        """The last whole epoch that is kept here; 0 where there is none, or none that can be read."""
        from safetensors import SafetensorError

        try:
            return int(self._where()["epoch"]) if (self._folder / LAST).is_file() else 0
        except (SafetensorError, KeyError, ValueError, OSError):
            return 0

    def history(self) -> list[Epoch]:
        """What its epochs came to."""
        return [Epoch(**epoch) for epoch in self._where()["history"]] if self.epoch() else []

    def _where(self) -> dict[str, Any]:
        from safetensors import safe_open

        with safe_open(self._folder / LAST, framework="numpy") as file:
            found: dict[str, Any] = json.loads(file.metadata()[_WHERE])
        return found

    def weights(self, best: Best) -> Path:
        """The file with the best epoch's weights, names as the network's own."""
        if not best.epoch:
            raise UserError("no epoch was trained", "give it at least one")
        return self._folder / BEST

    def _write(self, name: str, tensors: dict[str, Tensor], where: dict[str, Any]) -> None:
        from safetensors.torch import save_file

        partial = self._folder / f".{name}.{os.getpid()}.part"
        copied = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
        save_file(copied, partial, metadata={"format": "pt", _WHERE: json.dumps(where)})
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(self._folder / name)


def _of(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}

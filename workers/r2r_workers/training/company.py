"""The processes of one training: one, or one for each GPU, started by torch's own launcher."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Company:
    """This process among those that share the batches of one training; alone by default.

    Attributes:
        rank, size: which one of how many.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @staticmethod
    def joined(device: str) -> Company:
        """The company that `torch.distributed.run` started this process in; this process alone where it did not."""
        if "WORLD_SIZE" not in os.environ:
            return Company()
        import torch
        from torch import distributed

        if device != "cpu" and torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
            distributed.init_process_group("nccl")
        else:
            distributed.init_process_group("gloo")
        return Company(distributed.get_rank(), distributed.get_world_size())

    @property
    def first(self) -> bool:
        return self.rank == 0

    def wrapped(self, network: Any) -> Any:
        """The network, such that gradients are averaged over the company."""
        if self.size == 1:
            return network
        from torch.nn.parallel import DistributedDataParallel

        return DistributedDataParallel(network)

    def share(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's part of a batch: all parts are equally long, what is left over is dropped."""
        each = len(rows) // self.size
        return rows[self.rank * each : (self.rank + 1) * each] if self.size > 1 else rows

    def order(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The batch's rows as `gathered` puts them, whichever process saw them."""
        return rows[: len(rows) // self.size * self.size]

    def generator(self, generator: torch.Generator) -> torch.Generator:
        """What this process draws from: the company's generator goes on alike in all of them, theirs differ."""
        if self.size == 1:
            return generator
        import torch

        seed = int(torch.randint(2**62, (1,), generator=generator))
        return torch.Generator().manual_seed((seed + self.rank) % 2**63)

    def gathered(self, mine: Tensor, *, parts: int = 1) -> Tensor:
        """The rows of all processes, gradients included: each computes the loss of the whole batch.

        Each process's gradient is of size × its own share, and their average is that of the whole batch.

        Args:
            parts: of which `mine` is made, equally long: first come all first parts.
        """
        if self.size == 1 or not len(mine):
            return mine
        import torch
        from torch.distributed.nn.functional import all_gather

        split = [theirs.chunk(parts) for theirs in all_gather(mine)]
        return torch.cat([theirs[part] for part in range(parts) for theirs in split])

    def said_by_first(
        self, ask: Callable[[], tuple[float | None, ...]], count: int, device: torch.device
    ) -> tuple[float | None, ...]:
        """What the first process answers, `count` numbers, in all of them: so that all decide alike by it."""
        if self.size == 1:
            return ask()
        import torch
        from torch import distributed

        said = torch.full((count,), math.nan, dtype=torch.float64, device=device)
        if self.first:
            answers = [math.nan if one is None else one for one in ask()]
            said = torch.tensor(answers, dtype=torch.float64, device=device)
        distributed.broadcast(said, 0)
        return tuple(None if math.isnan(one) else one for one in said.tolist())

    def wait(self) -> None:
        """Until all are here."""
        if self.size > 1:
            from torch import distributed

            distributed.barrier()

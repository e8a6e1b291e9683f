"""What an epoch came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch came to.

    Attributes:
        epoch: from 1.
        loss: mean over its steps.
        held_loss: the same terms on the held-out works; None where there are none.
        held_right: share of held-out triplets with the positive nearer; None where there are none.
        held_first: share of held-out works whose rendition finds them first among all; None likewise.
        rate: the learning rate at its end.
        seconds: wall time of its steps; held-out works and checkpoint are not in it.
    """

    epoch: int
    loss: float
    held_loss: float | None
    held_right: float | None
    held_first: float | None
    rate: float
    seconds: float

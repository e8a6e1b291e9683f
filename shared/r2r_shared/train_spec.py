"""All that decides what a training makes: the same spec on the same pictures and device gives the same weights."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from r2r_shared.encoder_config import TcnConfig
from r2r_shared.errors import UserError

DISTANCES = ("score", "latent")
MINING = ("fixed", "hard", "semi-hard")
_BOUNDS = {
    **{"epochs": (0, 100_000), "batch": (2, 65_536), "patience": (0, 100_000), "seed": (0, 2**31), "blend": (0, 64)},
    **{"rate": (1e-7, 10.0), "decay": (0.0, 1.0), "margin": (0.0, 2.0), "temperature": (1e-3, 10.0)},
    **{"triplet_weight": (0.0, 1e3), "self_weight": (0.0, 1e3), "recolour": (0.0, 1.0), "least_part": (0.1, 1.0)},
}


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """A training.

    Attributes:
        config: the network.
        epochs: at most so many; 0 leaves the network as it began, for a blend alone. `patience` epochs without a
            better held-out loss end it earlier (0: never).
        batch: triplets, or pictures where none are formed, of a step.
        rate: the learning rate at its highest: it rises over the first twentieth of the steps and falls as a cosine.
        decay: AdamW's weight decay.
        distance: of the triplet loss: `score`, the paper's 1 − score, or `latent`, Euclidean between embeddings.
        margin: α of the paper's equation 1.
        mining: `fixed` triplets as they were formed, or mined in each batch: `hard`, `semi-hard`.
        triplet_weight, self_weight: what the two terms count for; 0 leaves one out.
        temperature: of the self term, which pairs a painting with its film-like rendition.
        strength: of renditions, the least and the most, 0 gentle to 1 hard.
        recolour: share of the pictures of a self term whose colours are turned, so that there are more of them.
        least_part: the smallest part of a picture, of its width, that stands for it.
        blend: renditions of each picture by which statistics are blended in after the last epoch; 0: none are.
        half: store the weights in half precision.
        seed: of everything that is drawn.
        initial: what the backbone begins with: "" (drawn from the seed), "imagenet", or the name of a file beside it.

    Raises:
        UserError: a value is out of range.
    """

    config: TcnConfig
    epochs: int = 30
    batch: int = 64
    rate: float = 1e-3
    decay: float = 0.02
    distance: str = "score"
    margin: float = 0.2
    mining: str = "fixed"
    triplet_weight: float = 1.0
    self_weight: float = 0.0
    temperature: float = 0.07
    strength: tuple[float, float] = (0.3, 1.0)
    recolour: float = 0.0
    least_part: float = 0.8
    patience: int = 0
    blend: int = 0
    half: bool = False
    seed: int = 1
    initial: str = ""

    def __post_init__(self) -> None:
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise UserError(f"{name.replace('_', ' ')} {value} is out of range", f"use {low:g} to {high:g}")
        if self.distance not in DISTANCES:
            raise UserError(f"distance {self.distance} is not known", f"use {' or '.join(DISTANCES)}")
        if self.mining not in MINING:
            raise UserError(f"mining {self.mining} is not known", f"use {', '.join(MINING)}")
        if not self.epochs and not self.blend:
            raise UserError("nothing is to be learnt in 0 epochs", "give at least one, or a blend")
        if not self.triplet_weight and not self.self_weight:
            raise UserError("nothing is to be learnt", "give triplets or the self term a weight above 0")
        if not 0 <= self.strength[0] <= self.strength[1] <= 1:
            raise UserError(f"strength {self.strength} is no range", "use two numbers from 0 to 1")

    @property
    def fixed_triplets(self) -> bool:
        """Whether a step is made of triplets that were formed before."""
        return self.triplet_weight > 0 and self.mining == "fixed"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def of_json(written: dict[str, Any]) -> TrainSpec:
        """What `to_json` wrote; names that are not known are passed over.

        Raises:
            UserError: a value is out of range.
            KeyError, TypeError, ValueError: it is something else.
        """
        known = {field.name for field in fields(TrainSpec)} - {"config"}
        rest = {name: value for name, value in written.items() if name in known}
        if "strength" in rest:
            rest["strength"] = tuple(rest["strength"])
        return TrainSpec(config=TcnConfig.parse(written["config"]), **rest)

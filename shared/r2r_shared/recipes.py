"""Trainings that have a name: what `r2r train` does unless it is told otherwise."""

from __future__ import annotations

from typing import Any

from r2r_shared.encoder_config import TcnConfig
from r2r_shared.train_spec import TrainSpec

PAPER = TrainSpec(TcnConfig("resnet50", (1024, 256), 224), epochs=30, batch=64, rate=3e-4, patience=6)
"""The paper's: a ResNet-50 that knows ImageNet, an MLP head, triplets, the score as distance."""

STARTER = TrainSpec(
    TcnConfig("resnet14", (256, 128), 128, width=32, corners=0.75),
    epochs=80,
    batch=128,
    rate=2e-3,
    decay=0.05,
    triplet_weight=0.0,
    self_weight=1.0,
    recolour=0.5,
    least_part=0.6,
    blend=8,
    half=True,
)
"""What the starter models were made by: small, from nothing, a painting against the rest by its film-like rendition."""

RECIPES = {"paper": PAPER, "starter": STARTER}

_OF_CONFIG = ("backbone", "head", "side_px", "depth", "width", "corners")


def make(recipe: str, changes: dict[str, Any]) -> TrainSpec:
    """A recipe with some of its values changed; those of the network are named as the others are.

    A backbone that torchvision publishes begins with ImageNet's weights unless `initial` says otherwise; one that it
    does not begins with none.

    Raises:
        UserError: a value is out of range.
        KeyError: there is no such recipe.
        ValueError: there can be no such network.
    """
    whole = RECIPES[recipe].to_json()
    config = whole.pop("config") | {name: value for name, value in changes.items() if name in _OF_CONFIG}
    whole |= {name: value for name, value in changes.items() if name not in _OF_CONFIG}
    if "initial" not in changes:
        whole["initial"] = "imagenet" if TcnConfig.parse(config).published else ""
    return TrainSpec.of_json(whole | {"config": config})

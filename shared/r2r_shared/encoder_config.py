"""The shape of the paper's encoder (3.2, Figure 5), as checkpoints describe it. Builds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FEATURES = {"resnet10": 512, "resnet14": 512, "resnet18": 512, "resnet34": 512, "resnet50": 2048}
"""Backbones and the width of their pooled features, at full width."""

NARROW = {"resnet10": (1, 1, 1, 1), "resnet14": (1, 2, 2, 1), "resnet18": (2, 2, 2, 2)}
"""Those that can be built with fewer channels, and how many basic blocks each of their stages has."""

FULL_WIDTH = 64
"""Channels of the first stage of torchvision's own."""

PUBLISHED = ("resnet18", "resnet34", "resnet50")
"""Those that torchvision has, and publishes ImageNet weights of."""

_MAX_LAYERS, _MAX_WIDTH = 8, 8192  # the network is built before its tensors are looked at: two gigabytes at most
_MOST_SIDE_PX = 1024


@dataclass(frozen=True, slots=True)
class TcnConfig:
    """The shape of a Tripartite Contrastive Network's encoder.

    Attributes:
        backbone: resnet10, 14 (small ones of ours, of the same blocks), 18, 34 or 50.
        head: widths of the MLP's dense layers, the last one the embedding's; empty: no head.
        side_px: pictures are resized to side_px × side_px, whatever their aspect.
        depth: the depth estimator it goes with, by name.
        width: channels of its first stage: 64, or fewer for resnet10, 14 and 18.
        corners: 0: a picture is embedded as it is. Else its embedding is the mean of six: of the picture, its mirror
            image and its four corners, so large a share of its width and height. A picture and its mirror image then
            have the same.
        blended: whether statistics of colour and small structure are added to what the network says.
    """

    backbone: str = "resnet50"
    head: tuple[int, ...] = (1024, 256)
    side_px: int = 224
    depth: str = "defocus"
    width: int = FULL_WIDTH
    corners: float = 0.0
    blended: bool = False

    @property
    def features(self) -> int:
        """Width of the backbone's pooled features."""
        return FEATURES[self.backbone] * self.width // FULL_WIDTH

    @property
    def dim(self) -> int:
        return self.head[-1] if self.head else self.features

    @property
    def published(self) -> bool:
        """Whether torchvision publishes ImageNet weights of this backbone."""
        return self.backbone in PUBLISHED and self.width == FULL_WIDTH

    @staticmethod
    def parse(fields: dict[str, Any]) -> TcnConfig:
        """Read a configuration from JSON.

        Raises:
            KeyError, TypeError, ValueError: it is none, or one whose network would not fit a machine.
        """
        rest = {name: value for name, value in fields.items() if name != "head"}
        config = TcnConfig(head=tuple(int(width) for width in fields["head"]), **rest)
        if config.backbone not in FEATURES:
            raise ValueError(f"backbone {config.backbone!r} is not one of {', '.join(FEATURES)}")
        if len(config.head) > _MAX_LAYERS or not all(1 <= width <= _MAX_WIDTH for width in config.head):
            raise ValueError(f"the head has to be of at most {_MAX_LAYERS} layers, each 1 to {_MAX_WIDTH} wide")
        if not 32 <= int(config.side_px) <= _MOST_SIDE_PX:
            raise ValueError(f"the side of {config.side_px} pixels is not between 32 and {_MOST_SIDE_PX}")
        narrow = config.backbone in NARROW and type(config.width) is int and 4 <= config.width <= FULL_WIDTH
        if config.width != FULL_WIDTH and not narrow:
            raise ValueError(f"{config.backbone} cannot be {config.width} channels wide")
        if type(config.blended) is not bool:
            raise ValueError(f"blended is {config.blended!r}, neither true nor false")
        if config.corners and not 0.25 <= float(config.corners) < 1:
            raise ValueError(f"corners of {config.corners} are not between a quarter and the whole")
        return config

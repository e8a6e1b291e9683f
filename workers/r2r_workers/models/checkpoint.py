"""Checkpoints of the paper's encoder: one safetensors file that says itself what it holds. No torch here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from r2r_shared.errors import UserError
from r2r_workers.models.weights import IMAGENET

FEATURES = {"resnet18": 512, "resnet34": 512, "resnet50": 2048}
"""Backbones and the width of their pooled features."""

METADATA_KEY = "reel_to_real"
_MAX_LAYERS, _MAX_WIDTH = 8, 8192  # the network is built before its tensors are looked at: two gigabytes at most


@dataclass(frozen=True, slots=True)
class TcnConfig:
    """The shape of a Tripartite Contrastive Network's encoder.

    Attributes:
        backbone: resnet18, resnet34 or resnet50.
        head: widths of the MLP's dense layers, the last one the embedding's; empty: no head.
        side_px: pictures are resized to side_px × side_px, whatever their aspect.
        depth: the depth estimator it goes with, by name.
    """

    backbone: str = "resnet50"
    head: tuple[int, ...] = (1024, 256)
    side_px: int = 224
    depth: str = "defocus"

    @property
    def dim(self) -> int:
        return self.head[-1] if self.head else FEATURES[self.backbone]


def imagenet_config(backbone: str) -> TcnConfig:
    """The encoder made of torchvision's ImageNet weights: pooled features, at most 512 of them."""
    return TcnConfig(backbone=backbone, head=() if FEATURES[backbone] <= 512 else (512,))


def imagenet_digest(backbone: str) -> str:
    """Digest of that encoder: the weights' own, and the projection that is not part of them."""
    projected = "+signs512" if imagenet_config(backbone).head else ""
    return IMAGENET[backbone].digest + projected


def to_metadata(config: TcnConfig) -> dict[str, str]:
    """What a checkpoint's header carries, beside the tensors."""
    return {"format": "pt", METADATA_KEY: json.dumps(asdict(config))}


def read_config(path: Path) -> TcnConfig:
    """Read a checkpoint's own description from its header; nothing is executed or unpickled.

    Raises:
        UserError: there is no such file, it is not safetensors, or it does not describe an encoder.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise UserError(f"no checkpoint at {path}", "name a .safetensors file, or a profile of `r2r models list`")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata: dict[str, str] = file.metadata() or {}
    except SafetensorError as error:
        raise UserError(
            f"{path} is not a safetensors file ({error})",
            "weights are never unpickled here: save the encoder with r2r_workers.models.tcn.save",
        ) from error
    try:
        return _parse(json.loads(metadata[METADATA_KEY]))
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise UserError(
            f"{path} does not say which encoder it holds ({METADATA_KEY!r} in its header: {error})",
            "save the encoder with r2r_workers.models.tcn.save",
        ) from error


def _parse(fields: dict[str, Any]) -> TcnConfig:
    config = TcnConfig(**{**fields, "head": tuple(int(width) for width in fields["head"])})
    if config.backbone not in FEATURES:
        raise ValueError(f"backbone {config.backbone!r} is not one of {', '.join(FEATURES)}")
    fits = len(config.head) <= _MAX_LAYERS and all(1 <= width <= _MAX_WIDTH for width in config.head)
    if not fits or not 32 <= int(config.side_px) <= 1024:
        raise ValueError("a width or size is out of range")
    return config

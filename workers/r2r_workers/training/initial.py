"""What a network begins with: numbers from its seed, ImageNet's features, or a file of somebody's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from r2r_shared.errors import UserError
from r2r_shared.train_spec import TrainSpec
from r2r_workers.models.blend import PREFIX
from r2r_workers.models.weights import IMAGENET

if TYPE_CHECKING:
    from torch import nn


def load(network: nn.Module, spec: TrainSpec, folder: Path | None) -> None:
    """Put `spec.initial` into a network that was just built.

    A file is a state dict (`.pth`, tensors alone: nothing is run), or safetensors: of a whole network of ours, or of
    a backbone under torchvision's names; its classifier is left out.

    Raises:
        UserError: the weights are not here, cannot be read, or are of another network.
    """
    if not spec.initial:
        return
    if spec.initial == "imagenet":
        _into_backbone(network, _imagenet(spec.config.backbone), "torchvision's weights")
        return
    assert folder is not None
    path = folder / spec.initial
    tensors = _read(path)
    if any(name.startswith("backbone.") for name in tensors):
        _fit(network, {n: t for n, t in tensors.items() if not n.startswith(PREFIX)}, path.name)
    else:
        _into_backbone(network, tensors, path.name)


def _imagenet(backbone: str) -> dict[str, Any]:
    weights = IMAGENET[backbone]
    if not weights.present:
        weights.pull(progress=False)
    return _read(weights.path)


def _read(path: Path) -> dict[str, Any]:
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            found: Any = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # what a damaged file makes of torch's own unpickler has no common base
        raise UserError(
            f"{path.name} cannot be read as weights ({type(error).__name__}); nothing of it was run",
            "give a state dict of tensors: .pth or .safetensors",
        ) from error
    named = isinstance(found, dict) and all(isinstance(name, str) for name in found)
    if not named or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise UserError(f"{path.name} holds something else than a state dict", "save network.state_dict() alone")
    if not all(bool(value.isfinite().all()) and not value.is_complex() for value in found.values()):
        raise UserError(f"{path.name} holds numbers that are not finite, or not real", "save it anew")
    return found


def _into_backbone(network: nn.Module, tensors: dict[str, Any], whose: str) -> None:
    _fit(network.get_submodule("backbone"), {n: t for n, t in tensors.items() if not n.startswith("fc.")}, whose)


def _fit(module: nn.Module, tensors: dict[str, Any], whose: str) -> None:
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        words = " ".join(str(error).split())
        raise UserError(
            f"{whose} does not fit the network: {words[:200]}", "name the backbone, width and head it was made with"
        ) from error

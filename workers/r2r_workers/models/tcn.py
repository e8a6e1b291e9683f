"""The paper's encoder (3.2, Figure 5): a ResNet backbone, an MLP head, a point on the unit sphere."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.encoder_config import FULL_WIDTH, NARROW, TcnConfig
from r2r_shared.errors import UserError
from r2r_workers.models.blend import PREFIX, Blend
from r2r_workers.models.checkpoint import (
    imagenet_config,
    imagenet_digest,
    put_header_in_order,
    read_config,
    to_metadata,
)
from r2r_workers.models.device import Placement
from r2r_workers.models.protocols import Picture
from r2r_workers.models.weights import IMAGENET, file_digest

if TYPE_CHECKING:
    import torch
    from torch import nn

# ImageNet's channel means and deviations: what torchvision's weights were trained with.
MEAN = np.array((0.485, 0.456, 0.406), np.float32)
STD = np.array((0.229, 0.224, 0.225), np.float32)


def build(config: TcnConfig) -> nn.Sequential:
    """The network: (n, 3, side_px, side_px) normalised RGB to (n, dim), not yet of unit length.

    The head is dense → batch norm → ReLU, repeated; the last dense layer has neither behind it, so
    that embeddings can use the whole sphere and not its positive corner alone.
    """
    import torchvision
    from torch import nn

    if config.published:
        backbone = torchvision.models.get_model(config.backbone, weights=None)
        backbone.fc = nn.Identity()
    else:
        backbone = _narrow(NARROW[config.backbone], config.width)
    head = nn.Sequential()
    width = config.features
    for number, following in enumerate(config.head):
        if number:
            head.append(nn.BatchNorm1d(width)).append(nn.ReLU(inplace=True))
        head.append(nn.Linear(width, following))
        width = following
    return nn.Sequential(OrderedDict(backbone=backbone, head=head))


def _narrow(blocks: Sequence[int], width: int) -> nn.Sequential:
    """A ResNet of torchvision's basic blocks with fewer channels: four stages of width, 2, 4 and 8 times that."""
    from torch import nn
    from torchvision.models.resnet import BasicBlock

    stem = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    layers = nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1))
    channels = width
    for stage, count in enumerate(blocks):
        wider = width << stage
        for number in range(count):
            stride = 2 if stage and not number else 1
            shortcut = None
            if stride != 1 or channels != wider:
                shortcut = nn.Sequential(nn.Conv2d(channels, wider, 1, stride, bias=False), nn.BatchNorm2d(wider))
            layers.append(BasicBlock(channels, wider, stride, shortcut))
            channels = wider
    for module in layers.modules():  # as torchvision begins its own
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return layers.append(nn.AdaptiveAvgPool2d(1)).append(nn.Flatten())


def save(
    network: nn.Module,
    config: TcnConfig,
    path: Path,
    *,
    blend: Blend | None = None,
    half: bool = False,
    lineage: dict[str, Any] | None = None,
) -> None:
    """Write a checkpoint that says itself what it holds.

    Args:
        blend: where there is one; the configuration that is written says so.
        half: in half precision: half the size, at about 1e-3 of each number; it is computed with in single.
        lineage: how it came about, kept beside the configuration.
    """
    import torch
    from safetensors.torch import save_file

    config = replace(config, blended=blend is not None)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    if blend is not None:
        tensors |= {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in blend.arrays().items()}
    if half:
        tensors = {name: tensor.half() if tensor.dtype == torch.float32 else tensor for name, tensor in tensors.items()}
    save_file(tensors, path, metadata=to_metadata(config, lineage))
    put_header_in_order(path)


def _random_projection(width: int, dim: int) -> dict[str, torch.Tensor]:
    """A dense layer of signs ±1/√dim, drawn from SHAKE-256 so that it is the same everywhere."""
    import torch

    bits = np.unpackbits(np.frombuffer(hashlib.shake_256(b"reel to real").digest(width * dim // 8), np.uint8))
    signs = (bits.astype(np.float32) * 2 - 1).reshape(dim, width)
    return {"0.weight": torch.from_numpy(signs / np.float32(dim**0.5)), "0.bias": torch.zeros(dim)}


class TcnEncoder:
    """Embeds pictures with a network of `build`, in float32 or, where the device gains, bfloat16.

    Numbers agree between thread counts and devices, and on a GPU between batch sizes, to rounding (about 1e-6 in
    float32, 1e-2 in bfloat16), not to the bit: BLAS and cuDNN choose their kernels by shape.
    """

    def __init__(
        self,
        network: nn.Module,
        config: TcnConfig,
        placement: Placement,
        *,
        name: str,
        digest: str,
        blend: Blend | None = None,
        threads: int = 1,
    ) -> None:
        """`threads`: that compute the statistics of a blend."""
        import torch

        self.name = name
        self.digest = digest
        self.dim = config.dim
        self._side_px = config.side_px
        self._corners = config.corners
        self._blend, self._threads = blend, threads
        # Small networks are quick enough in single precision, and their numbers then agree from machine to machine.
        small = config.width < FULL_WIDTH and placement.device.type == "cpu"
        self._placement = replace(placement, bfloat16=False) if small else placement
        self._network: Any = network.eval().requires_grad_(requires_grad=False)
        self._network.to(placement.device).to(memory_format=torch.channels_last)

    @staticmethod
    def from_imagenet(backbone: str, placement: Placement) -> TcnEncoder:
        """Torchvision's ImageNet weights, pooled features, no trained head. Downloads them where they are absent.

        ResNet-50's 2048 features are more than an index of pgvector takes (2000), and dear to match:
        a fixed random projection brings them to 512, which keeps distances to about ±3 %
        (Johnson and Lindenstrauss 1984; signs as in Achlioptas 2003).

        Raises:
            UserError: they are absent and could not be fetched, or the file is not what torchvision publishes.
        """
        import pickle

        import torch

        weights = IMAGENET[backbone]
        if not weights.present:
            weights.pull(progress=True)
        try:
            state = torch.load(weights.path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:  # its words run over many lines
            raise UserError(
                f"{weights.path} holds something else than tensors ({type(error).__name__}); nothing of it was run",
                f"delete it, then r2r models pull {backbone}",
            ) from error
        config = imagenet_config(backbone)
        network = build(config)
        network.get_submodule("backbone").load_state_dict(
            {name: tensor for name, tensor in state.items() if not name.startswith("fc.")}
        )
        if config.head:
            network.get_submodule("head").load_state_dict(_random_projection(config.features, config.dim))
        return TcnEncoder(network, config, placement, name=f"{backbone}-imagenet", digest=imagenet_digest(backbone))

    @staticmethod
    def from_checkpoint(path: Path, placement: Placement, *, threads: int = 1) -> TcnEncoder:
        """A checkpoint written by `save`.

        Args:
            threads: that compute the statistics of a blend.

        Raises:
            UserError: the file is no such checkpoint, or its tensors do not fit its description.
        """
        from safetensors.torch import load_file

        config = read_config(path)
        network, tensors = build(config), load_file(path)
        added = {name: tensors.pop(name).float().numpy() for name in list(tensors) if name.startswith(PREFIX)}
        try:
            network.load_state_dict(tensors)  # half precision becomes single in being copied
            blend = Blend.of_arrays(added) if config.blended else None
            if blend is not None and len(blend.bias) != config.dim:
                raise ValueError(f"a blend of {len(blend.bias)} dimensions with a network of {config.dim}")
        except (RuntimeError, KeyError, ValueError) as error:
            raise UserError(
                f"{path}: its tensors do not fit its own description ({str(error).splitlines()[0]})",
                "save the encoder with r2r_workers.models.tcn.save",
            ) from error
        return TcnEncoder(
            network, config, placement, name=path.stem, digest=file_digest(path), blend=blend, threads=threads
        )

    def embed(self, images: Sequence[Picture]) -> NDArray[np.float32]:
        """Embed one batch: (n, dim) float32 on the CPU, rows of unit length.

        On a CPU each picture is run by itself, which costs nothing there: so its numbers do not depend on its
        neighbours, not even by rounding.
        """
        if not images:
            return np.zeros((0, self.dim), np.float32)
        if self._placement.device.type == "cpu":
            found = np.concatenate([self._embed([image]) for image in images])
        else:
            found = self._embed(images)
        return found if self._blend is None else self._blend.embed(images, found, threads=self._threads)

    def _embed(self, images: Sequence[Picture]) -> NDArray[np.float32]:
        import torch

        device = self._placement.device
        views = [view for image in images for view in self._views(image)]
        batch = self._prepare(views).to(device, memory_format=torch.channels_last, non_blocking=True)
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=self._placement.bfloat16):
            features = self._network(batch)
            unit = torch.nn.functional.normalize(features.float(), dim=1)
            if self._corners:
                unit = torch.nn.functional.normalize(unit.view(len(images), -1, self.dim).mean(1), dim=1)
        return unit.cpu().numpy()

    def _views(self, image: Picture) -> list[Picture]:
        """The picture; or it, its mirror image and its corners, the right ones mirrored: so a picture and its mirror
        image are seen by the same six."""
        if not self._corners:
            return [image]
        height, width = image.shape[:2]
        h, w = max(1, round(height * self._corners)), max(1, round(width * self._corners))
        mirrored = np.ascontiguousarray(image[:, ::-1])
        corners = [whole[y : y + h, :w] for whole in (image, mirrored) for y in (0, height - h)]
        return [image, mirrored, *corners]

    def _prepare(self, images: Sequence[Picture]) -> torch.Tensor:
        """(n, 3, side, side) float32, ImageNet's normalisation."""
        import cv2
        import torch

        side = (self._side_px, self._side_px)
        small = np.stack([cv2.resize(image, side, interpolation=cv2.INTER_AREA) for image in images])
        scaled = (small.astype(np.float32) / 255 - MEAN) / STD
        return torch.from_numpy(scaled).permute(0, 3, 1, 2)

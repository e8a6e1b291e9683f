"""Profiles: which encoder and which depth estimator make the numbers. Described without torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from r2r_shared.errors import NotFound, UserError
from r2r_workers.metrics import METRICS_VERSION
from r2r_workers.models.checkpoint import TcnConfig, imagenet_config, imagenet_digest, read_config, read_lineage
from r2r_workers.models.depth_defocus import DefocusEstimator
from r2r_workers.models.descriptor import DescriptorEncoder
from r2r_workers.models.protocols import DepthEstimator, Models
from r2r_workers.models.weights import IMAGENET, MIDAS, HubWeights, TorchvisionWeights, file_digest

STARTER = "starter"
STARTER_WEIGHTS = Path(__file__).with_name("starter.safetensors")
"""What the package carries: see starter.md beside it, and `python -m tests.benchmarks.train_starter`."""


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """What a profile is made of.

    Attributes:
        name: as a person types it: a built-in profile's, or the path of a checkpoint.
        encoder: "descriptor", a key of `IMAGENET`, or the path of a checkpoint.
        depth: "defocus" or a key of `MIDAS`.
        about: one line.
    """

    name: str
    encoder: str
    depth: str
    about: str


BUILT_IN = {
    spec.name: spec
    for spec in (
        ProfileSpec(STARTER, str(STARTER_WEIGHTS), "defocus", "a small network and a defocus map: nothing to download"),
        ProfileSpec("descriptor", "descriptor", "defocus", "a hand-made descriptor instead of the network"),
        ProfileSpec("resnet18", "resnet18", "dpt-swinv2-tiny-256", "ImageNet ResNet-18 features and MiDaS tiny"),
        ProfileSpec("resnet50", "resnet50", "dpt-swinv2-tiny-256", "ImageNet ResNet-50 features and MiDaS tiny"),
        ProfileSpec("resnet50-large", "resnet50", "dpt-beit-large-512", "ImageNet ResNet-50 features and MiDaS large"),
    )
}


def spec(name: str) -> ProfileSpec:
    """The profile of that name, or of the checkpoint at that path.

    Raises:
        NotFound: it is neither.
        UserError: it names a file that is not a checkpoint.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    if not name.endswith(".safetensors"):
        known = f"{', '.join(BUILT_IN)}, a model of your own (r2r models list), or a path ending in .safetensors"
        raise NotFound(f"no profile {name!r}", f"use one of {known}")
    config = read_config(Path(name))
    if config.depth != "defocus" and config.depth not in MIDAS:
        raise NotFound(f"{name} asks for the depth estimator {config.depth!r}", f"use defocus or {', '.join(MIDAS)}")
    return ProfileSpec(name, name, config.depth, f"the encoder of a checkpoint ({config.backbone})")


def describe(name: str) -> dict[str, Any]:
    """What a profile row stores, and whether this machine has its weights. Imports no torch.

    Returns:
        name, about, encoder, encoder_digest, dim, depth, depth_digest, metrics_version, present (bool),
        missing (what `pull` would fetch); of a checkpoint config (TcnConfig's fields) and lineage, else None.

    Raises:
        UserError: as for `spec`.
    """
    profile = spec(name)
    missing = [weights.digest for weights in _downloads(profile) if not weights.present]
    config: TcnConfig | None = None
    lineage: dict[str, Any] | None = None
    if profile.encoder == "descriptor":
        encoder, digest, dim = DescriptorEncoder.name, DescriptorEncoder.digest, DescriptorEncoder.dim
    elif profile.encoder in IMAGENET:
        encoder, digest = f"{profile.encoder}-imagenet", imagenet_digest(profile.encoder)
        dim = imagenet_config(profile.encoder).dim
    else:
        path = Path(profile.encoder)
        config, lineage = read_config(path), read_lineage(path)
        encoder, digest, dim = path.stem, file_digest(path), config.dim
    midas = MIDAS.get(profile.depth)
    return {
        "name": profile.name,
        "about": profile.about,
        "encoder": encoder,
        "encoder_digest": digest,
        "dim": dim,
        "depth": profile.depth,
        "depth_digest": midas.digest if midas else DefocusEstimator.digest,
        "metrics_version": METRICS_VERSION,
        "present": not missing,
        "missing": missing,
        "config": None if config is None else {**asdict(config), "head": list(config.head)},
        "lineage": lineage,
    }


def load(name: str, device: str = "auto", *, threads: int = 1) -> Models:
    """Build a profile's models on a device ("auto", "cpu", "cuda"), fetching weights that are absent.

    Args:
        threads: of the hand-made models, and of torch where it runs on a CPU.

    Raises:
        UserError: there is no such profile or device, or weights are absent and cannot be fetched.
    """
    return _load(spec(name), device, threads=threads)


def _load(profile: ProfileSpec, device: str, *, threads: int) -> Models:
    if profile.encoder == "descriptor" and profile.depth == "defocus":
        return Models(DescriptorEncoder(threads=threads), DefocusEstimator(threads=threads))  # torch is never imported

    from r2r_workers.models.device import place
    from r2r_workers.models.tcn import TcnEncoder

    placement = place(device)
    if placement.device.type == "cpu":
        import torch

        torch.set_num_threads(threads)  # several workers share a machine; each would take all cores
    if profile.encoder in IMAGENET:
        encoder = TcnEncoder.from_imagenet(profile.encoder, placement)
    else:
        encoder = TcnEncoder.from_checkpoint(Path(profile.encoder), placement, threads=threads)
    return Models(encoder, depth_estimator(profile.depth, device, threads=threads))


def depth_estimator(name: str, device: str, *, threads: int = 1) -> DepthEstimator:
    """A depth estimator by the name that profiles store.

    Raises:
        NotFound: there is none of that name here.
        UserError: its weights are absent and cannot be fetched.
    """
    if name == DefocusEstimator.name:
        return DefocusEstimator(threads=threads)
    if name not in MIDAS:
        raise NotFound(f"there is no depth estimator {name}", f"use {DefocusEstimator.name}, {', '.join(MIDAS)}")
    from r2r_workers.models.depth_midas import MidasEstimator
    from r2r_workers.models.device import place

    return MidasEstimator.from_hub(name, place(device))


def check(name: str) -> None:
    """Build a profile's encoder on the CPU and embed one picture: what does not work is to be found out now.

    Raises:
        UserError: as for `load`; or what comes out is no point on the unit sphere.
    """
    import numpy as np

    profile = spec(name)
    if profile.depth != "defocus":  # an estimator that anybody can fetch; the encoder is what is in doubt
        profile = replace(profile, depth="defocus")
    picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    length = float(np.linalg.norm(_load(profile, "cpu", threads=1).encoder.embed([picture])))
    if not abs(length - 1) < 0.01:  # not a number is no better
        raise UserError(f"{name} embeds a picture as a vector of length {length:g}", "its weights are of no use")


def pull(name: str, *, progress: bool = True) -> list[str]:
    """Fetch what a profile lacks into the usual caches; progress bars go to stderr.

    Returns:
        The digests of what was fetched; empty where nothing was missing.

    Raises:
        UserError: there is no such profile, or something could not be fetched.
    """
    fetched: list[str] = []
    for weights in _downloads(spec(name)):
        if not weights.present:
            weights.pull(progress=progress)
            fetched.append(weights.digest)
    return fetched


def _downloads(profile: ProfileSpec) -> list[TorchvisionWeights | HubWeights]:
    encoder, depth = IMAGENET.get(profile.encoder), MIDAS.get(profile.depth)
    return [weights for weights in (encoder, depth) if weights is not None]

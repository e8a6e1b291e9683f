"""Where weights lie, whether they are here, and how to fetch them. No torch is imported to look."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from r2r_shared.errors import UserError

_HUB_FILES = ("config.json", "preprocessor_config.json", "model.safetensors")


@dataclass(frozen=True, slots=True)
class TorchvisionWeights:
    """ImageNet weights that torchvision publishes; the end of a file's name is the start of its SHA-256."""

    backbone: str
    enum: str
    file: str

    @property
    def digest(self) -> str:
        return f"torchvision:{self.file.removesuffix('.pth')}"

    @property
    def path(self) -> Path:
        """Torch hub's own cache: TORCH_HOME, else XDG_CACHE_HOME/torch, else ~/.cache/torch."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return Path(os.environ.get("TORCH_HOME") or cache / "torch") / "hub" / "checkpoints" / self.file

    @property
    def present(self) -> bool:
        return self.path.is_file()

    def pull(self, *, progress: bool) -> None:
        """Download into torch hub's cache, hash checked.

        Raises:
            UserError: the file could not be fetched.
        """
        from torchvision import models

        weights = models.get_model_weights(self.backbone)[self.enum]
        try:
            weights.get_state_dict(progress=progress, check_hash=True, weights_only=True)
        except (OSError, RuntimeError) as error:  # no network (URLError is an OSError), or a wrong hash
            raise UserError(
                f"could not download {self.file} from {weights.url}: {error}",
                f"fetch that file where there is a network and put it at {self.path}, or use R2R_PROFILE=starter",
            ) from error


@dataclass(frozen=True, slots=True)
class HubWeights:
    """A model on the Hugging Face hub, pinned to one commit, so that its digest is known before it is here."""

    repo: str
    revision: str

    @property
    def digest(self) -> str:
        return f"{self.repo}@{self.revision}"

    @property
    def folder(self) -> Path | None:
        """Its snapshot in the hub's own cache (HF_HOME, HF_HUB_CACHE); None where a file of it is missing."""
        if find_spec("huggingface_hub") is None:  # a light install: it describes profiles and runs none
            return None
        from huggingface_hub import try_to_load_from_cache

        found = [try_to_load_from_cache(self.repo, name, revision=self.revision) for name in _HUB_FILES]
        paths = [Path(path) for path in found if isinstance(path, str)]
        return paths[0].parent if len(paths) == len(_HUB_FILES) else None

    @property
    def present(self) -> bool:
        return self.folder is not None

    def pull(self, *, progress: bool) -> None:
        """Download into the hub's cache: configuration and safetensors alone, never a pickle or code.

        Raises:
            UserError: a file could not be fetched.
        """
        from huggingface_hub import snapshot_download
        from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

        (enable_progress_bars if progress else disable_progress_bars)()
        try:
            snapshot_download(self.repo, revision=self.revision, allow_patterns=list(_HUB_FILES))
        except Exception as error:  # httpx, hub and cache errors share no base class
            raise UserError(
                f"could not download {self.repo}: {str(error).splitlines()[0]}",
                f"run `r2r models pull` where there is a network and copy {_hub_cache()} here, "
                "or use R2R_PROFILE=starter",
            ) from error


def _hub_cache() -> str:
    from huggingface_hub.constants import HF_HUB_CACHE

    return HF_HUB_CACHE


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


IMAGENET = {
    w.backbone: w
    for w in (
        TorchvisionWeights("resnet18", "IMAGENET1K_V1", "resnet18-f37072fd.pth"),
        TorchvisionWeights("resnet34", "IMAGENET1K_V1", "resnet34-b627a593.pth"),
        TorchvisionWeights("resnet50", "IMAGENET1K_V2", "resnet50-11ad3fa6.pth"),
    )
}

MIDAS = {
    "dpt-swinv2-tiny-256": HubWeights("Intel/dpt-swinv2-tiny-256", "f7f350e1a10a5ea58671b68ab5f49dc18ec00483"),
    "dpt-beit-base-384": HubWeights("Intel/dpt-beit-base-384", "37e4dfa1c4a009f5f00aef17211b0de098c79e7f"),
    "dpt-beit-large-512": HubWeights("Intel/dpt-beit-large-512", "ead58c150f1fcebca5de8edc0fbc80a947572243"),
}
"""MiDaS v3.1, the official ports (MIT licence), by name."""

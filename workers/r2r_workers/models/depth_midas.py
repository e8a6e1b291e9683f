"""MiDaS v3.1 (Birkl, Wofk, Müller 2023), the paper's depth model, through transformers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import UserError
from r2r_workers.models.device import Placement
from r2r_workers.models.protocols import Picture
from r2r_workers.models.weights import MIDAS, HubWeights


class MidasEstimator:
    """Relative inverse depth, larger is nearer, in the model's raw units: nothing is normalised.

    The scale differs from model to model (DESIGN 4.1); the digest keeps them apart.
    """

    def __init__(self, folder: Path, placement: Placement, *, name: str, digest: str) -> None:
        """Load a model and its image processor from a folder in the hub's layout.

        Raises:
            UserError: the folder does not hold a depth model in safetensors.
        """
        from transformers import AutoImageProcessor, AutoModelForDepthEstimation

        local = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._processor = AutoImageProcessor.from_pretrained(folder, **local)
            model = AutoModelForDepthEstimation.from_pretrained(folder, use_safetensors=True, **local)
        except (OSError, ValueError) as error:
            raise UserError(
                f"{folder} does not hold a depth model that can be read ({str(error).splitlines()[0]})",
                "remove that folder and run `r2r models pull` again",
            ) from error
        self.name = name
        self.digest = digest
        self._placement = placement
        self._model = model.eval().requires_grad_(False).to(placement.device)

    @staticmethod
    def from_hub(name: str, placement: Placement) -> MidasEstimator:
        """One of `weights.MIDAS`, by name. Downloads it where it is absent.

        Raises:
            UserError: it is absent and could not be fetched.
        """
        return MidasEstimator(_folder(MIDAS[name]), placement, name=name, digest=MIDAS[name].digest)

    def estimate(self, images: Sequence[Picture]) -> list[NDArray[np.float32]]:
        """One (h, w) map for each picture, at its own size (bicubic, as MiDaS does it)."""
        import torch

        if not images:
            return []
        device = self._placement.device
        inputs = self._processor(images=list(images), return_tensors="pt", input_data_format="channels_last")
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=self._placement.bfloat16):
            depth = self._model(pixel_values=inputs["pixel_values"].to(device)).predicted_depth.float()
            maps = [
                torch.nn.functional.interpolate(
                    one[None, None], size=image.shape[:2], mode="bicubic", align_corners=False
                )[0, 0]
                for one, image in zip(depth, images, strict=True)
            ]
        return [one.cpu().numpy() for one in maps]


def _folder(weights: HubWeights) -> Path:
    if not weights.present:
        weights.pull(progress=True)
    folder = weights.folder
    if folder is None:
        raise UserError(f"{weights.repo} was fetched, but is not complete", "run `r2r models pull` again")
    return folder

"""Where models run, and in which number format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from r2r_shared.errors import UserError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Placement:
    """A torch device, and whether bfloat16 autocast is faster on it than float32."""

    device: torch.device
    bfloat16: bool


def place(wanted: str) -> Placement:
    """Resolve "auto", "cpu" or "cuda" (`Settings.device`).

    Raises:
        UserError: "cuda" on a machine without a usable CUDA device; nothing falls back silently.
    """
    import torch

    if wanted not in {"auto", "cpu", "cuda"}:
        raise UserError(f"device {wanted} is not known", "use auto, cpu or cuda")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "R2R_DEVICE=cuda, but PyTorch finds no CUDA device here",
            "set R2R_DEVICE=auto or cpu, or install a driver that `nvidia-smi` can talk to",
        )
    if wanted != "cpu" and torch.cuda.is_available():
        return Placement(torch.device("cuda"), torch.cuda.is_bf16_supported(including_emulation=False))
    # On a CPU bfloat16 pays only where it is native (AVX512-BF16, AMX); elsewhere it is emulated, and slower.
    native = bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return Placement(torch.device("cpu"), native)

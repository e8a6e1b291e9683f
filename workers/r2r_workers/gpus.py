"""Which GPUs a worker has, and which of them each pool child takes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from r2r_shared.settings import Settings

_LIMIT_S = 20.0


def visible(environ: Mapping[str, str]) -> list[str]:
    """The GPUs of this machine that its worker may use, as CUDA_VISIBLE_DEVICES names them.

    The driver's own tool is asked, because to ask PyTorch costs seconds and memory in a process that needs neither.
    """
    named = environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip() and name.strip() != "-1"]
    try:
        said = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False, timeout=_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = said.stdout.splitlines() if said.returncode == 0 else []
    return [str(number) for number, _ in enumerate(line for line in lines if line.startswith("GPU "))]


def pool_size(settings: Settings, environ: Mapping[str, str]) -> int:
    """How many children a worker has that was not told: one for each GPU, else as many as its cores allow."""
    if settings.workers is not None:
        return settings.workers
    gpus = [] if settings.device == "cpu" else visible(environ)
    return len(gpus) or settings.workers_by_cores


def take(child: int, settings: Settings) -> None:
    """Let this pool child see one GPU, before it loads PyTorch. More children than GPUs share them in turn.

    Args:
        child: its number in the pool, from 0. A child that takes a dead one's place has its number.
    """
    gpus = [] if settings.device == "cpu" else visible(os.environ)
    if gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[child % len(gpus)]

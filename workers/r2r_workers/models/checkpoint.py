"""Checkpoints of the paper's encoder: one safetensors file that says itself what it holds. No torch here."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from r2r_shared.encoder_config import FEATURES, TcnConfig
from r2r_shared.errors import UserError
from r2r_workers.models.weights import IMAGENET

METADATA_KEY = "reel_to_real"
LINEAGE_KEY = "lineage"


def imagenet_config(backbone: str) -> TcnConfig:
    """The encoder made of torchvision's ImageNet weights: pooled features, at most 512 of them."""
    return TcnConfig(backbone=backbone, head=() if FEATURES[backbone] <= 512 else (512,))


def imagenet_digest(backbone: str) -> str:
    """Digest of that encoder: the weights' own, and the projection that is not part of them."""
    projected = "+signs512" if imagenet_config(backbone).head else ""
    return IMAGENET[backbone].digest + projected


def to_metadata(config: TcnConfig, lineage: dict[str, Any] | None = None) -> dict[str, str]:
    """What a checkpoint's header carries, beside the tensors."""
    written = {"format": "pt", METADATA_KEY: json.dumps(asdict(config))}
    return written if lineage is None else written | {LINEAGE_KEY: json.dumps(lineage)}


def read_lineage(path: Path) -> dict[str, Any]:
    """How a checkpoint came about, as far as its header says so; {} where it does not.

    Raises:
        UserError: as `read_config`.
    """
    written = _header(path).get(LINEAGE_KEY, "{}")
    try:
        lineage = json.loads(written, parse_constant=_refuse, parse_float=_finite)
        json.dumps(lineage, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError):
        return {}
    return lineage if isinstance(lineage, dict) and "\\u0000" not in written else {}


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(written: str) -> float:
    value = float(written)
    return value if math.isfinite(value) else _refuse(written)


def read_config(path: Path) -> TcnConfig:
    """Read a checkpoint's own description from its header; nothing is executed or unpickled.

    Raises:
        UserError: there is no such file, it is not safetensors, or it does not describe an encoder.
    """
    metadata = _header(path)
    try:
        return TcnConfig.parse(json.loads(metadata[METADATA_KEY]))
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise UserError(
            f"{path} does not say which encoder it holds ({METADATA_KEY!r} in its header: {error})",
            "save the encoder with r2r_workers.models.tcn.save",
        ) from error


def put_header_in_order(path: Path) -> None:
    """Write a safetensors file's header anew with its entries sorted: the library puts them in an order by chance, and
    the same weights are to be the same file. Tensors are placed relative to the header's end, so they stay as they are.
    """
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(len(header).to_bytes(8, "little") + header + data[end:])
    partial.replace(path)


def _header(path: Path) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise UserError(f"no checkpoint at {path}", "name a .safetensors file, or a profile of `r2r models list`")
    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except SafetensorError as error:
        raise UserError(
            f"{path} is not a safetensors file ({error})",
            "weights are never unpickled here: save the encoder with r2r_workers.models.tcn.save",
        ) from error

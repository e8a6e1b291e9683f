"""A checkpoint is numbers: whoever hides code in one, or absurd sizes, is refused in a line."""

from __future__ import annotations

import json
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest

from r2r_shared.errors import UserError
from r2r_workers.models import registry
from r2r_workers.models.checkpoint import METADATA_KEY
from r2r_workers.models.device import place
from r2r_workers.models.weights import IMAGENET
from tests.in_process import R2R

CONFIG = {"backbone": "resnet18", "head": [16], "side_px": 64, "depth": "defocus"}


class Payload:
    """Who unpickles this makes a directory."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.canary),)


def torch_file(path: Path, canary: Path) -> Path:
    """As `torch.save` writes it (a zip with a pickle inside), with the payload among the tensors."""
    import torch

    torch.save({"layer1.0.conv1.weight": Payload(canary)}, path)
    return path


@pytest.mark.parametrize("name", ["evil.pt", "evil.pth", "evil.ckpt", "evil.bin", "evil.safetensors"])
@pytest.mark.parametrize("bare", [True, False], ids=["pickle", "torch"])
def test_a_payload_is_refused_by_every_command_that_takes_a_profile(
    r2r: R2R, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, bare: bool
) -> None:
    canary, path = tmp_path / "canary", tmp_path / name
    if bare:
        path.write_bytes(pickle.dumps(Payload(canary)))
    else:
        torch_file(path, canary)

    monkeypatch.setenv("R2R_PROFILE", str(path))
    ended = [r2r("models", "pull", path)] if bare else [r2r("paintings", "import", tmp_path), r2r("films", "list")]

    assert ended[0].code == 1, ended
    assert ended[0].is_one_complaint(), ended
    assert all("Traceback" not in one.err for one in ended)
    assert not canary.exists()


def test_a_payload_in_torch_hubs_cache_is_not_run_by_who_loads_the_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights' name says the digest of their download; what lies there may be anyone's."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = IMAGENET["resnet18"].path
    path.parent.mkdir(parents=True)
    from r2r_workers.models.tcn import TcnEncoder

    for write in (
        lambda: torch_file(path, tmp_path / "canary"),
        lambda: path.write_bytes(pickle.dumps(Payload(tmp_path / "canary"), protocol=2)),
        lambda: path.write_bytes(b""),
    ):
        write()
        with pytest.raises(UserError, match="something else than tensors") as refused:
            TcnEncoder.from_imagenet("resnet18", place("cpu"))
        assert "\n" not in refused.value.message
    assert not (tmp_path / "canary").exists()


def safetensors(header: Any, data: bytes = b"", *, claimed: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if claimed is None else claimed) + text + data


def described(config: Any) -> dict[str, Any]:
    text = config if isinstance(config, str) else json.dumps(config)
    return {"__metadata__": {METADATA_KEY: text}}


def tensor(start: int, end: int, shape: list[int]) -> dict[str, Any]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}


ABSURD = {
    "a header of exabytes": safetensors({}, claimed=1 << 62),
    "a header of 99 MB that is not there": safetensors({}, claimed=99_000_000),
    "tensors one over the other": safetensors(
        {**described(CONFIG), "a": tensor(0, 8, [2]), "b": tensor(4, 12, [2])}, bytes(12)
    ),
    "a tensor beyond the end": safetensors({**described(CONFIG), "a": tensor(0, 1 << 40, [1 << 38])}, bytes(4)),
    "a shape that overflows": safetensors({**described(CONFIG), "a": tensor(0, 4, [1 << 40, 1 << 40])}, bytes(4)),
    "nested a hundred thousand deep": safetensors(b"[" * 100_000),
    "a description as deep": safetensors(described("[" * 100_000)),
    "layers without end": safetensors(described({**CONFIG, "head": [8192] * 10_000})),
    "layers of nothing": safetensors(described({**CONFIG, "head": [0, -1]})),
    "a width that is a text": safetensors(described({**CONFIG, "head": ["wide"]})),
    "pictures of a million pixels a side": safetensors(described({**CONFIG, "side_px": 1_000_000})),
    "a field of its own": safetensors(described({**CONFIG, "__class__": "x"})),
    "another depth estimator": safetensors(described({**CONFIG, "depth": "../../etc/passwd"})),
}


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_safetensors_are_one_line_when_described_and_when_loaded(tmp_path: Path, name: str) -> None:
    path = tmp_path / "absurd.safetensors"
    path.write_bytes(ABSURD[name])

    for use in (registry.describe, registry.load):
        with pytest.raises(UserError) as refused:
            use(str(path))
        assert refused.value.hint
        assert "\n" not in refused.value.message
        assert len(refused.value.message) < 1000

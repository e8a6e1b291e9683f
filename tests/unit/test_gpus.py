"""One child, one GPU: which one each takes, and how many children a worker has that was not told."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from r2r_shared.settings import Settings
from r2r_workers import gpus

LISTED = """\
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-2)
  MIG 1g.10gb Device 0: (UUID: MIG-3)
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose driver's tool says what is in LISTED."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{LISTED}END\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tool


def test_a_worker_has_a_child_for_each_gpu(driver: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    assert gpus.visible(os.environ) == ["0", "1"]
    assert gpus.pool_size(settings, os.environ) == 2
    assert gpus.pool_size(replace(settings, device="cpu"), os.environ) == settings.workers_by_cores
    assert gpus.pool_size(replace(settings, workers=5), os.environ) == 5


def test_each_child_sees_one_gpu_and_more_children_share_them_in_turn(
    driver: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    taken = []
    for child in range(4):
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        gpus.take(child, settings)
        taken.append(os.environ["CUDA_VISIBLE_DEVICES"])

    assert taken == ["0", "1", "0", "1"]


def test_what_the_orchestrator_gave_is_what_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-7, 3")

    gpus.take(1, Settings(home=tmp_path))

    assert os.environ["CUDA_VISIBLE_DEVICES"] == "3"


@pytest.mark.parametrize("named", ["", "-1"])
def test_no_gpu_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    settings = Settings(home=tmp_path)

    gpus.take(0, settings)

    assert gpus.visible(os.environ) == []
    assert os.environ["CUDA_VISIBLE_DEVICES"] == named
    assert gpus.pool_size(settings, os.environ) == settings.workers_by_cores


def test_a_tool_that_fails_is_a_machine_without_a_gpu(driver: Path) -> None:
    driver.write_text("#!/bin/sh\necho 'GPU 0: none, really'; exit 9\n")

    assert gpus.visible(os.environ) == []

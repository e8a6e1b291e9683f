"""Trainings as processes: killed and gone on with, shared between processes, and asked for on the command line."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch  # noqa: TID253  (weights are compared)
from safetensors.torch import load_file

from r2r_shared import db
from r2r_shared.local.stack import open_stack
from r2r_shared.settings import Settings
from r2r_shared.train_spec import TrainSpec
from r2r_workers.models.checkpoint import read_config
from tests.acceptance.cli import Cli
from tests.training_material import TINY, folder, picture

SPEC = TrainSpec(TINY, epochs=8, batch=6, rate=5e-3, triplet_weight=1.0, self_weight=1.0, seed=5)
ENV = os.environ | {"OMP_NUM_THREADS": "1"}


def start(path: Path, *, processes: int = 1) -> subprocess.Popen[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    return subprocess.Popen(
        [sys.executable, *launcher, "-m", "r2r_workers.training", str(path), "--device=cpu"],
        stdout=subprocess.PIPE,
        text=True,
        env=ENV,
        start_new_session=True,
    )


def events(process: subprocess.Popen[str]) -> list[dict[str, object]]:
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def test_a_training_killed_in_mid_epoch_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    folder(tmp_path / "whole", SPEC, triplets=12)
    folder(tmp_path / "killed", SPEC, triplets=12)
    assert events(start(tmp_path / "whole"))[-1]["event"] == "done"

    first = start(tmp_path / "killed")
    assert first.stdout is not None
    for line in first.stdout:
        if (event := json.loads(line))["event"] == "epoch" and event["epoch"] == 3:
            break
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    first.stdout.close()
    again = events(start(tmp_path / "killed"))

    epochs = [event["epoch"] for event in again if event["event"] == "epoch"]
    assert 3 < epochs[0] <= 8, "what was whole is not done again"  # type: ignore[operator]
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "killed"))
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    assert (tmp_path / "whole" / "model.safetensors").read_bytes() == (
        tmp_path / "killed" / "model.safetensors"
    ).read_bytes()


def test_a_training_killed_while_statistics_are_taken_goes_on_to_the_same_blend(tmp_path: Path) -> None:
    spec = dataclasses.replace(SPEC, epochs=1, triplet_weight=0.0, blend=2)
    for name in ("whole", "killed"):
        folder(tmp_path / name, spec, count=80)
    assert events(start(tmp_path / "whole"))[-1]["event"] == "done"

    first = start(tmp_path / "killed")
    assert first.stdout is not None
    for line in first.stdout:
        if json.loads(line)["event"] == "blend":
            break
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    first.stdout.close()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").glob("blend-*.npz")}
    again = events(start(tmp_path / "killed"))

    assert kept
    assert all(path.stat().st_mtime_ns == at for path, at in kept.items()), "what was taken is not taken again"
    assert not [event for event in again if event["event"] == "epoch"]
    one, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed"))
    assert one == other
    assert read_config(tmp_path / "whole" / "model.safetensors").blended


def test_two_processes_share_one_training(tmp_path: Path) -> None:
    """By torch's own launcher, on two CPUs: gloo in NCCL's place."""
    spec = dataclasses.replace(SPEC, epochs=3)
    folder(tmp_path / "run", spec, triplets=12)

    said = events(start(tmp_path / "run", processes=2))

    assert [event["epoch"] for event in said if event["event"] == "epoch"] == [1, 2, 3], "one of them speaks"
    assert said[-1]["event"] == "done"
    assert load_file(tmp_path / "run" / "model.safetensors")["head.0.weight"].isfinite().all()


def test_what_is_wrong_with_a_training_is_one_line(tmp_path: Path) -> None:
    folder(tmp_path / "run", SPEC)
    (tmp_path / "run" / "spec.json").write_text(json.dumps(SPEC.to_json() | {"initial": "none.pth"}))

    process = start(tmp_path / "run")
    out, _ = process.communicate(timeout=100)

    assert process.returncode == 1
    assert json.loads(out) == {
        "event": "error",
        "message": "none.pth cannot be read as weights (FileNotFoundError); nothing of it was run",
        "hint": "give a state dict of tensors: .pth or .safetensors",
    }


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Forty small pictures by eight artists in four movements."""
    root = tmp_path / "collection"
    for number in range(40):
        artist, movement = number % 8, number % 4
        place = root / f"Movement {movement}" / f"Artist {artist}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.jpg").write_bytes(picture(number))
    return root


def test_a_model_is_trained_on_the_command_line_while_its_worker_is_killed(fresh_home: Path, collection: Path) -> None:
    cli = Cli(fresh_home, {"R2R_LEASE_SECONDS": "3", "R2R_DECODE_THREADS": "1", "R2R_MAX_ATTEMPTS": "20"})
    cli.run("paintings", "import", collection)
    small = ["--backbone", "resnet10", "--width", "4", "--side", "32", "--head", "16,8", "--weights", "none"]
    with open_stack(Settings(home=fresh_home)) as stack, db.connect(stack.database_url, autocommit=True) as conn:
        training = cli.start(
            *("train", "mine", *small, "--epochs", "30", "--batch", "4", "--self-weight", "1"),
            *("--k-pos", "any", "--k-neg", "any", "--thresholds", "quantile", "--json"),
        )

        def epochs() -> list[int]:
            return [row[0] for row in conn.execute("SELECT epoch FROM training_epochs ORDER BY epoch")]

        for _ in range(2):
            before = len(epochs())
            wait_for(lambda before=before: len(epochs()) > before, 90)
            for process in workers_below(training.pid):
                process.kill()
        out, err = training.communicate(timeout=240)
        assert training.returncode == 0, err
        made = json.loads(out)

        assert made["job"]["state"] == "done"
        assert epochs() == list(range(1, 31))
        rows = conn.execute("SELECT attempt FROM segments WHERE kind = 'train'").fetchall()
        assert rows[0][0] >= 2, "it was killed"
    assert made["model"]["name"] == "mine"
    lineage = made["model"]["lineage"]
    assert lineage["spec"]["held_out"] == {"share": 0.25, "salt": ""}
    assert [epoch["epoch"] for epoch in lineage["epochs"]] == list(range(1, 31))
    boards = list((fresh_home / "training").glob("mine-*/tensorboard/events*"))
    assert boards, "TensorBoard has something to show"
    assert not list((fresh_home / "training").glob("mine-*/feed")), "the pictures' copies are gone"
    found = {row["name"]: row for row in cli.json("models", "list")}
    assert "mine" in found
    cli.end()


def workers_below(pid: int) -> list[psutil.Process]:
    """The training's worker, its children and what they started."""
    return [
        process
        for process in psutil.Process(pid).children(recursive=True)
        if "r2r_workers" in " ".join(process.cmdline()) or "spawn_main" in " ".join(process.cmdline())
    ]


def wait_for(condition: object, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)

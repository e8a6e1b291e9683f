"""`r2r train`: what it asks for, what it refuses, and how a training ends before its end. The training itself is in
tests/acceptance/test_training.py."""

from __future__ import annotations

import json

import pytest

from r2r_shared.queries import training
from tests import synthetic
from tests.in_process import R2R
from tests.synthetic import World


@pytest.fixture
def r2r(settings, conn, monkeypatch, capsys):
    profile_id = synthetic.add_profile(conn)
    synthetic.add_paintings(conn, profile_id, World(clusters=10).draw(100))
    conn.commit()
    command = R2R.on(settings, monkeypatch, capsys)
    monkeypatch.setenv("R2R_PROFILE", "synthetic")
    return command


def test_a_training_is_queued_with_all_that_decides_what_comes_out(r2r, conn):
    ended = r2r(
        *("train", "mine", "--backbone", "resnet18", "--weights", "none", "--head", "64,32", "--epochs", 3),
        *("--mining", "semi-hard", "--self-weight", 0.5, "--strength", "0.2,0.8", "--policy", "naive", "--seed", 9),
        *("--held-out", 0.3, "--salt", "b", "--detach", "--json"),
    )

    assert ended.code == 0, ended.err
    said = json.loads(ended.out)
    assert said["model"] is None
    assert (said["job"]["kind"], said["job"]["state"], said["job"]["about"]) == ("train", "queued", "mine")
    run = training.of_job(conn, said["job"]["id"])
    assert run.spec["held_out"] == {"share": 0.3, "salt": "b"}
    assert run.spec["rule"]["policy"] == "naive"
    assert run.spec["rule"]["seed"] == 9
    train = run.spec["train"]
    assert train["config"] == {
        "backbone": "resnet18", "head": [64, 32], "side_px": 224, "depth": "defocus", "width": 64, "corners": 0.0,
        "blended": False,
    }  # fmt: skip
    assert (train["mining"], train["self_weight"], train["strength"], train["initial"]) == (
        "semi-hard", 0.5, [0.2, 0.8], "",
    )  # fmt: skip
    assert conn.execute("SELECT queue FROM segments").fetchall() == [("train",)]


def test_the_papers_network_begins_with_imagenet_and_the_starter_with_nothing(r2r, conn):
    r2r("train", "as-the-paper", "--detach")
    r2r("train", "small", "--recipe", "starter", "--detach")

    rows = conn.execute("SELECT name, spec FROM training_runs ORDER BY id").fetchall()
    begun = {name: (spec["train"]["config"]["backbone"], spec["train"]["initial"]) for name, spec in rows}
    assert begun == {"as-the-paper": ("resnet50", "imagenet"), "small": ("resnet14", "")}
    assert dict(rows)["small"]["rule"] is None, "it learns from renditions alone"


def test_weights_of_a_file_lie_in_the_media_store_for_whoever_trains(r2r, conn, tmp_path, settings):
    (tmp_path / "mine.pth").write_bytes(b"what torch wrote")

    ended = r2r("train", "mine", "--weights", tmp_path / "mine.pth", "--detach")

    assert ended.code == 0, ended.err
    (spec,) = conn.execute("SELECT spec FROM training_runs").fetchone()
    assert (settings.home / "media" / spec["initial"]).read_bytes() == b"what torch wrote"
    assert spec["train"]["initial"] == spec["initial"].removeprefix("weights/")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--recipe", "cheap"], 2, "paper or starter"),
        (["--backbone", "vgg16"], 2, "not one of"),
        (["--width", "32"], 2, "cannot be 32 channels wide"),
        (["--head", "a,b"], 2, "whole numbers by comma"),
        (["--strength", "1"], 2, "two numbers by comma"),
        (["--backbone", "resnet10", "--weights", "imagenet"], 2, "no ImageNet weights"),
        (["--weights", "none.txt"], 2, ".pth or .safetensors"),
        (["--weights", "none.pth"], 1, "cannot be read"),
        (["--epochs", "-1"], 1, "out of range"),
        (["--epochs", "0"], 1, "nothing is to be learnt"),
        (["--blend", "65"], 1, "out of range"),
        (["--policy", "strict"], 2, "naive or constrained"),
        (["--k-pos", "9"], 2, "1 to 8"),
        (["--collection", "nothing"], 1, "nothing"),
        (["--side", "4"], 2, "between 32 and"),
    ],
)
def test_what_cannot_be_trained_is_said_before_anything_is_queued(r2r, conn, options, code, said):
    ended = r2r("train", "mine", "--detach", *options)

    assert ended.code == code
    assert said in " ".join(ended.err.replace("│", " ").split())
    assert conn.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


@pytest.mark.parametrize("name", ["starter", "descriptor", "resnet50", "a/b", "x.safetensors", ""])
def test_a_model_has_a_name_of_its_own(r2r, name):
    ended = r2r("train", name, "--detach")

    assert ended.code == 1
    assert ended.is_one_complaint()


def test_two_trainings_do_not_make_one_model(r2r):
    assert r2r("train", "mine", "--detach").code == 0

    again = r2r("train", "mine", "--detach")

    assert again.code == 1
    assert "is training a model of the name mine already" in again.err


def test_a_training_that_was_cancelled_may_be_asked_for_again(r2r, conn):
    r2r("train", "mine", "--detach")

    assert r2r("jobs", "cancel", 1).code == 0
    assert r2r("train", "mine", "--detach").code == 0

    assert conn.execute("SELECT state FROM jobs ORDER BY id").fetchall() == [("cancelled",), ("queued",)]


def test_a_cancelled_training_is_not_tried_again_while_another_makes_its_model(r2r):
    r2r("train", "mine", "--detach")
    r2r("jobs", "cancel", 1)
    r2r("train", "mine", "--detach")

    again = r2r("jobs", "retry", 1)

    assert again.code == 1
    assert "is training a model of the name mine already" in again.err

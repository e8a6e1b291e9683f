"""Epochs, batches, checkpoints: what is drawn, what is kept, and that a training learns."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch  # noqa: TID253  (all of it is about tensors)
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from r2r_shared.errors import UserError
from r2r_shared.train_spec import TrainSpec
from r2r_workers.models.device import Placement
from r2r_workers.training import batches, schedule
from r2r_workers.training.checkpointing import BEST, LAST, Best
from r2r_workers.training.company import Company
from r2r_workers.training.epoch import Epoch
from r2r_workers.training.feed import Feed
from r2r_workers.training.loop import Training
from tests.training_material import TINY, folder, picture

SELF = TrainSpec(TINY, epochs=4, batch=8, rate=5e-3, triplet_weight=0.0, self_weight=1.0, seed=3)
FIXED = TrainSpec(TINY, epochs=3, batch=4, rate=5e-3, distance="score")
MINED = TrainSpec(TINY, epochs=2, batch=9, rate=5e-3, mining="semi-hard", distance="latent", self_weight=0.5)
CPU = Placement(torch.device("cpu"), bfloat16=False)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Such small networks gain nothing from a second, and lose much where other work wants the core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trained(path: Path, spec: TrainSpec, *, upto: int | None = None) -> tuple[Training, list[Epoch]]:
    """Train what lies in a folder, to the end or until some epoch is whole."""
    training = Training(spec, Feed.open(path / "feed"), CPU, Company())
    seen: list[Epoch] = []

    class Enough(Exception):
        pass

    def on_epoch(done: Epoch) -> None:
        seen.append(done)
        if done.epoch == upto:
            raise Enough

    with contextlib.suppress(Enough):
        training.run(path, on_step=lambda *_: None, on_epoch=on_epoch)
    return training, seen


def weights(training: Training) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in training.network.state_dict().items()}


def assert_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.parametrize("spec", [SELF, FIXED, MINED], ids=["self", "fixed", "mined"])
def test_a_training_that_goes_on_ends_with_the_weights_of_one_that_never_stopped(
    tmp_path: Path, spec: TrainSpec
) -> None:
    folder(tmp_path / "whole", spec, triplets=10)
    folder(tmp_path / "broken", spec, triplets=10)

    undisturbed, whole = trained(tmp_path / "whole", spec)
    _, first = trained(tmp_path / "broken", spec, upto=1)
    resumed, rest = trained(tmp_path / "broken", spec)

    assert_equal(weights(resumed), weights(undisturbed))
    assert [dataclasses.replace(epoch, seconds=0) for epoch in (*first, *rest)] == [
        dataclasses.replace(epoch, seconds=0) for epoch in whole
    ]
    assert_equal(load_file(tmp_path / "whole" / BEST), load_file(tmp_path / "broken" / BEST))


def test_a_training_learns_to_tell_pictures_by_their_renditions(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, width=8)
    spec = dataclasses.replace(SELF, config=config, epochs=60, rate=1e-2, strength=(0.0, 0.3), least_part=0.9)
    folder(tmp_path / "run", spec, held=0)

    _, epochs = trained(tmp_path / "run", spec)

    by_chance = math.log(spec.batch)
    assert epochs[-1].loss < 0.5 * by_chance


def test_fixed_triplets_come_right(tmp_path: Path) -> None:
    spec = dataclasses.replace(FIXED, epochs=30, distance="latent", margin=0.5)
    folder(tmp_path / "run", spec, triplets=8)

    _, epochs = trained(tmp_path / "run", spec)

    assert epochs[-1].loss < 0.6 * epochs[0].loss
    assert all(epoch.held_right is not None for epoch in epochs)


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    folder(tmp_path / "a", SELF)
    folder(tmp_path / "b", SELF)

    one, _ = trained(tmp_path / "a", SELF, upto=1)
    other, _ = trained(tmp_path / "b", dataclasses.replace(SELF, seed=4), upto=1)

    assert not torch.equal(weights(one)["head.0.weight"], weights(other)["head.0.weight"])


def test_a_training_ends_when_nothing_gets_better(tmp_path: Path) -> None:
    spec = dataclasses.replace(SELF, epochs=50, rate=1e-7, patience=3)
    folder(tmp_path / "run", spec)

    training, epochs = trained(tmp_path / "run", spec)

    losses = [epoch.held_loss for epoch in epochs]
    best = losses.index(min(loss for loss in losses if loss is not None))
    assert len(epochs) == best + 1 + 3
    assert training.epoch < 50


def test_a_training_that_runs_away_says_so(tmp_path: Path) -> None:
    spec = dataclasses.replace(SELF, rate=10.0, temperature=0.001, epochs=60)
    folder(tmp_path / "run", spec)
    training = Training(spec, Feed.open(tmp_path / "run" / "feed"), CPU, Company())
    with torch.no_grad():
        next(training.network.parameters()).fill_(torch.inf)

    with pytest.raises(UserError, match="has run away"):
        training.run(tmp_path / "run", on_step=lambda *_: None, on_epoch=lambda _: None)


def test_the_best_is_the_last_where_nothing_is_held_out() -> None:
    epoch = Epoch(5, 1.0, None, None, None, 0.1, 1.0)

    assert Best().after(epoch) == Best(5)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    folder(tmp_path / "run", SELF)
    trained(tmp_path / "run", SELF, upto=1)
    other = dataclasses.replace(SELF, config=dataclasses.replace(TINY, width=8))

    with pytest.raises(UserError, match="another network"):
        trained(tmp_path / "run", other)


def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path: Path) -> None:
    folder(tmp_path / "run", SELF)
    trained(tmp_path / "run", SELF, upto=2)
    before = (tmp_path / "run" / LAST).read_bytes()

    (tmp_path / "run" / f".{LAST}.part").write_bytes(before[: len(before) // 2])  # as far as a kill let it come
    training, epochs = trained(tmp_path / "run", SELF)

    assert [epoch.epoch for epoch in epochs] == [3, 4]
    assert training.epoch == 4


@given(st.integers(0, 2**31), st.integers(1, 50))
@settings(max_examples=40, deadline=None)
def test_an_epoch_shows_no_picture_twice_and_none_that_is_held_out(seed: int, epoch: int) -> None:
    feed = rows_only(count=50, held=13)
    spec = dataclasses.replace(SELF, seed=seed)

    seen = np.concatenate(list(batches.of_epoch(spec, feed, epoch)))

    assert len(set(seen.tolist())) == len(seen) == 37 // 8 * 8
    assert seen.max() < 37


def test_mined_batches_bring_works_of_one_artist_together() -> None:
    feed = rows_only(count=240, held=0)
    spec = dataclasses.replace(MINED, batch=16)

    for rows in batches.of_epoch(spec, feed, 1):
        artists = feed.labels[rows, 0]
        shared = sum(int((artists == artist).sum() > 1) for artist in artists)
        assert shared >= 12, "three works of each artist there are"


def test_a_batch_larger_than_all_there_is_holds_all_there_is() -> None:
    feed = rows_only(count=9, held=2)

    assert [len(rows) for rows in batches.of_epoch(dataclasses.replace(SELF, batch=64), feed, 1)] == [7]
    assert batches.steps(dataclasses.replace(SELF, batch=64), feed) == 1


def rows_only(*, count: int, held: int) -> Feed:
    labels = np.stack([np.arange(count) // 3, np.arange(count) // 3], 1).astype(np.int32)
    empty = np.zeros((0, 3), np.int64)
    outside = np.arange(count) >= count - held
    nothing = np.zeros((count, 1), np.float32)
    return Feed(
        np.zeros((count, 1, 1, 3), np.uint8),
        nothing[:, 0],
        nothing,
        labels,
        np.eye(count, dtype=bool),
        outside,
        empty,
        empty,
    )


def test_the_rate_rises_then_falls() -> None:
    rates = [schedule.rate_at(step, 100, 1.0) for step in range(100)]

    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert all(a > b for a, b in itertools.pairwise(rates[5:]))
    assert rates[-1] < 0.01


def test_pictures_are_squashed_and_their_aspects_kept(tmp_path: Path) -> None:
    folder(tmp_path / "run", SELF, count=5, held=0)

    feed = Feed.open(tmp_path / "run" / "feed")

    assert feed.pictures.shape == (5, 48, 48, 3)
    assert feed.aspects.tolist() == [pytest.approx((64 + 8 * (n % 5)) / 64) for n in range(5)]


def test_a_picture_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    from r2r_workers.training.feed import write_pictures

    with pytest.raises(ValueError, match="cannot be decoded"):
        write_pictures(tmp_path, [picture(1), b"no picture"], 2, 32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": -1}, "epochs -1 is out of range"),
        ({"epochs": 0}, "nothing is to be learnt in 0 epochs"),
        ({"rate": float("nan")}, "rate nan is out of range"),
        ({"distance": "cosine"}, "distance cosine is not known"),
        ({"mining": "soft"}, "mining soft is not known"),
        ({"triplet_weight": 0.0, "self_weight": 0.0}, "nothing is to be learnt"),
        ({"strength": (0.9, 0.1)}, "is no range"),
    ],
)
def test_a_spec_says_what_is_wrong_with_it(change: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        dataclasses.replace(SELF, **change)  # type: ignore[arg-type]


def test_a_spec_survives_json() -> None:
    assert TrainSpec.of_json(json.loads(json.dumps(MINED.to_json()))) == MINED

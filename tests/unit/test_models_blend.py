"""The blend of a network and hand-made statistics: in a checkpoint and out of it, and what it adds."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from r2r_shared.encoder_config import TcnConfig
from r2r_shared.errors import UserError
from r2r_workers.models import load
from r2r_workers.models.blend import Blend
from r2r_workers.models.checkpoint import read_config, to_metadata
from r2r_workers.models.descriptor import Codebook, statistics
from r2r_workers.models.device import place
from r2r_workers.models.tcn import TcnEncoder, build, save

CONFIG = TcnConfig("resnet10", (8,), 32, width=4)
SIZE = 486 + 3 * (6 + 6)


@pytest.fixture(scope="module")
def blend() -> Blend:
    """Drawn numbers, with codebooks of six words."""
    rng = np.random.default_rng(2)

    def drawn(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    books = [Codebook(drawn(size), drawn(size, 5), drawn(6, 5)) for size in (75, 49)]
    return Blend(books[0], books[1], drawn(SIZE), drawn(SIZE, 8), drawn(8), drawn(8))


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (*size, 3), np.uint8) for size in ((64, 96), (80, 50), (64, 64))]


@pytest.fixture
def checkpoint(blend, tmp_path):
    import torch

    torch.manual_seed(0)
    network = build(CONFIG)
    save(network, CONFIG, tmp_path / "blended.safetensors", blend=blend)
    return network, tmp_path / "blended.safetensors"


def test_a_blend_is_the_projected_statistics_and_the_networks_axes_by_their_gains(blend, pictures):
    said = np.random.default_rng(3).normal(size=(3, 8)).astype(np.float32)

    found = blend.embed(pictures, said, threads=2)

    for row, picture, embedding in zip(found, pictures, said, strict=True):
        by_hand = (statistics(picture, blend.colour, blend.structure) - blend.centre) @ blend.weight
        by_hand = by_hand + blend.gain * embedding + blend.bias
        assert row == pytest.approx(by_hand / np.linalg.norm(by_hand), abs=1e-5)


def test_a_checkpoint_with_a_blend_says_so_and_embeds_with_it(blend, checkpoint, pictures):
    network, path = checkpoint
    alone = TcnEncoder(network, CONFIG, place("cpu"), name="x", digest="y").embed(pictures)

    encoder = load(str(path), "cpu").encoder

    assert read_config(path).blended
    assert not CONFIG.blended
    assert encoder.embed(pictures) == pytest.approx(blend.embed(pictures, alone, threads=1), abs=1e-5)
    assert encoder.embed([]).shape == (0, 8)


def test_pictures_do_not_know_their_neighbours(checkpoint, pictures):
    encoder = load(str(checkpoint[1]), "cpu").encoder

    together = encoder.embed(pictures)

    assert (together == np.concatenate([encoder.embed([picture]) for picture in pictures])).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("blend.gain"),
        lambda arrays: arrays.update({"blend.centre": np.zeros(3, np.float32)}),
        lambda arrays: arrays.update({"blend.colour.words": np.zeros((7, 5), np.float32)}),
        lambda arrays: arrays.update({"blend.bias": np.zeros(9, np.float32), "blend.gain": np.zeros(9, np.float32)}),
    ],
)
def test_a_blend_that_does_not_fit_is_refused(checkpoint, change):
    _, path = checkpoint
    arrays = load_file(path)
    change(arrays)
    save_file(arrays, path, metadata=to_metadata(read_config(path)))

    with pytest.raises(UserError, match="do not fit its own description"):
        load(str(path), "cpu")

"""The starter network as the package carries it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from r2r_workers.models import STARTER, describe, load
from r2r_workers.models.checkpoint import read_config, read_lineage
from r2r_workers.models.registry import STARTER_WEIGHTS
from tests.unit.test_models_descriptor import scene

PAINTINGS = Path(__file__).parents[3] / "shared" / "paintings"


@pytest.fixture(scope="module")
def encoder():
    return load(STARTER).encoder


def test_it_is_small_and_says_how_it_came_about() -> None:
    assert STARTER_WEIGHTS.stat().st_size <= 4_000_000
    assert describe(STARTER)["config"]["backbone"] == read_config(STARTER_WEIGHTS).backbone
    lineage = read_lineage(STARTER_WEIGHTS)
    assert lineage["spec"]["held_out"]["share"] == 0.25
    assert read_config(STARTER_WEIGHTS).blended
    network = lineage["began_with"]  # whose epochs are counted; the blend was fitted to it afterwards
    assert network["epochs"][-1]["epoch"] == network["spec"]["train"]["epochs"]
    assert network["spec"]["held_out"] == lineage["spec"]["held_out"]


def test_its_embeddings_are_unit_vectors(encoder) -> None:
    vectors = encoder.embed([scene(1), scene(2), scene(3, 64, 200)])

    assert vectors.shape == (3, encoder.dim)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert encoder.embed([]).shape == (0, encoder.dim)


def test_a_pictures_numbers_do_not_depend_on_its_neighbours_to_the_bit(encoder) -> None:
    pictures = [scene(seed, 96 + 20 * seed, 128) for seed in range(4)]

    alone = np.concatenate([encoder.embed([picture]) for picture in pictures])

    assert np.array_equal(encoder.embed(pictures), alone)


def test_a_picture_and_its_mirror_image_are_the_same(encoder) -> None:
    image = scene(5, 200, 120)

    there, back = encoder.embed([image, np.ascontiguousarray(image[:, ::-1])])

    assert there @ back == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("shape", "value"), [((1, 1, 3), 7), ((2, 300, 3), 0), ((40, 40, 3), 255)])
def test_flat_and_tiny_pictures_have_an_embedding(encoder, shape: tuple[int, ...], value: int) -> None:
    (vector,) = encoder.embed([np.full(shape, value, np.uint8)])

    assert np.isfinite(vector).all()


@pytest.mark.skipif(not PAINTINGS.is_dir(), reason="the shared paintings are not beside this checkout")
def test_a_film_like_rendition_of_a_painting_is_nearest_to_it(encoder) -> None:
    """One film frame each of all 72, at the middle strength; the aim for films is .95."""
    from tests.benchmarks import frames, kept_out

    paths = [work.path for work in kept_out.paintings()]
    paintings = encoder.embed([np.asarray(Image.open(path).convert("RGB")) for path in paths])
    asked = [frames.frame(path, 0.5, number) for number, path in enumerate(paths)]
    found = encoder.embed([np.asarray(Image.open(io.BytesIO(jpeg))) for jpeg in asked]) @ paintings.T

    assert (found.argmax(1) == np.arange(len(paths))).mean() >= 0.85

"""Depth maps as pictures: small, grey, from their own least value to their own greatest; and where they are kept."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from r2r_shared.storage import depth_maps
from r2r_workers.measure import depth_picture, measure
from r2r_workers.models import load
from tests.catalogue import jpeg


def opened(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        assert image.mode == "L"
        return np.asarray(image).astype(int)


def test_a_slope_stays_a_slope_from_black_to_white():
    slope = np.tile(np.linspace(309, 3229, 512, dtype=np.float32), (288, 1))

    grey = opened(depth_picture(slope))

    assert grey.shape == (54, 96)
    assert (grey == grey[0]).all()
    assert (np.diff(grey[0]) >= 0).all()
    assert (grey[0, 0], grey[0, -1]) == (0, 255)
    assert np.abs(grey[0] - np.linspace(0, 255, 96)).max() <= 2


@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    seed=st.integers(0, 9),
)
def test_any_map_becomes_a_picture_of_its_own_shape(height: int, width: int, scale: float, seed: int):
    depth = (np.random.default_rng(seed).random((height, width)) * scale - scale / 3).astype(np.float32)

    grey = opened(depth_picture(depth))

    longest = max(height, width)
    assert max(grey.shape) == min(longest, depth_maps.LONG_SIDE_PX)
    assert abs(grey.shape[0] - max(1, height * max(grey.shape) / longest)) <= 1
    if grey.size > 1:
        assert (grey.min(), grey.max()) == (0, 255)


def test_a_map_without_depth_is_black():
    assert not opened(depth_picture(np.full((40, 60), 7.5, np.float32))).any()


def test_each_picture_hands_over_the_map_of_its_own_place():
    models = load("descriptor")
    jpegs = [jpeg(seed) for seed in range(5)]
    handed: dict[int, bytes] = {}

    with_maps = measure(jpegs, models, batch=2, on_depth=handed.__setitem__)

    assert with_maps == measure(jpegs, models)
    assert sorted(handed) == [0, 1, 2, 3, 4]
    for place, one in enumerate(jpegs):
        alone: dict[int, bytes] = {}
        measure([one], models, on_depth=alone.__setitem__)
        assert alone[0] == handed[place]


@pytest.mark.parametrize("digest", ["9f86d08188", "Intel/dpt-beit-large-512@7f02", "torchvision:x-1", "a b/../é"])
def test_maps_lie_in_one_folder_of_each_model_whatever_its_digest_is(digest: str):
    folder = depth_maps.folder_of_model(digest)

    assert folder.count("/") == 1
    assert folder.isascii()
    assert depth_maps.key("films/ab/abc/x/1.jpg", digest) == f"{folder}/films/ab/abc/x/1.jpg.png"
    assert depth_maps.of_folders(["films/ab/abc"], [digest, "other"])[0] == f"{folder}/films/ab/abc"
    assert depth_maps.of_pictures(["paintings/1.jpg"], [digest]) == [depth_maps.key("paintings/1.jpg", digest)]

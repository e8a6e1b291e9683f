"""What a network is shown: windows of pictures, other colours, a film's look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch  # noqa: TID253  (all of it is about tensors)
from hypothesis import given, settings
from hypothesis import strategies as st

from r2r_shared.train_spec import TrainSpec
from r2r_workers.training import augment
from r2r_workers.training.augment import Windows
from r2r_workers.training.feed import Feed
from r2r_workers.training.views import Pictures
from tests.training_material import TINY, folder


def smooth_pictures(count: int, side: int = 96) -> torch.Tensor:
    """Pictures whose every place has a colour of its own, without an edge that sampling could blur."""
    axis = torch.linspace(0, 1, side)
    pictures = [
        torch.stack([axis[None, :].expand(side, side), axis[:, None].expand(side, side), torch.full((side, side), k)])
        for k in torch.linspace(0.2, 0.8, count)
    ]
    return torch.stack(pictures)


@given(st.integers(0, 2**31), st.booleans())
@settings(max_examples=20, deadline=None)
def test_a_window_of_a_window_shows_the_same_as_one_window_of_the_picture(seed: int, mirrored: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    pictures = smooth_pictures(3)
    outer = Windows.parts(3, least=0.5, mirrored=1.0 if mirrored else 0.0, generator=generator)
    inner = augment.film_windows(torch.tensor([0.7, 1.0, 1.6]), torch.ones(3), generator)

    at_once = augment.seen(pictures, inner.within(outer), 32)
    one_by_one = augment.seen(augment.seen(pictures, outer, 192), inner, 32)

    assert torch.allclose(at_once, one_by_one, atol=0.02)


def test_pictures_that_are_kept_fine_are_shown_to_the_network_at_the_side_that_others_are_kept_at(tmp_path) -> None:
    spec = TrainSpec(TINY, self_weight=1.0, blend=1)
    folder(tmp_path / "fine", spec)
    folder(tmp_path / "plain", replace(spec, blend=0))
    rows = np.arange(5)

    fine, plain = (
        Pictures(Feed.open(tmp_path / name / "feed"), torch.device("cpu"), fine=name == "fine").take(rows)
        for name in ("fine", "plain")
    )

    assert fine.shape == plain.shape == (5, 3, 48, 48)
    assert (fine - plain).abs().mean() < 0.01


def test_a_mirrored_window_shows_left_as_right() -> None:
    pictures = smooth_pictures(2)
    whole = Windows.whole(2)

    plain = augment.seen(pictures, whole, 32)
    mirrored = augment.seen(pictures, Windows(whole.box, torch.tensor([True, False])), 32)

    assert torch.allclose(mirrored[0], plain[0].flip(2), atol=1e-5)
    assert torch.equal(mirrored[1], plain[1])


@given(st.integers(0, 2**31), st.floats(0.3, 3.0), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_a_film_takes_in_a_part_of_the_picture_in_a_films_format(seed: int, aspect: float, strength: float) -> None:
    generator = torch.Generator().manual_seed(seed)

    box = augment.film_windows(torch.full((64,), aspect), torch.full((64,), strength), generator).box

    left, top, width, height = box.unbind(1)
    assert (box >= 0).all()
    assert (left + width <= 1 + 1e-5).all()
    assert (top + height <= 1 + 1e-5).all()
    formats = (width * aspect / height).numpy()
    assert np.isclose(formats[:, None], augment.FORMATS, rtol=1e-3).any(axis=1).all()
    assert (torch.maximum(width, height) <= 0.97 + 1e-5).all()


def test_turned_colours_keep_greys_and_distances() -> None:
    matrices = augment.recolour(50, 1.0, torch.Generator().manual_seed(3))

    assert torch.allclose(matrices @ torch.ones(3), torch.ones(50, 3), atol=1e-5)
    assert torch.allclose(matrices @ matrices.mT, torch.eye(3).expand(50, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(matrices), torch.ones(50), atol=1e-4)


def test_no_colours_are_turned_where_none_shall_be() -> None:
    matrices = augment.recolour(50, 0.0, torch.Generator().manual_seed(3))

    assert torch.allclose(matrices, torch.eye(3).expand(50, 3, 3), atol=1e-6)


def test_at_no_strength_a_look_is_grain_alone() -> None:
    pictures = smooth_pictures(8)

    graded = augment.graded(pictures, torch.zeros(8), torch.Generator().manual_seed(1))

    assert (graded - pictures).abs().mean() < 0.02


def test_at_full_strength_looks_are_of_every_kind() -> None:
    pictures = smooth_pictures(1).expand(600, -1, -1, -1)[:, :, :48, :48]

    graded = augment.graded(pictures, torch.ones(600), torch.Generator().manual_seed(2))

    assert graded.min() >= 0
    assert graded.max() <= 1
    chroma = (graded.amax(1) - graded.amin(1)).mean((1, 2))
    assert 0.02 < (chroma < 0.01).float().mean() < 0.12, "black and white"
    bars = (graded[:, :, 0] == 0).all(2).all(1)
    assert 0.02 < bars.float().mean() < 0.12, "what is left of bars"
    brightness = graded.mean((1, 2, 3))
    assert brightness.std() > 0.03, "exposure"


def test_blur_keeps_the_mean_and_takes_the_grain() -> None:
    noise = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))

    blurred = augment._blurred(noise, torch.tensor([0.4, 2.0]))

    assert torch.allclose(blurred.mean((1, 2, 3)), noise.mean((1, 2, 3)), atol=5e-3)
    assert blurred[1].std() < 0.3 * blurred[0].std()


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_same_seed_means_the_same_renditions(strength: float) -> None:
    pictures, aspects = smooth_pictures(4), torch.tensor([0.8, 1.0, 1.3, 2.0])

    first, second, other = (
        augment.film_like(
            pictures, aspects, side_px=40, strength=strength, generator=torch.Generator().manual_seed(seed)
        )
        for seed in (7, 7, 8)
    )

    assert first.shape == (4, 3, 40, 40)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)

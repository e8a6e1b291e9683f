"""What must hold for the eight metrics on any picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from r2r_workers import metrics

PAINTINGS = Path(__file__).parents[3] / "shared" / "paintings"

sides = st.integers(1, 24)
pictures = st.tuples(sides, sides).flatmap(lambda s: arrays(np.uint8, (*s, 3), elements=st.integers(0, 255)))
lumas = st.tuples(sides, sides).flatmap(lambda s: arrays(np.uint8, s, elements=st.integers(0, 255)))


@given(pictures)
@settings(max_examples=60, deadline=None)
def test_colour_does_not_depend_on_where_pixels_lie(image):
    shuffled = np.random.default_rng(0).permutation(image.reshape(-1, 3)).reshape(image.shape)

    assert metrics.dominant_colours(image).tolist() == metrics.dominant_colours(shuffled).tolist()
    assert metrics.saturation(image) == metrics.saturation(shuffled)


@given(pictures)
@settings(max_examples=60, deadline=None)
def test_colour_numbers_stay_in_range(image):
    colours = metrics.dominant_colours(image)

    assert colours.shape == (9,)
    assert image.min() <= colours.min() <= colours.max() <= image.max()
    assert 0 <= metrics.saturation(image) <= 255


@given(pictures)
@settings(max_examples=60, deadline=None)
def test_dominant_colours_are_a_fixed_point_and_ranked(image):
    """Lloyd's condition: each centre is the mean of the pixels nearest to it (to half a histogram cell)."""
    centres = metrics.dominant_colours(image).reshape(3, 3)
    pixels = image.reshape(-1, 3).astype(float)
    nearest = np.linalg.norm(pixels[:, None] - np.unique(centres, axis=0)[None], axis=2).min(axis=1)
    spread = np.linalg.norm(pixels - pixels.mean(axis=0), axis=1)

    assert (nearest**2).sum() <= (spread**2).sum() + 1e-6 + len(pixels) * 14**2  # a cell's diagonal: 8·√3


@given(pictures)
@settings(max_examples=40, deadline=None)
def test_luma_is_pillows(image):
    assert np.array_equal(metrics.luma(image), np.asarray(Image.fromarray(image).convert("L")))


@given(lumas)
@settings(max_examples=60, deadline=None)
def test_mirrors_and_turns(luma):
    mirrored, turned = luma[:, ::-1], luma[::-1]

    assert metrics.balance(mirrored) == metrics.balance(luma) == metrics.balance(turned)
    assert metrics.contrast(mirrored) == metrics.contrast(luma)


@given(lumas.filter(lambda y: y.shape[0] % 3 == 0 and y.shape[1] % 3 == 0))
@settings(max_examples=30, deadline=None)
def test_a_mirror_swaps_the_columns_of_the_shadow_pattern(luma):
    pattern = metrics.shadow_pattern(luma).reshape(3, 3)

    assert metrics.shadow_pattern(luma[:, ::-1]).reshape(3, 3).tolist() == pattern[:, ::-1].tolist()
    assert pattern.mean() == pytest.approx(255 * (luma < 64).mean())


@given(lumas)
@settings(max_examples=60, deadline=None)
def test_contrast_is_numpys_percentile(luma):
    high, low = np.percentile(luma, [95, 5])

    assert metrics.contrast(luma) == pytest.approx(high - low)


@given(lumas, st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_exposure_moves_neither_balance_nor_contrast(luma, lift):
    dim = (luma // 2).astype(np.uint8)

    assert metrics.balance(dim + np.uint8(lift)) == pytest.approx(metrics.balance(dim))
    assert metrics.contrast(dim + np.uint8(lift)) == pytest.approx(metrics.contrast(dim))


@pytest.mark.parametrize(
    ("metric", "positive", "negative"),
    [
        ("dc", (201, 0.14), (430, 0.22)),
        ("saturation", (72, 0.88), (118, 0.02)),
        ("balance", (5, 0.29), (21, 0.17)),
        ("shadow", (72, 0.09), (408, 0.20)),
        ("contrast", (43, 0.57), (61, 0.28)),
    ],
)
def test_table_1_divides_real_paintings_as_designed(painting_numbers, metric, positive, negative):
    """Shares of random pairs under the positive and over the negative threshold (DESIGN 4.1)."""
    values = painting_numbers[metric]
    first, second = np.triu_indices(len(values), 1)
    if metric == "dc":
        points = values.reshape(-1, 3, 3)
        delta = np.linalg.norm(points[first] - points[second], axis=2).sum(axis=1)
    else:
        delta = np.linalg.norm(values[first] - values[second], axis=1)

    assert (delta <= positive[0]).mean() == pytest.approx(positive[1], abs=0.05)
    assert (delta >= negative[0]).mean() == pytest.approx(negative[1], abs=0.05)


@pytest.fixture(scope="module")
def painting_numbers() -> dict[str, np.ndarray]:
    files = sorted(PAINTINGS.glob("*.jpg"))
    if not files:
        pytest.skip(f"no paintings at {PAINTINGS}: Table 1's shares were not checked")
    rows: dict[str, list[list[float]]] = {name: [] for name in ("dc", "saturation", "balance", "shadow", "contrast")}
    for file in files:
        with Image.open(file) as picture:
            picture.thumbnail((512, 512))
            image = np.asarray(picture.convert("RGB"))
        luma = metrics.luma(image)
        rows["dc"].append(metrics.dominant_colours(image).tolist())
        rows["saturation"].append([metrics.saturation(image)])
        rows["balance"].append([metrics.balance(luma)])
        rows["shadow"].append(metrics.shadow_pattern(luma).tolist())
        rows["contrast"].append([metrics.contrast(luma)])
    return {name: np.array(values) for name, values in rows.items()}

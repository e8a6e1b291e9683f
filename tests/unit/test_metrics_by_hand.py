"""The eight metrics on pictures whose numbers can be worked out on paper."""

from __future__ import annotations

import numpy as np
import pytest

from r2r_workers import metrics

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def stripes(*colours: tuple[int, int, int], widths: tuple[int, ...], height: int = 30) -> np.ndarray:
    """Vertical stripes, left to right."""
    row = np.concatenate([np.tile(np.uint8(c), (w, 1)) for c, w in zip(colours, widths, strict=True)])
    return np.repeat(row[None], height, axis=0)


# luma


@pytest.mark.parametrize(
    ("colour", "expected"),
    [((0, 0, 0), 0), ((255, 255, 255), 255), (RED, 76), (GREEN, 150), (BLUE, 29), ((128, 128, 128), 128)],
)
def test_luma_is_bt_601(colour, expected):
    assert metrics.luma(np.full((2, 3, 3), colour, np.uint8)).tolist() == [[expected] * 3] * 2


# dominant colours


def test_dominant_colours_come_by_share():
    image = stripes(GREEN, RED, BLUE, widths=(20, 50, 30))

    assert metrics.dominant_colours(image).tolist() == [*RED, *BLUE, *GREEN]


def test_dominant_colours_of_equal_share_come_darkest_first():
    image = stripes((200, 200, 200), (10, 10, 10), (100, 100, 100), widths=(10, 10, 10))

    assert metrics.dominant_colours(image).tolist() == [10.0] * 3 + [100.0] * 3 + [200.0] * 3


def test_a_cluster_stands_at_the_mean_of_its_pixels():
    image = stripes((10, 0, 0), (12, 0, 0), GREEN, BLUE, widths=(30, 30, 20, 10))

    assert metrics.dominant_colours(image)[:3].tolist() == [11.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (stripes(RED, widths=(9,)), [*RED, *RED, *RED]),
        (stripes(RED, BLUE, widths=(3, 6)), [*BLUE, *RED, *RED]),
        (np.full((1, 1, 3), 7, np.uint8), [7] * 9),
    ],
)
def test_fewer_than_three_colours_repeat_the_last(image, expected):
    assert metrics.dominant_colours(image).tolist() == expected


def test_three_colours_close_to_each_other_are_still_three():
    image = stripes((4, 4, 4), (20, 20, 20), (28, 28, 28), widths=(6, 5, 4))

    assert metrics.dominant_colours(image).tolist() == [4.0] * 3 + [20.0] * 3 + [28.0] * 3


# saturation


@pytest.mark.parametrize(
    ("colour", "expected"),
    [((0, 0, 0), 0.0), ((90, 90, 90), 0.0), (RED, 255.0), ((200, 100, 100), 127.5), ((1, 0, 0), 255.0)],
)
def test_saturation_of_one_colour(colour, expected):
    assert metrics.saturation(np.full((4, 5, 3), colour, np.uint8)) == pytest.approx(expected)


def test_saturation_is_a_mean_over_pixels():
    assert metrics.saturation(stripes(RED, (50, 50, 50), widths=(1, 3))) == pytest.approx(255 / 4)


# balance


def test_balance_is_the_difference_of_the_halves():
    assert metrics.balance(np.uint8([[10, 20, 110, 120]] * 3)) == 100.0


def test_an_odd_middle_column_belongs_to_neither_half():
    assert metrics.balance(np.uint8([[10, 255, 30]] * 3)) == 20.0


def test_one_column_is_balanced():
    assert metrics.balance(np.uint8([[9], [200]])) == 0.0


# shadow pattern


def test_shadow_pattern_says_where_it_is_dark():
    luma = np.full((9, 9), 64, np.uint8)  # 64 is no longer shadow
    luma[0:3, 3:6] = 63  # upper middle: all of it
    luma[6:9, 6:9][:, :1] = 0  # lower right: a third

    assert metrics.shadow_pattern(luma) == pytest.approx([0, 255, 0, 0, 0, 0, 0, 0, 85])


def test_cells_of_a_side_that_three_does_not_divide():
    luma = np.full((3, 8), 255, np.uint8)  # columns 0-1, 2-4, 5-7
    luma[:, 2] = 0

    assert metrics.shadow_pattern(luma) == pytest.approx([0, 85, 0] * 3)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 7)])
def test_a_tiny_picture_has_a_pattern_too(shape):
    assert metrics.shadow_pattern(np.zeros(shape, np.uint8)).tolist() == [255.0] * 9


# contrast


def test_contrast_of_a_ramp():
    ramp = np.arange(101, dtype=np.uint8)[None]  # percentile p of 0..100 is p

    assert metrics.contrast(ramp) == pytest.approx(90.0)


def test_a_flat_picture_and_a_speck_have_no_contrast():
    speck = np.full((20, 20), 40, np.uint8)
    speck[3, 3] = 255

    assert metrics.contrast(speck) == 0.0


# depth of field


def test_depth_of_field_is_mean_max_min_in_raw_units():
    assert metrics.depth_of_field(np.float32([[1, 2], [3, 1194]])) == (300.0, 1194.0, 1.0)


@pytest.mark.parametrize("bad", [np.zeros((0, 3), np.float32), np.float32([[1, np.nan]]), np.float32([[np.inf]])])
def test_a_map_that_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match="not finite"):
        metrics.depth_of_field(bad)

"""Intervals by resampling: by hand where that can be done, and wide where little is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_shared import bootstrap


def of_nothing(lengths: list[float] | np.ndarray, expected: float) -> tuple[float, float]:
    """The interval of the lift of a name that none of these shots resembles, and that chance gives this share."""
    under = np.array(lengths)[:, None]
    [found] = bootstrap.intervals(np.zeros_like(under), under, under / expected)
    assert found is not None
    return found


def test_every_resample_draws_as_many_as_there_are():
    drawn = bootstrap.draws(7)

    assert drawn.shape == (bootstrap.RESAMPLES, 7)
    assert (drawn.sum(axis=1) == 7).all()
    assert drawn.mean() == 1
    assert (bootstrap.draws(7) == drawn).all()  # the same every time


def test_units_that_agree_leave_no_doubt():
    under = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])

    assert bootstrap.intervals(3 * under, under, under / 0.2) == [(pytest.approx(3), pytest.approx(3))]


def test_an_interval_is_that_of_the_binomial_where_units_are_alike():
    # Given 100 shots of one length, 30 of them of one name: the resampled share is Binomial(100, .3) / 100
    over = np.repeat([1.0, 0.0], [30, 70])[:, None]

    ((low, high),) = bootstrap.intervals(over, np.ones((100, 1)), np.ones((100, 1)))

    assert low == pytest.approx(0.21, abs=0.015)  # its 2.5 % quantile
    assert high == pytest.approx(0.39, abs=0.015)


def test_more_units_know_more():
    rng = np.random.default_rng(0)
    widths = []
    for units in (10, 100, 1000):
        over = rng.random((units, 1))
        ((low, high),) = bootstrap.intervals(over, np.ones((units, 1)), np.ones((units, 1)))
        widths.append(high - low)

    assert widths == sorted(widths, reverse=True)
    assert widths[0] / widths[2] == pytest.approx(10, rel=0.5)  # by the root of their number


def test_few_units_and_names_without_a_chance_have_none():
    assert bootstrap.intervals(np.ones((4, 2)), np.ones((4, 1)), np.ones((4, 1))) == [None, None]
    assert bootstrap.intervals(np.zeros((9, 1)), np.zeros((9, 1)), np.ones((9, 1))) == [None]


def test_a_name_that_few_units_give_a_chance_is_judged_by_the_resamples_that_have_them():
    under = np.array([[1.0], [0.0], [0.0], [0.0], [0.0]])

    assert bootstrap.intervals(2 * under, under, under / 0.2) == [(2.0, 2.0)]


def test_columns_are_resampled_together():
    # Two names that share a film between them: what one gains the other loses
    over = np.repeat([[1.0, 0.0], [0.0, 1.0]], [30, 70], axis=0)

    one, other = bootstrap.intervals(over, np.ones((100, 1)), np.ones((100, 1)))

    assert one is not None
    assert other is not None
    assert (one[0] + other[1], one[1] + other[0]) == (pytest.approx(1), pytest.approx(1))


def test_what_no_shot_resembles_is_not_known_to_be_never_resembled():
    # Given ten shots of one length, none of a movement that is a twelfth of the collection
    low, high = of_nothing([4.0] * 10, 1 / 12)

    # Then the upper end is Clopper and Pearson's of 0 in 10, a share of .3085, and chance is well inside
    assert low == 0
    assert high == pytest.approx(0.3085 * 12, abs=0.001)


@pytest.mark.parametrize("shots", [5, 10, 40, 300])
def test_a_name_at_the_upper_end_is_missed_by_all_shots_once_in_forty_times(shots: int):
    # Given films whose every shot is of a name with the probability that the upper end says
    _, high = of_nothing([4.0] * shots, 0.1)
    hits = np.random.default_rng(shots).binomial(shots, 0.1 * high, 40_000)

    assert (hits == 0).mean() == pytest.approx(0.025, abs=0.003)  # four standard errors


def test_where_few_long_shots_are_most_of_a_film_the_name_is_missed_no_oftener():
    lengths = np.geomspace(1, 60, 20)
    _, high = of_nothing(lengths, 0.1)
    hits = np.random.default_rng(1).random((40_000, 20)) < 0.1 * high

    assert (hits @ lengths == 0).mean() < 0.025
    assert high > of_nothing([4.0] * 20, 0.1)[1]


LENGTHS = st.lists(st.floats(0.04, 600), min_size=5, max_size=60)


@given(LENGTHS, st.floats(1e-4, 1))
def test_the_upper_end_is_above_0_within_reach_and_falls_with_the_number_of_shots(lengths: list[float], chance: float):
    low, high = of_nothing(lengths, chance)

    assert low == 0
    assert 0 < of_nothing(lengths * 2, chance)[1] < high <= 1 / chance
    assert of_nothing([3 * one for one in lengths], chance)[1] == pytest.approx(high)  # in whatever unit they are told


@given(LENGTHS, st.data())
def test_an_interval_of_what_is_resembled_does_not_hear_of_the_most_that_could_be(
    lengths: list[float], data: st.DataObject
):
    under = np.array(lengths)[:, None]
    over = (
        under
        * np.array(data.draw(st.lists(st.booleans(), min_size=len(under), max_size=len(under)).filter(any)))[:, None]
    )

    assert bootstrap.intervals(over, under, under) == bootstrap.intervals(over, under, 9 * under)


def test_of_films_that_a_name_is_too_late_for_nothing_is_learnt():
    # Given five films with a chance of a name, by its share a fifth, and thirty that were made before its works
    seconds = np.full((35, 1), 100.0)
    under = np.where(np.arange(35)[:, None] < 5, 0.2 * seconds, 0.0)

    [found] = bootstrap.intervals(np.zeros((35, 1)), under, seconds)

    assert found == (0, pytest.approx((1 - 0.025 ** (1 / 5)) / 0.2))

"""Intervals by resampling: by hand where that can be done, and wide where little is known."""

from __future__ import annotations

import numpy as np
import pytest

from r2r_shared import bootstrap


def test_every_resample_draws_as_many_as_there_are():
    drawn = bootstrap.draws(7)

    assert drawn.shape == (bootstrap.RESAMPLES, 7)
    assert (drawn.sum(axis=1) == 7).all()
    assert drawn.mean() == 1
    assert (bootstrap.draws(7) == drawn).all()  # the same every time


def test_units_that_agree_leave_no_doubt():
    under = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])

    assert bootstrap.intervals(3 * under, under) == [(pytest.approx(3), pytest.approx(3))]


def test_an_interval_is_that_of_the_binomial_where_units_are_alike():
    # Given 100 shots of one length, 30 of them of one name: the resampled share is Binomial(100, .3) / 100
    over = np.repeat([1.0, 0.0], [30, 70])[:, None]

    ((low, high),) = bootstrap.intervals(over, np.ones((100, 1)))

    assert low == pytest.approx(0.21, abs=0.015)  # its 2.5 % quantile
    assert high == pytest.approx(0.39, abs=0.015)


def test_more_units_know_more():
    rng = np.random.default_rng(0)
    widths = []
    for units in (10, 100, 1000):
        over = rng.random((units, 1))
        ((low, high),) = bootstrap.intervals(over, np.ones((units, 1)))
        widths.append(high - low)

    assert widths == sorted(widths, reverse=True)
    assert widths[0] / widths[2] == pytest.approx(10, rel=0.5)  # by the root of their number


def test_few_units_and_names_without_a_chance_have_none():
    assert bootstrap.intervals(np.ones((4, 2)), np.ones((4, 1))) == [None, None]
    assert bootstrap.intervals(np.zeros((9, 1)), np.zeros((9, 1))) == [None]


def test_a_name_that_few_units_give_a_chance_is_judged_by_the_resamples_that_have_them():
    under = np.array([[1.0], [0.0], [0.0], [0.0], [0.0]])

    assert bootstrap.intervals(2 * under, under) == [(2.0, 2.0)]


def test_columns_are_resampled_together():
    # Two names that share a film between them: what one gains the other loses
    over = np.repeat([[1.0, 0.0], [0.0, 1.0]], [30, 70], axis=0)

    one, other = bootstrap.intervals(over, np.ones((100, 1)))

    assert one is not None
    assert other is not None
    assert (one[0] + other[1], one[1] + other[0]) == (pytest.approx(1), pytest.approx(1))

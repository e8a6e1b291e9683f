"""Weights: Table 2 of the paper, and what a person may write instead."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_shared.errors import UserError
from r2r_shared.records import METRICS
from r2r_shared.score import DEFAULT, Weights


def test_the_defaults_are_table_2():
    assert DEFAULT.named() == {
        "dc": 0.18, "avg_dof": 0.11, "max_dof": 0.14, "min_dof": 0.14,
        "saturation": 0.13, "balance": 0.10, "shadow": 0.10, "contrast": 0.10,
    }  # fmt: skip
    assert tuple(DEFAULT.named()) == METRICS


def test_named_metrics_change_and_all_are_brought_back_to_one():
    weights = Weights.parse("dc=.36")

    assert weights.dc == pytest.approx(0.36 / 1.18)
    assert weights.contrast == pytest.approx(0.10 / 1.18)
    assert sum(weights.values()) == pytest.approx(1)
    assert weights.dc / weights.contrast == pytest.approx(3.6)


def test_the_defaults_written_out_are_the_defaults():
    assert Weights.parse("dc=.18") == DEFAULT
    assert Weights.parse("DC=.18, AvgDoF=.11, MaxDoF=.14, MinDoF=.14, Sa=.13, Ba=.10, SP=.10, Co=.10") == DEFAULT


def test_others_sets_what_is_not_named():
    assert Weights.parse("dc=1,others=0").values() == (1, 0, 0, 0, 0, 0, 0, 0)
    assert Weights.parse("others=1").values() == (0.125,) * 8
    assert Weights.parse("others=0,Sa=3,ba=1").saturation == 0.75


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour=.3", "'colour=.3' names no metric"),
        ("dc", "'dc' names no metric"),
        ("dc=", "dc= is not a weight"),
        ("dc=much", "dc=much is not a weight"),
        ("dc=-.1", "dc=-.1 is not a weight"),
        ("dc=nan", "dc=nan is not a weight"),
        ("dc=inf", "dc=inf is not a weight"),
        ("dc=.1,DC=.2", "dc is given twice"),
        ("sp=.1,shadow=.2", "shadow is given twice"),
        ("others=0", "all are 0"),
        ("dc=0,others=0", "all are 0"),
        ("", "nothing is given"),
        (" , ", "nothing is given"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_hint(text, says):
    with pytest.raises(UserError) as refused:
        Weights.parse(text)
    assert refused.value.message == f"weights: {says}"
    assert refused.value.hint


@given(st.dictionaries(st.sampled_from(METRICS), st.floats(0, 1e6), min_size=1))
def test_any_spec_gives_weights_in_proportion(given_weights):
    relative = DEFAULT.named() | given_weights
    if not any(relative.values()):
        return
    weights = Weights.parse(",".join(f"{name}={value!r}" for name, value in given_weights.items()))

    total = math.fsum(relative.values())
    assert math.isclose(sum(weights.values()), 1, abs_tol=1e-9)
    for name, value in weights.named().items():
        assert value == pytest.approx(relative[name] / total, abs=1e-12)


def test_weights_that_do_not_sum_to_one_are_a_mistake_of_ours():
    with pytest.raises(ValueError, match="sum to 1"):
        Weights(dc=0.5)
    with pytest.raises(ValueError, match="at least 0"):
        Weights(dc=-0.1, avg_dof=0.39)

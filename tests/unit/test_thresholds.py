"""Thresholds: the paper's, those at quantiles of a collection, and those in a file."""

from __future__ import annotations

import itertools
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_shared.errors import UserError
from r2r_shared.records import METRICS
from r2r_shared.triplets import differences, thresholds
from r2r_shared.triplets.differences import DEPTH
from r2r_shared.triplets.thresholds import PAPER, PAPERS_DEPTH_MODEL, Thresholds
from tests.unit import triplet_works as by_hand
from tests.unit.triplet_works import drawn, works


@pytest.fixture(scope="module")
def collection():
    return drawn(60, seed=2)


def all_pairs(collection, alike):
    """The differences of every pair of that kind, (p, 8), one by one."""
    known = [row for row in range(len(collection)) if collection.artists[row] and collection.movements[row]]
    return np.array(
        [
            [by_hand.difference(collection, metric, a, b) for metric in METRICS]
            for a, b in itertools.combinations(known, 2)
            if alike(collection, a, b)
        ]
    )


def test_the_papers_are_those_it_prints(shared_dir):
    text = (shared_dir / "reference" / "reel_to_real_paper.txt").read_text()
    names = {"AveDoF": "avg_dof", "MaxDoF": "max_dof", "MinDoF": "min_dof", "DC": "dc", "Sa": "saturation"}
    names |= {"Ba": "balance", "SP": "shadow", "Co": "contrast"}
    table = text[text.index("Table 1:") :]
    head = [names[name] for name in table.splitlines()[2].split()]

    for label, ours in (("Max for positive pairs", PAPER.positive), ("Min for negative pairs", PAPER.negative)):
        row = re.search(rf"^{label}\s+(.*)$", table, re.MULTILINE)
        assert row is not None
        assert ours == dict(zip(head, map(float, row[1].split()), strict=True))


@given(st.integers(2, 12), st.integers(0, 1000))
def test_differences_are_those_of_the_definitions(n, seed):
    collection = drawn(n, seed)
    a, b = np.arange(n - 1), np.arange(1, n)

    found = differences.of_pairs(collection, a, b)

    for row in range(n - 1):
        expected = [by_hand.difference(collection, metric, row, row + 1) for metric in METRICS]
        assert found[row].tolist() == pytest.approx(expected)


def test_differences_by_hand():
    colours = np.zeros((2, 3, 3))
    colours[1] = [[3, 4, 0], [0, 0, 5], [0, 0, 0]]
    collection = works(["a"] * 2, ["x"] * 2, dc=colours, shadow=[[0.0] * 9, [2.0] * 9], balance=[7.0, 2.5])

    found = dict(zip(METRICS, differences.of_pairs(collection, np.array([0]), np.array([1]))[0].tolist(), strict=True))

    assert found == dict.fromkeys(METRICS, 0.0) | {"dc": 10.0, "shadow": 6.0, "balance": 4.5}


@pytest.mark.parametrize(("positive", "negative"), [(0.25, 0.75), (0.0, 1.0), (0.6, 0.9)])
def test_fitted_thresholds_lie_at_the_quantiles_of_all_pairs(collection, positive, negative):
    fitted = thresholds.fit(collection, positive_quantile=positive, negative_quantile=negative)

    near, far = all_pairs(collection, by_hand.same), all_pairs(collection, by_hand.other)
    for column, metric in enumerate(METRICS):
        assert fitted.positive[metric] == pytest.approx(np.quantile(near[:, column], positive))
        assert fitted.negative[metric] == pytest.approx(np.quantile(far[:, column], negative))


def test_the_share_of_pairs_that_meets_a_threshold_is_counted_over_all_pairs(collection):
    met = thresholds.shares(collection, PAPER)

    near, far = all_pairs(collection, by_hand.same), all_pairs(collection, by_hand.other)
    for column, metric in enumerate(METRICS):
        assert met.positive[metric] == pytest.approx((near[:, column] <= PAPER.positive[metric]).mean())
        assert met.negative[metric] == pytest.approx((far[:, column] >= PAPER.negative[metric]).mean())


# the paper's, under another depth model


def test_under_the_papers_depth_model_they_are_taken_as_printed(collection):
    assert thresholds.paper(collection, depth_model=PAPERS_DEPTH_MODEL) == PAPER


def test_under_another_depth_model_depth_is_as_strict_as_the_other_five_are_on_average(collection):
    taken = thresholds.paper(collection, depth_model="defocus")

    assert "defocus" in taken.origin
    met = thresholds.shares(collection, taken)
    pairs = len(all_pairs(collection, by_hand.same)), len(all_pairs(collection, by_hand.other))
    for ours, printed, shares, one_pair in (
        (taken.positive, PAPER.positive, met.positive, 1 / pairs[0]),
        (taken.negative, PAPER.negative, met.negative, 1 / pairs[1]),
    ):
        others = [metric for metric in METRICS if metric not in DEPTH]
        assert {metric: ours[metric] for metric in others} == {metric: printed[metric] for metric in others}
        mean = sum(shares[metric] for metric in others) / 5
        assert [shares[metric] for metric in DEPTH] == pytest.approx([mean] * 3, abs=one_pair)


def test_the_depth_models_unit_does_not_matter(collection):
    """A depth map a thousand times as small gives the same triplets' rule in its own unit."""
    scaled = {metric: values / 1000 for metric, values in collection.metrics.items() if metric in DEPTH}
    other = type(collection)(
        collection.ids, collection.artists, collection.movements, collection.images, collection.metrics | scaled
    )

    before, after = (thresholds.paper(one, depth_model="defocus") for one in (collection, other))

    for metric in METRICS:
        factor = 1000 if metric in DEPTH else 1
        assert after.positive[metric] * factor == pytest.approx(before.positive[metric])
        assert after.negative[metric] * factor == pytest.approx(before.negative[metric])


# files


def test_a_file_gives_back_what_was_written(tmp_path, collection):
    fitted = thresholds.fit(collection)
    (tmp_path / "thresholds.json").write_text(thresholds.as_text(fitted))

    assert thresholds.chosen(str(tmp_path / "thresholds.json"), collection, depth_model="defocus") == fitted


FINE = PAPER.to_json()


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "[1, 2]",
        "{}",
        "[" * 100_000,
        json.dumps({"positive": FINE["positive"]}),
        json.dumps(FINE | {"positive": {"dc": 1}}),
        json.dumps(FINE | {"negative": FINE["negative"] | {"hue": 1}}),
        json.dumps(FINE | {"negative": FINE["negative"] | {"dc": "430"}}),
        json.dumps(FINE | {"negative": FINE["negative"] | {"dc": True}}),
        json.dumps(FINE | {"negative": FINE["negative"] | {"dc": -1}}),
        json.dumps(FINE | {"negative": FINE["negative"] | {"dc": float("nan")}}),
    ],
)
def test_a_file_that_holds_no_thresholds_is_one_line(tmp_path, wrong):
    path = tmp_path / "thresholds.json"
    path.write_text(wrong)

    with pytest.raises(UserError, match=r"thresholds\.json holds no thresholds") as raised:
        thresholds.read(path)

    assert "\n" not in raised.value.message + raised.value.hint
    assert "dc" in raised.value.hint


def test_a_file_that_is_not_there_is_one_line(tmp_path, collection):
    for name in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UserError, match="cannot be read"):
            thresholds.chosen(str(name), collection, depth_model="defocus")


def test_a_threshold_for_every_metric_or_none_at_all():
    with pytest.raises(ValueError, match="negative: dc"):
        Thresholds(PAPER.positive, {metric: 1.0 for metric in METRICS if metric != "dc"})

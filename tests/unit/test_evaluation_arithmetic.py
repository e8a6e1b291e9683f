"""The evaluation's sums: against hand-computed values, brute force, and what must hold whatever comes in."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_workers.evaluation import bootstrap, csls, sums
from r2r_workers.evaluation.classify import choose
from r2r_workers.evaluation.confusion import Confusion, wilson
from r2r_workers.evaluation.correlation import fisher, incomplete_beta, p_value, pearson
from r2r_workers.evaluation.hubness import hubness, occurrences, skewness
from r2r_workers.evaluation.retrieval import (
    average_precision,
    by_labels,
    chance_average_precision,
    chance_recall,
    nearest,
    ranks,
)

shares = st.floats(0, 2, allow_nan=False)


# which picture is nearer


@given(st.lists(st.tuples(shares, shares), min_size=1, max_size=40), st.integers(0, 99))
def test_the_order_a_triplet_is_shown_in_changes_nothing_about_who_is_right(distances, seed):
    positive, negative = np.array(distances).T

    answers = choose(positive, negative, seed=seed)

    apart = positive != negative
    right = answers.first == answers.said_first
    assert (right[apart] == (positive < negative)[apart]).all()
    assert answers.said_first[~apart].all()
    assert answers.ties == np.count_nonzero(~apart)
    assert answers.first.sum() == (len(distances) + 1) // 2


def test_a_model_that_tells_nothing_apart_is_right_in_half_of_them():
    answers = choose(np.ones(10), np.ones(10), seed=3)

    assert Confusion.of(answers.first, answers.said_first).rows() == [[5, 0], [5, 0]]


def test_a_confusion_matrix_counts_what_was_said_of_what_it_was():
    truth = np.array([True, True, True, False, False])
    said = np.array([True, True, False, True, False])

    found = Confusion.of(truth, said)

    assert found.rows() == [[2, 1], [1, 1]]
    assert (found.total, found.right, found.accuracy) == (5, 3, 0.6)
    assert Confusion(0, 0, 0, 0).accuracy is None


def test_wilsons_interval_is_the_one_in_the_books():
    """Newcombe 1998, table I: 81 of 263, and 0 of 20."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


# correlation


def test_pearsons_r_of_five_pairs_by_hand():
    """x̄ = 3, ȳ = 4: Σdxdy = 6, Σdx² = 10, Σdy² = 6."""
    found = pearson(np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 4, 5, 4, 5]))

    assert found is not None
    assert found.r == pytest.approx(6 / math.sqrt(60))
    assert (found.slope, found.intercept) == pytest.approx((0.6, 2.2))
    assert found.p == pytest.approx(0.1240, abs=5e-5)  # t = 2.1213, 3 degrees of freedom


def test_the_confidence_interval_is_fishers():
    """atanh(.5) = .5493, 1.96 / √97 = .1990: tanh of .3503 and .7483."""
    assert fisher(0.5, 100) == pytest.approx((0.3366, 0.6341), abs=1e-4)
    assert fisher(1.0, 100) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("t", "freedom", "p"), [(12.706, 1, 0.05), (2.228, 10, 0.05), (3.169, 10, 0.01), (1.984, 98, 0.05)]
)
def test_p_values_are_those_of_the_table_of_students_t(t, freedom, p):
    r = t / math.sqrt(freedom + t * t)

    assert p_value(r, freedom + 2) == pytest.approx(p, rel=2e-3)


@given(st.floats(0.5, 400), st.floats(0.5, 400), st.floats(0.0, 1.0))
def test_the_incomplete_beta_function_mirrors_itself(a, b, x):
    assert incomplete_beta(a, b, x) + incomplete_beta(b, a, 1 - x) == pytest.approx(1, abs=1e-9)


def test_the_incomplete_beta_function_is_a_binomial_tail():
    """I_p(k, n − k + 1) = P(at least k of n)."""
    tail = sum(math.comb(12, i) * 0.3**i * 0.7 ** (12 - i) for i in range(5, 13))

    assert incomplete_beta(5, 8, 0.3) == pytest.approx(tail, rel=1e-12)


def test_the_p_value_is_the_share_of_shuffled_pairs_that_correlate_as_much():
    rng = np.random.default_rng(4)
    x = rng.normal(size=30)
    y = 0.35 * x + rng.normal(size=30)
    found = pearson(x, y)
    assert found is not None

    shuffled = [abs(np.corrcoef(x, rng.permutation(y))[0, 1]) >= abs(found.r) for _ in range(4000)]

    assert 0.01 < found.p < 0.2
    assert np.mean(shuffled) == pytest.approx(found.p, abs=0.02)


@given(st.integers(4, 60), st.integers(0, 999), st.floats(0.1, 50), st.floats(-100, 100))
def test_a_change_of_unit_changes_no_correlation(n, seed, factor, shift):
    x, y = np.random.default_rng(seed).normal(size=(2, n))

    plain, other = pearson(x, y), pearson(x * factor + shift, y)

    assert plain is not None
    assert other is not None
    assert other.r == pytest.approx(plain.r, abs=1e-7)
    assert plain.low <= plain.r <= plain.high
    assert -1 <= plain.r <= 1
    assert 0 <= plain.p <= 1


def test_what_does_not_vary_has_no_correlation():
    assert pearson(np.full(10, 0.1), np.arange(10.0)) is None
    assert pearson(np.arange(10.0), np.full(10, 0.1)) is None
    assert pearson(np.arange(3.0), np.arange(3.0)) is None


# retrieval


def test_average_precision_by_hand():
    """Relevant at places 1, 3 and 4 of 5, of 4 in all: (1 + 2/3 + 3/4) / 4; of the first two, 1 / 2."""
    hits = np.array([[1.0, 0, 1, 1, 0]])

    assert average_precision(hits, np.array([4]), 5) == pytest.approx([(1 + 2 / 3 + 3 / 4) / 4])
    assert average_precision(hits, np.array([4]), 2) == pytest.approx([1 / 2])
    assert average_precision(hits, np.array([4]), 1) == pytest.approx([1])


def test_six_works_of_three_artists_by_hand():
    """Works 0 and 1 find each other first; 2 finds 3 second, 3 finds 2 first; 4 has no other; 5 has no artist."""
    like = np.array(
        [
            [9, 8, 1, 2, 3, 4],
            [8, 9, 1, 2, 3, 4],
            [7, 1, 9, 6, 2, 3],
            [1, 2, 8, 9, 3, 4],
            [5, 4, 3, 2, 9, 1],
            [5, 4, 3, 2, 1, 9],
        ],
        np.float32,
    )
    labels = [frozenset(filter(None, [name])) for name in ("a", "a", "b", "b", "c", "")]

    found = by_labels(nearest(like, 2), labels, ks=(1, 2), recalls=(1, 2))

    assert found.queries == 4
    assert found.map == {1: 0.75, 2: (1 + 1 + 0.5 + 1) / 4}
    assert found.recall == {1: 0.75, 2: 1.0}
    assert found.chance_map[1] == pytest.approx(1 / 5)
    assert found.chance_recall[2] == pytest.approx(2 / 5)


def test_a_work_of_two_movements_is_relevant_to_both():
    like = np.array([[9, 8, 7], [8, 9, 7], [8, 7, 9]], np.float32)
    labels = [frozenset({"a", "b"}), frozenset({"a"}), frozenset({"b"})]

    found = by_labels(nearest(like, 1), labels, ks=(1,), recalls=(1,))

    assert found.queries == 3
    assert found.map[1] == 1.0  # 0 finds 1, 1 finds 0, 2 finds 0


@given(st.integers(2, 12), st.integers(0, 999), st.integers(1, 12), st.booleans())
def test_nearest_are_those_that_sorting_everything_gives(n, seed, k, coarse):
    like = np.random.default_rng(seed).random((n, n)).astype(np.float32)
    like = np.round(like, 1) if coarse else like  # with ties

    found = nearest(like, k)

    for row in range(n):
        others = sorted((other for other in range(n) if other != row), key=lambda o, row=row: (-like[row, o], o))
        assert found[row].tolist() == others[:k]


@pytest.mark.parametrize(("relevant", "others", "k"), [(1, 4, 1), (2, 5, 3), (3, 6, 2), (4, 4, 3), (2, 5, 9)])
def test_chance_is_the_mean_over_every_order(relevant, others, k):
    """All arrangements of the relevant places among the others."""
    orders = [
        np.isin(np.arange(others), places).astype(float) for places in itertools.combinations(range(others), relevant)
    ]
    precision = average_precision(np.array(orders), np.full(len(orders), relevant), k)

    assert chance_average_precision(relevant, others, k) == pytest.approx(precision.mean())
    assert chance_recall(relevant, others, k) == pytest.approx(np.mean([order[:k].any() for order in orders]))


def test_whatever_is_as_good_as_the_truth_counts_as_before_it():
    like = np.array([[0.9, 0.5, 0.1], [0.5, 0.5, 0.1], [0.2, 0.3, 0.1]], np.float32)

    assert ranks(like, np.array([0, 1, 2])).tolist() == [1, 2, 3]


# hubs


def test_a_star_is_one_hub_and_everyone_else_is_nobodys_neighbour():
    """Work 0 is the nearest of all others; its own nearest is 1. N_1 = (5, 1, 0, 0, 0, 0), μ = 1, σ² = 20 / 6."""
    like = np.zeros((6, 6), np.float32)
    like[:, 0] = 1
    like[0, 1] = 1

    found = hubness(nearest(like, 1), 6)

    assert (found.largest, found.work, found.anti_hubs) == (5, 0, pytest.approx(4 / 6))
    assert found.skewness == pytest.approx(((64 - 4) / 6) / (20 / 6) ** 1.5)


@given(st.integers(2, 30), st.integers(1, 10), st.integers(0, 999))
def test_a_k_occurrence_has_mean_k_whatever_the_space(n, k, seed):
    like = np.random.default_rng(seed).random((n, n)).astype(np.float32)

    counts = occurrences(nearest(like, k), n)

    assert counts.mean() == min(k, n - 1)


def test_what_is_even_has_no_skew():
    assert skewness(np.array([3, 3, 3])) == 0
    assert skewness(np.array([1, 2, 3])) == pytest.approx(0)


@given(st.integers(2, 12), st.integers(1, 12), st.integers(0, 999))
def test_csls_by_its_formula(n, k, seed):
    like = np.random.default_rng(seed).random((n, n)).astype(np.float32)
    like = (like + like.T) / 2

    found = csls.corrected(like, k)

    def local(x: int) -> float:
        return float(np.mean(sorted((float(like[x, y]) for y in range(n) if y != x), reverse=True)[:k]))

    for x, y in itertools.permutations(range(n), 2):
        assert found[x, y] == pytest.approx(2 * like[x, y] - local(x) - local(y), abs=1e-5)


def test_csls_takes_hubs_from_their_throne():
    """Noise about a common direction: what lies near that direction is near to everything."""
    points = np.random.default_rng(1).normal(size=(200, 40)) + 0.5
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    like = (points @ points.T).astype(np.float32)

    before, after = (hubness(nearest(one, 10), 200) for one in (like, csls.corrected(like)))

    assert before.skewness > 1
    assert after.skewness < 0.75 * before.skewness
    assert after.anti_hubs < before.anti_hubs
    assert after.largest < 0.6 * before.largest


# intervals and sums


def test_a_bootstrap_interval_of_a_share_is_about_the_binomials():
    values = np.array([1.0] * 60 + [0.0] * 40)

    low, high = bootstrap.interval(values, seed=1)

    assert (low, high) == pytest.approx((0.504, 0.696), abs=0.02)  # .6 ± 1.96 · √(.24 / 100)
    assert (low, high) == bootstrap.interval(values, seed=1)
    assert bootstrap.interval(np.ones(5), seed=1) == (1.0, 1.0)


def test_weighted_sums_by_hand():
    """Two works that are apart in every metric: one has all of them at the least, the other at the greatest."""
    metrics = {
        "dc": np.stack([np.zeros((3, 3)), np.full((3, 3), 200.0)]),
        "avg_dof": np.array([5.0, 5.0]),  # does not vary: 0 for both
        "max_dof": np.array([1.0, 2.0]),
        "min_dof": np.array([1.0, 2.0]),
        "saturation": np.array([0.0, 9.0]),
        "balance": np.array([7.0, 3.0]),
        "shadow": np.stack([np.arange(9.0), np.arange(9.0) + 1]),
        "contrast": np.array([10.0, 20.0]),
    }

    assert sums.weighted(metrics) == pytest.approx([0.10, 0.18 + 0.14 + 0.14 + 0.13 + 0.10 + 0.10])


@given(st.integers(2, 40), st.integers(1, 200), st.integers(0, 999))
def test_random_pairs_are_different_pairs_of_different_works(works, count, seed):
    found = [tuple(pair) for pair in sums.pairs(works, count, seed=seed).tolist()]

    assert len(set(found)) == len(found) == min(count, works * (works - 1) // 2)
    assert all(0 <= first < second < works for first, second in found)


def test_every_pair_is_as_likely():
    drawn = [tuple(sums.pairs(5, 1, seed=seed)[0].tolist()) for seed in range(2000)]

    counts = [drawn.count(pair) for pair in itertools.combinations(range(5), 2)]
    assert min(counts) > 140  # 200 each, ± 13

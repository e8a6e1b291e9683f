"""Algorithm 1, vectorised: as the paper's pseudocode would have it, pool and all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_shared.triplets import sides
from r2r_shared.triplets.form import (
    ALONE,
    LEFT,
    NO_ARTIST,
    NO_MOVEMENT,
    NO_NEGATIVE,
    NO_OPPOSITE,
    NO_POSITIVE,
    USED,
    Rule,
    form,
)
from r2r_shared.triplets.search import Search
from r2r_shared.triplets.thresholds import PAPER
from tests.unit import triplet_works as by_hand
from tests.unit.triplet_works import drawn, works

RULES = st.builds(
    Rule,
    policy=st.sampled_from(["naive", "constrained"]),
    k_pos=st.integers(1, 8),
    k_neg=st.integers(1, 8),
    seed=st.integers(0, 1000),
)
COLLECTIONS = st.builds(drawn, st.integers(0, 40), st.integers(0, 10_000))


@given(COLLECTIONS, RULES)
def test_it_forms_what_the_pseudocode_forms(collection, rule):
    assert [tuple(row) for row in form(collection, rule).rows.tolist()] == by_hand.algorithm_1(collection, rule)


@pytest.mark.parametrize(("k_pos", "k_neg"), [(1, 1), (3, 4), (4, 5), (2, 6)])
def test_a_candidate_far_down_the_list_is_found_as_the_pseudocode_finds_it(k_pos, k_neg):
    """More candidates than are looked at in one go."""
    collection = drawn(300, seed=k_neg, artists=by_hand.ARTISTS[:4], movements=by_hand.MOVEMENTS[:4])
    rule = Rule("constrained", k_pos, k_neg, seed=5)

    formed = form(collection, rule)

    assert len(formed) > 0
    assert [tuple(row) for row in formed.rows.tolist()] == by_hand.algorithm_1(collection, rule)


@given(COLLECTIONS, RULES)
def test_what_is_formed_keeps_the_rule_and_every_other_work_is_accounted_for(collection, rule):
    formed = form(collection, rule)

    used = formed.rows.ravel().tolist()
    assert len(used) == len(set(used))
    assert len(used) + sum(formed.others.values()) == len(collection)
    assert formed.others.get(LEFT, 0) <= 3
    for anchor, positive, negative in formed.rows.tolist():
        assert by_hand.same(collection, anchor, positive)
        assert by_hand.other(collection, anchor, negative)
        if rule.policy == "constrained":
            assert by_hand.near(collection, rule, anchor, positive) >= rule.k_pos
            assert by_hand.far(collection, rule, anchor, negative) >= rule.k_neg


@given(COLLECTIONS, RULES, st.floats(0, 1))
def test_no_artist_is_trained_on_and_tested_on(collection, rule, share):
    train, test = sides.form_sides(collection, rule, share=share)

    assert len(train.works) + len(test.works) == len(collection)
    assert not set(train.works.artists) & set(test.works.artists)
    for side in (train, test):
        shown = sides.ids(side)
        assert shown == [tuple(side.works.ids[row] for row in rows) for rows in side.formed.rows]
        assert sides.summary(side).triplets == len(shown)
        artists = dict(zip(side.works.ids.tolist(), side.works.artists, strict=True))
        assert all(number in artists for triplet in shown for number in triplet)


def test_the_same_seed_gives_the_same_triplets_and_another_gives_others():
    collection = drawn(60, seed=1)

    first, again, other = (form(collection, Rule("naive", seed=seed)).rows.tolist() for seed in (7, 7, 8))

    assert first == again
    assert first != other


# the pool


def test_nothing_is_formed_of_three_works_and_one_triplet_of_four():
    three = works(["Monet", "Monet", "Hals"], ["Impressionism", "Impressionism", "Baroque"])
    four = works(["Monet", "Monet", "Hals", "Hals"], ["Impressionism", "Impressionism", "Baroque", "Baroque"])

    assert form(three, Rule("naive")).others == {LEFT: 3}
    formed = form(four, Rule("naive"))
    assert (len(formed), formed.others) == (1, {LEFT: 1})


def test_a_positive_without_a_negative_goes_back_and_its_anchor_does_not():
    """Of five, two anchors leave before three are left: did positives stay away, one anchor would be the end of it."""
    assert form(works(["Monet"] * 5, ["Impressionism"] * 5), Rule("naive")).others == {NO_OPPOSITE: 2, LEFT: 3}


def test_why_a_work_is_in_no_triplet_is_told_apart():
    alone = works([*"abcdef"], ["x"] * 6)
    unlike = works(["a"] * 6, ["x"] * 6, dc=np.arange(6).reshape(6, 1, 1) * 255.0)
    alike = works(["a"] * 3 + ["b"] * 3, ["x"] * 3 + ["y"] * 3)
    unplaced = works(["", "a", "Unknown", "a"], ["x", "", "", "n/a"])

    assert form(alone, Rule("naive")).others == {ALONE: 3, LEFT: 3}
    assert form(unlike, Rule("constrained", k_pos=8)).others == {NO_POSITIVE: 3, LEFT: 3}
    assert form(alike, Rule("constrained", k_pos=8, k_neg=1)).others == {NO_NEGATIVE: 3, LEFT: 3}
    assert form(unplaced, Rule("naive")).others == {NO_ARTIST: 2, NO_MOVEMENT: 2}


def test_an_anchor_whose_kin_were_taken_before_says_so():
    """Three of one artist: a triplet takes two of them, and the third finds nobody left."""
    artists = ["a"] * 3 + [*"bcdefg"]
    collection = works(artists, ["x"] * 3 + ["y"] * 6)

    others = [form(collection, Rule("naive", seed=seed)).others for seed in range(20)]

    assert any(USED in found for found in others)
    assert all(found.get(USED, 0) <= 1 for found in others)


# the rule


@pytest.mark.parametrize(("apart", "near", "far"), [(72.0, True, False), (72.1, False, False), (118.0, False, True)])
def test_a_threshold_itself_is_near_enough_and_far_enough(apart, near, far):
    """Table 1's Sa: 72 at most, 118 at least. The others agree: seven hold for a positive, none for a negative."""
    collection = works(["a", "a", "b", "b"], ["x", "x", "y", "y"], saturation=[0.0, apart, apart, 0.0])
    pairs = np.array([0, 0]), np.array([1, 2])

    assert PAPER.positive_met(collection, *pairs).sum(axis=1).tolist() == [7 + near] * 2
    assert PAPER.negative_met(collection, *pairs).sum(axis=1).tolist() == [far] * 2


@pytest.mark.parametrize(
    ("positive", "negative", "triplets"), [(72.0, 190.0, 1), (72.5, 190.0, 0), (0.0, 118.0, 1), (0.0, 117.5, 0)]
)
def test_what_lies_on_a_threshold_is_formed(positive, negative, triplets):
    """Two works of each artist, `positive` apart in Sa; `negative` is what lies between the artists' first ones."""
    apart = [0.0, positive, negative, negative + positive]
    collection = works(["a", "a", "b", "b"], ["x", "x", "y", "y"], saturation=apart)

    assert {len(form(collection, Rule("constrained", 8, 1, seed=seed))) for seed in range(10)} == {triplets}


@pytest.mark.parametrize("nearer", [True, False])
def test_the_first_that_will_do_is_found_wherever_it_stands(nearer):
    """Block by block, none passed over: of 400 candidates one alone will do, at each place in turn."""
    away = np.full(401, 200.0 if nearer else 10.0)
    away[0] = 0.0
    right = 400
    away[right] = 60.0 if nearer else 150.0
    collection = works(["a"] * 401, ["x"] * 401, saturation=away)
    limits = PAPER.positive if nearer else PAPER.negative
    search = Search(collection, limits, 8 if nearer else 1, nearer=nearer)
    others = np.arange(1, 400)

    assert search.first(0, others) is None
    for place in range(400):
        assert search.first(0, np.insert(others, place, right)) == right


def test_all_needs_every_metric_and_any_needs_one():
    """Two of one artist that differ in balance alone, and two of another that differ from them in balance alone."""
    collection = works(["a", "a", "b", "b"], ["x", "x", "y", "y"], balance=[0.0, 6.0, 30.0, 60.0])

    def formed(k_pos: int, k_neg: int) -> set[int]:
        return {len(form(collection, Rule("constrained", k_pos, k_neg, seed=seed))) for seed in range(10)}

    assert 1 in formed(7, 1)
    assert formed(8, 1) == {0}
    assert formed(7, 2) == {0}


@pytest.mark.parametrize("wrong", [{"policy": "best"}, {"k_pos": 0}, {"k_neg": 9}])
def test_a_rule_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match=r"policy|k is"):
        Rule(**wrong)


@given(RULES)
def test_a_rule_is_kept_in_a_models_lineage_as_it_was(rule):
    assert Rule.of_json(rule.to_json()) == rule


# columns


def test_rows_are_taken_by_number_and_by_mask():
    collection = drawn(6, seed=3)

    taken, masked = collection.take([4, 1]), collection.take(np.array([False, True, False, False, True, False]))

    assert taken.ids.tolist() == [104, 101]
    assert masked.ids.tolist() == [101, 104]
    assert taken.artists == [collection.artists[4], collection.artists[1]]
    assert np.array_equal(taken.metrics["dc"], collection.metrics["dc"][[4, 1]])
    assert len(collection.take([])) == 0


def test_columns_that_do_not_fit_together_are_refused():
    fine = drawn(3, seed=0)
    for wrong in (
        (fine.ids[:2], fine.artists, fine.movements, fine.images, fine.metrics),
        (fine.ids, fine.artists, fine.movements, fine.images, {"dc": fine.metrics["dc"]}),
        (fine.ids, fine.artists, fine.movements, fine.images, fine.metrics | {"dc": np.zeros((3, 9))}),
    ):
        with pytest.raises(ValueError, match=r"differ|metrics are|has shape"):
            type(fine)(*wrong)

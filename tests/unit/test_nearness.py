"""Nearness: the score in NumPy is that of DESIGN 4.2, and who is asked has neighbours by other artists alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r2r_shared import nearness
from r2r_shared.nearness import NOBODY, Nearness
from r2r_shared.records import METRICS
from r2r_shared.score import DEFAULT, NARROWEST_RANGE
from tests import synthetic
from tests.synthetic import World

DIM = 6


def widths(features):
    columns = synthetic.stack(features)
    return {metric: 900.0 if metric == "dc" else float(np.ptp(columns[metric])) or 1.0 for metric in METRICS}


def pictures(features, artists, ranges, *, first_id=1):
    metrics = [[getattr(one, metric) for metric in METRICS] for one in features]
    embeddings = np.array([one.embedding for one in features])
    return nearness.pictures(range(first_id, first_id + len(features)), artists, metrics, embeddings, ranges)


def brute_force(features, artists, ranges, asked, k):
    """The null and the nearness by the letter: every pair, no cleverness."""
    columns = synthetic.stack(features)
    scores = np.array([synthetic.scores(one, columns, ranges, DEFAULT.named()) for one in features])
    best = []
    for i in asked:
        others = [j for j, artist in enumerate(artists) if artist not in (NOBODY, artists[i])]
        best.append(max((scores[i][j] for j in others), default=0.0))
    near = []
    for j, artist in enumerate(artists):
        mine = sorted((scores[i][j] for i in asked if artists[i] != artist), reverse=True)[:k]
        near.append(sum(mine) / len(mine) if mine else 0.0)
    return best, near


def ask(features, artists, ranges, asked, *, k, block):
    every = [
        pictures(features[at : at + block], artists[at : at + block], ranges, first_id=1 + at)
        for at in range(0, len(features), block)
    ]
    chosen = pictures([features[i] for i in asked], [artists[i] for i in asked], ranges)
    *progress, found = nearness.ask(chosen, every, ranges, k=k)
    assert isinstance(found, Nearness)
    return progress, found


def test_the_score_is_that_of_the_database():
    features = World(dim=DIM).draw(700)  # more rows than a tile has
    ranges = widths(features)

    found = nearness.scores(pictures(features[:300], [0] * 300, ranges), pictures(features, [0] * 700, ranges), ranges)

    columns = synthetic.stack(features)
    wanted = np.array([synthetic.scores(one, columns, ranges, DEFAULT.named()) for one in features[:300]])
    assert np.abs(found - wanted).max() < 1e-6
    assert np.diagonal(found) == pytest.approx(1, abs=1e-6)  # and a picture is as near to itself as can be


def test_a_metric_that_all_agree_on_costs_nothing():
    features = World(dim=DIM).draw(2)
    alike = [features[0], features[0]]
    ranges = dict.fromkeys(METRICS, NARROWEST_RANGE)

    assert nearness.scores(*(pictures(alike, [0, 1], ranges),) * 2, ranges) == pytest.approx(1, abs=1e-6)


@settings(max_examples=30)
@given(
    artists=st.lists(st.integers(NOBODY, 4), min_size=2, max_size=24),
    k=st.integers(1, 5),
    block=st.integers(1, 30),
    seed=st.integers(0, 9),
)
def test_who_is_asked_is_near_to_works_by_others_alone(artists, k, block, seed):
    features = World(dim=DIM, clusters=5, seed=seed).draw(len(artists))
    ranges = widths(features)
    asked = [i for i, artist in enumerate(artists) if artist != NOBODY][::2]
    if not asked:
        return

    progress, found = ask(features, artists, ranges, asked, k=k, block=block)

    best, near = brute_force(features, artists, ranges, asked, k)
    assert found.best == pytest.approx(best, abs=1e-6)
    assert [found.nearness[1 + i] for i in range(len(artists))] == pytest.approx(near, abs=1e-6)
    assert progress == [min(at + block, len(artists)) for at in range(0, len(artists), block)]

"""The loss against hand-computed numbers, brute force, and the score as SQL and NumPy have it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch  # noqa: TID253  (all of it is about tensors)
from hypothesis import given, settings
from hypothesis import strategies as st

from r2r_shared.records import METRICS
from r2r_shared.score import DEFAULT, Weights
from r2r_shared.triplets import differences
from r2r_shared.triplets.works import Works
from r2r_workers.tasks.train import label_numbers, metric_columns
from r2r_workers.training import loss


def some_works(count: int, seed: int = 1) -> Works:
    rng = np.random.default_rng(seed)
    metrics = {metric: rng.uniform(0, 255, count) for metric in METRICS}
    metrics |= {"dc": rng.uniform(0, 255, (count, 3, 3)), "shadow": rng.uniform(0, 255, (count, 9))}
    return Works(np.arange(count), [""] * count, [""] * count, [""] * count, metrics)


def test_latent_distances_are_euclidean() -> None:
    unit = torch.nn.functional.normalize(torch.randn(6, 5, generator=torch.Generator().manual_seed(1)), dim=1)

    assert torch.allclose(loss.latent(unit, unit), torch.cdist(unit, unit), atol=2e-3)
    right_angle = loss.latent(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0], [-1.0, 0.0]]))
    assert right_angle.tolist() == [[pytest.approx(math.sqrt(2)), pytest.approx(2.0)]]


def test_affinity_is_the_scores_own() -> None:
    works = some_works(7)
    ranges = dict.fromkeys(METRICS, 300.0) | {"dc": 700.0, "shadow": 500.0}
    rows = torch.from_numpy(metric_columns(works, ranges))
    weights = Weights.parse("dc=.4,balance=.3,shadow=.2")

    found = loss.affinity(rows, rows, weights)

    for a, b in itertools.product(range(7), repeat=2):
        away = differences.of_pairs(works, np.array([a]), np.array([b]))[0]
        terms = zip(weights.values(), METRICS, away, strict=True)
        expected = sum(weight * max(0.0, 1 - delta / ranges[metric]) for weight, metric, delta in terms)
        assert found[a, b].item() == pytest.approx(expected, abs=1e-4)


def test_the_papers_distance_is_one_less_the_score() -> None:
    latent, affinity = torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.4]])

    assert loss.score_distance(latent, affinity).tolist() == [[0.0, pytest.approx(1 - 0.5 * 0.4 - 0.5 * 0.5)]]


def test_the_triplet_loss_by_hand() -> None:
    distances = torch.tensor([[0.0, 0.3, 0.4], [0.3, 0.0, 0.9], [0.4, 0.9, 0.0]])
    triplets = torch.tensor([[0, 1, 2], [1, 0, 2], [2, 1, 0]])

    # max(.3 - .4 + .2, 0), max(.3 - .9 + .2, 0), max(.9 - .4 + .2, 0)
    assert loss.triplet(distances, triplets, 0.2).item() == pytest.approx((0.1 + 0.0 + 0.7) / 3)
    assert loss.right(distances, triplets).tolist() == [True, True, False]


def test_the_self_term_by_hand() -> None:
    paintings = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    renditions = torch.tensor([[0.6, 0.8], [0.0, 1.0]])

    found = loss.self_term(paintings, renditions, 0.5).item()

    logits = np.array([[0.6, 0.0], [0.8, 1.0]]) / 0.5
    rows = [np.log(np.exp(logits[k]).sum()) - logits[k, k] for k in (0, 1)]
    columns = [np.log(np.exp(logits[:, k]).sum()) - logits[k, k] for k in (0, 1)]
    assert found == pytest.approx((np.mean(rows) + np.mean(columns)) / 2, abs=1e-6)


def test_weights_learn_nothing_from_an_affinity_but_its_margin_moves_the_gradient() -> None:
    """S_a does not depend on the network: under the paper's distance it decides which triplets still count."""
    latent = torch.tensor([[0.0, 0.5, 0.6], [0.5, 0.0, 1.0], [0.6, 1.0, 0.0]], requires_grad=True)
    triplets = torch.tensor([[0, 1, 2]])
    alike = torch.ones(3, 3)
    apart = alike.clone()
    apart[0, 2] = 0.0

    loss.triplet(loss.score_distance(latent, alike), triplets, 0.2).backward()
    counted = latent.grad
    assert counted is not None
    assert counted.abs().sum() > 0
    latent.grad = None
    loss.triplet(loss.score_distance(latent, apart), triplets, 0.2).backward()
    assert latent.grad is not None
    assert latent.grad.abs().sum() == 0, "a negative that is far in its metrics needs no distance in the embedding"


@given(st.integers(0, 2**31), st.integers(3, 14), st.sampled_from(["hard", "semi-hard"]))
@settings(max_examples=60, deadline=None)
def test_mined_triplets_are_those_of_brute_force(seed: int, count: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    half = rng.uniform(0, 1, (count, count))
    distances = (half + half.T).astype(np.float32)
    works = Works(
        np.arange(count),
        rng.choice(["A", "B", "C", "Unknown", ""], count).tolist(),
        rng.choice(["Baroque", "Rococo,Baroque", "Rococo", "Cubism", ""], count).tolist(),
        [""] * count,
        some_works(count).metrics,
    )
    labels, sharing = label_numbers(works)

    found = loss.mined(torch.from_numpy(distances), torch.from_numpy(labels), torch.from_numpy(sharing), kind=kind)

    assert sorted(map(tuple, found.tolist())) == sorted(brute_force(distances, works, kind))


def brute_force(distances: np.ndarray, works: Works, kind: str) -> list[tuple[int, int, int]]:
    """By the words of `Kinship`: the same artist with a movement in common; another with none; nobody is nobody's."""
    artists = ["" if artist == "Unknown" else artist for artist in works.artists]
    movements = [set(filter(None, movement.split(","))) for movement in works.movements]
    placed = [number for number in range(len(artists)) if artists[number] and movements[number]]
    found: list[tuple[int, int, int]] = []
    for a in placed:
        positives = [p for p in placed if p != a and artists[p] == artists[a] and movements[p] & movements[a]]
        negatives = [n for n in placed if artists[n] != artists[a] and not movements[n] & movements[a]]
        if not positives or not negatives:
            continue

        def away(other: int, a: int = a) -> float:
            return distances[a, other]

        if kind == "hard":
            found.append((a, max(positives, key=away), min(negatives, key=away)))
            continue
        for p in positives:
            farther = [n for n in negatives if away(n) > away(p)]
            found.append((a, p, min(farther, key=away) if farther else max(negatives, key=away)))
    return found


def test_the_default_weights_sum_to_one() -> None:
    rows = torch.zeros(2, 24)

    assert loss.affinity(rows, rows, DEFAULT).flatten().tolist() == [pytest.approx(1.0)] * 4

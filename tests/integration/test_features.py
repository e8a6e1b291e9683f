"""Features go in by COPY and come out as they were."""

from __future__ import annotations

from dataclasses import replace

import pytest

from r2r_shared.errors import NotFound
from r2r_shared.queries import features
from tests import synthetic
from tests.synthetic import Shot, World


@pytest.fixture
def world():
    return World(dim=8)


@pytest.fixture
def profile_id(conn):
    return synthetic.add_profile(conn, dim=8)


def test_paintings_features_come_back_as_they_went_in(conn, world, profile_id):
    drawn = world.draw(5)
    ids = synthetic.add_paintings(conn, profile_id, drawn)

    assert features.of_paintings(conn, profile_id=profile_id, ids=ids) == dict(zip(ids, drawn, strict=True))
    assert features.of_paintings(conn, profile_id=profile_id, ids=[ids[2], 10**9]) == {ids[2]: drawn[2]}
    assert features.of_paintings(conn, profile_id=profile_id + 1, ids=ids) == {}


def test_keyframes_features_come_back_as_they_went_in(conn, world, profile_id):
    drawn = world.draw(3)
    _, _, (ids,) = synthetic.add_film(conn, profile_id, [Shot(4, drawn)])

    assert features.of_keyframes(conn, profile_id=profile_id, ids=ids) == dict(zip(ids, drawn, strict=True))


def test_writing_again_replaces(conn, world, profile_id):
    first, second = world.draw(4), world.draw(4)
    ids = synthetic.add_paintings(conn, profile_id, first)

    features.write_paintings(conn, profile_id=profile_id, rows=list(zip(ids[:2], second[:2], strict=True)))
    features.write_paintings(conn, profile_id=profile_id, rows=list(zip(ids[:2], second[:2], strict=True)))

    expected = dict(zip(ids, second[:2] + first[2:], strict=True))
    assert features.of_paintings(conn, profile_id=profile_id, ids=ids) == expected


def test_nothing_to_write_is_fine(conn, profile_id):
    features.write_keyframes(conn, profile_id=profile_id, rows=[])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"embedding": (1.0,) * 7}, "embedding has shape"),
        ({"dc": (1.0,) * 8}, "dc has shape"),
        ({"contrast": float("nan")}, "contrast is nan"),
        ({"avg_dof": float("inf")}, "avg_dof is inf"),
        ({"shadow": (float("nan"),) * 9}, "shadow holds a number that is not finite"),
    ],
)
def test_numbers_that_would_poison_the_score_are_refused(conn, world, profile_id, change, says):
    (drawn,) = world.draw(1)
    ids = synthetic.add_paintings(conn, profile_id, [drawn])

    with pytest.raises(ValueError, match=says):
        features.write_paintings(conn, profile_id=profile_id, rows=[(ids[0], replace(drawn, **change))])

    assert features.of_paintings(conn, profile_id=profile_id, ids=ids) == {ids[0]: drawn}


def test_a_profile_that_does_not_exist(conn, world):
    with pytest.raises(NotFound):
        features.write_paintings(conn, profile_id=77, rows=[(1, world.draw(1)[0])])


def test_the_longest_embedding_fits(conn):
    world = World(dim=2000, clusters=2)
    profile_id = synthetic.add_profile(conn, dim=2000, name="long")
    drawn = world.draw(2)
    ids = synthetic.add_paintings(conn, profile_id, drawn)

    assert features.of_paintings(conn, profile_id=profile_id, ids=ids) == dict(zip(ids, drawn, strict=True))

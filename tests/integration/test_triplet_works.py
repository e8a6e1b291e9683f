"""The works of a profile: which rows, once each, in their columns."""

from __future__ import annotations

import numpy as np
import pytest

from r2r_shared.errors import NotFound
from r2r_shared.queries import features, works
from r2r_shared.records import METRICS
from tests import synthetic
from tests.synthetic import World


@pytest.fixture
def profile_id(conn):
    return synthetic.add_profile(conn)


def test_a_profiles_paintings_come_in_columns_to_the_last_bit(conn, profile_id):
    other = synthetic.add_profile(conn, name="other")
    ids = synthetic.add_paintings(conn, profile_id, World().draw(7))
    synthetic.add_paintings(conn, other, World(seed=1).draw(3), collection="of another profile")

    loaded = works.load(conn, profile_id)

    assert loaded.ids.tolist() == ids
    assert loaded.artists == [f"Artist {number}" for number in range(7)]
    assert loaded.movements[:3] == ["Baroque", "Cubism", ""]
    assert loaded.images[0] == f"paintings/{ids[0]}.jpg"
    stored = features.of_paintings(conn, profile_id=profile_id, ids=ids)
    for row, number in enumerate(ids):
        for metric in METRICS:
            assert np.array_equal(loaded.metrics[metric][row].ravel(), np.ravel(getattr(stored[number], metric)))


def test_collections_are_chosen_by_name(conn, profile_id):
    synthetic.add_paintings(conn, profile_id, World().draw(3), collection="one")
    two = synthetic.add_paintings(conn, profile_id, World(seed=1).draw(4), collection="two")
    three = synthetic.add_paintings(conn, profile_id, World(seed=2).draw(5), collection="three")

    assert works.load(conn, profile_id, ["two"]).ids.tolist() == two
    assert works.load(conn, profile_id, ["three", "two"]).ids.tolist() == two + three
    with pytest.raises(NotFound, match="no collection four"):
        works.load(conn, profile_id, ["two", "four"])


def test_a_picture_that_is_there_twice_is_one_work_the_row_that_says_most(conn, profile_id):
    """Else a painting would be its own positive, or lie on both sides of a split by artist."""
    first = synthetic.add_paintings(conn, profile_id, World().draw(3), collection="one", movements=["Baroque"])
    again = synthetic.add_paintings(conn, profile_id, World().draw(3), collection="two", movements=["Baroque"])
    conn.execute(
        "UPDATE paintings AS p SET image = q.image FROM paintings AS q WHERE p.id = q.id + 3 AND p.id = ANY(%s)",
        (again,),
    )
    conn.execute("UPDATE paintings SET artist = '' WHERE id = %s", (first[1],))
    conn.execute("UPDATE paintings SET movement = '' WHERE id = %s", (first[2],))

    loaded = works.load(conn, profile_id)

    assert loaded.ids.tolist() == [first[0], again[1], again[2]]
    assert works.load(conn, profile_id, ["one"]).ids.tolist() == first


def test_without_a_painting_there_are_no_works(conn, profile_id):
    assert len(works.load(conn, profile_id)) == 0


def test_labels_are_those_of_the_paintings_that_are_left(conn, profile_id):
    ids = synthetic.add_paintings(conn, profile_id, World().draw(2))
    conn.execute("DELETE FROM paintings WHERE id = %s", (ids[0],))

    assert works.labels(conn, ids) == {
        ids[1]: works.Label(ids[1], "synthetic", f"{ids[1]}.jpg", f"No. {ids[1]}", "Artist 1", "Cubism", "")
    }

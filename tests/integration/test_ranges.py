"""Ranges: max − min of scalars, the largest pair distance of vectors, and a revision that counts changes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from r2r_shared.errors import NotFound
from r2r_shared.queries import features, profiles, ranges, segments
from r2r_shared.queries.ranges import largest_distance
from r2r_shared.records import METRICS
from r2r_shared.score import NARROWEST_RANGE
from tests import synthetic
from tests.synthetic import World

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"


def brute_force(points):
    return max(
        float(np.linalg.norm(points - point, axis=2).sum(axis=1).max()) for point in points
    )  # every pair, no cleverness


def state(conn, profile_id):
    """As citations have it, which must not depend on this database."""
    ranges.refresh(conn, profile_id)
    return profiles.get(conn, profile_id).state


def revision(conn, profile_id):
    return conn.execute("SELECT revision FROM profiles WHERE id = %s", (profile_id,)).fetchone()[0]


@pytest.fixture
def profile_id(conn):
    return synthetic.add_profile(conn, dim=8)


def test_ranges_are_what_the_score_says_they_are(conn, profile_id):
    paintings = World(dim=8).draw(300)
    synthetic.add_paintings(conn, profile_id, paintings)

    ranges.refresh(conn, profile_id)

    seen = ranges.of_profile(conn, profile_id)
    columns = synthetic.stack(paintings)
    assert tuple(seen) == METRICS
    for metric in ("avg_dof", "max_dof", "min_dof", "saturation", "balance", "contrast"):
        assert (seen[metric].low, seen[metric].high) == (columns[metric].min(), columns[metric].max())
        assert seen[metric].range == np.ptp(columns[metric])
    assert seen["dc"].range == pytest.approx(brute_force(columns["dc"].reshape(-1, 3, 3)), rel=1e-12)
    assert seen["shadow"].range == pytest.approx(brute_force(columns["shadow"].reshape(-1, 1, 9)), rel=1e-12)
    assert seen["shadow"].centre == pytest.approx(columns["shadow"].mean(axis=0))
    away = np.linalg.norm(columns["shadow"] - columns["shadow"].mean(axis=0), axis=1)
    assert seen["shadow"].radius == pytest.approx(away.max())


def test_one_painting_and_a_metric_all_agree_on_have_the_narrowest_range(conn, profile_id):
    (painting,) = World(dim=8).draw(1)
    synthetic.add_paintings(conn, profile_id, [painting])
    ranges.refresh(conn, profile_id)
    assert {seen.range for seen in ranges.of_profile(conn, profile_id).values()} == {NARROWEST_RANGE}

    synthetic.add_paintings(conn, profile_id, [replace(painting, contrast=painting.contrast + 4)])
    ranges.refresh(conn, profile_id)
    assert ranges.of_profile(conn, profile_id)["contrast"].range == 4
    assert ranges.of_profile(conn, profile_id)["dc"].range == NARROWEST_RANGE


def test_the_revision_counts_changes_and_only_those(conn, profile_id):
    paintings = World(dim=8).draw(12)
    assert ranges.refresh(conn, profile_id) == 0
    ids = synthetic.add_paintings(conn, profile_id, paintings, years=[1800])
    assert ranges.refresh(conn, profile_id) == 1
    assert ranges.refresh(conn, profile_id) == 1

    # The same features again change nothing
    features.write_paintings(conn, profile_id=profile_id, rows=list(zip(ids, paintings, strict=True)))
    assert ranges.refresh(conn, profile_id) == 1

    # A painting that leaves every range as it was is a change all the same
    synthetic.add_paintings(conn, profile_id, [paintings[0]])
    assert ranges.refresh(conn, profile_id) == 2
    # So are another embedding, another date, and a painting less
    features.write_paintings(
        conn, profile_id=profile_id, rows=[(ids[0], replace(paintings[0], embedding=(1.0, *(0.0,) * 7)))]
    )
    assert ranges.refresh(conn, profile_id) == 3
    conn.execute("UPDATE paintings SET year_from = 1801 WHERE id = %s", (ids[1],))
    assert ranges.refresh(conn, profile_id) == 4
    conn.execute("DELETE FROM paintings WHERE id = %s", (ids[2],))
    assert ranges.refresh(conn, profile_id) == 5
    # A title is none
    conn.execute("UPDATE paintings SET title = 'Untitled'")
    assert ranges.refresh(conn, profile_id) == 5 == revision(conn, profile_id)


def test_the_last_painting_takes_the_ranges_with_it(conn, profile_id):
    synthetic.add_paintings(conn, profile_id, World(dim=8).draw(3))
    ranges.refresh(conn, profile_id)
    conn.execute("DELETE FROM paintings")

    assert ranges.refresh(conn, profile_id) == 2
    assert ranges.of_profile(conn, profile_id) == {}


def test_profiles_have_ranges_of_their_own(conn, profile_id):
    other = synthetic.add_profile(conn, dim=8, name="other")
    world = World(dim=8)
    synthetic.add_paintings(conn, profile_id, world.draw(20))
    synthetic.add_paintings(conn, other, world.draw(20), collection="other")
    ranges.refresh(conn, profile_id)
    first = ranges.of_profile(conn, profile_id)
    ranges.refresh(conn, other)

    assert ranges.of_profile(conn, profile_id) == first != ranges.of_profile(conn, other)


def test_a_profile_that_does_not_exist(conn):
    with pytest.raises(NotFound):
        ranges.refresh(conn, 77)


@pytest.mark.parametrize("shape", [(1, 1, 9), (2, 3, 3), (65, 1, 9), (700, 3, 3), (1000, 1, 2)])
@pytest.mark.parametrize("kind", ["cloud", "clusters", "sphere", "equal", "outlier"])
def test_the_largest_distance_is_the_largest_of_all_pairs(shape, kind):
    rng = np.random.default_rng(7)
    points = rng.normal(size=shape)
    if kind == "clusters":
        points += rng.choice([-9.0, 0.0, 9.0], (shape[0], 1, 1))
    elif kind == "sphere":  # where no point can be ruled out by its distance from the middle
        points /= np.linalg.norm(points, axis=2, keepdims=True)
    elif kind == "equal":
        points[:] = points[0]
    elif kind == "outlier":
        points[-1] += 1e4

    assert largest_distance(points) == pytest.approx(brute_force(points), rel=1e-12, abs=1e-12)


def test_beyond_the_limit_the_farthest_out_are_compared():
    rng = np.random.default_rng(7)
    points = rng.normal(size=(2000, 3, 3))

    assert largest_distance(points, at_most=200) == pytest.approx(brute_force(points), rel=1e-12)
    assert largest_distance(points, at_most=1) == 0


def test_a_database_of_an_earlier_release_has_its_names_looked_up_once(conn, profile_id):
    # Given ranges that were taken before there were names
    synthetic.add_paintings(conn, profile_id, World(dim=8).draw(6))
    ranges.refresh(conn, profile_id)
    assert not ranges.refresh_unnamed(conn, profile_id)
    conn.execute("UPDATE profiles SET names = NULL, artists = NULL")

    # When a job is to take them anyway, it is left to that
    (job_id,) = conn.execute(
        "INSERT INTO jobs (kind, state, profile_id) VALUES ('paintings', 'running', %s) RETURNING id", (profile_id,)
    ).fetchone()
    segments.add_batches(conn, job_id, "ranges", [[]])
    assert not ranges.refresh_unnamed(conn, profile_id)
    conn.execute("UPDATE jobs SET state = 'failed'")

    # Then not
    assert ranges.refresh_unnamed(conn, profile_id)
    assert conn.execute(
        "SELECT revision, names IS NOT NULL, artists IS NOT NULL FROM profiles WHERE id = %s", (profile_id,)
    ).fetchone() == (1, True, True)
    assert not ranges.refresh_unnamed(conn, profile_id)


def test_equal_collections_have_one_state_whatever_their_order_and_history(conn, profile_id):
    works = World(dim=8).draw(7)
    ids = synthetic.add_paintings(conn, profile_id, works, artists=1, movements=("Baroque",), years=(1700,))
    first = state(conn, profile_id)
    other = synthetic.add_profile(conn, dim=8, name="another installation's")
    synthetic.add_paintings(
        conn, other, works[::-1], artists=1, movements=("Baroque",), years=(1700,), collection="Theirs"
    )
    ranges.refresh(conn, other)
    conn.execute("UPDATE profiles SET revision = 40 WHERE id = %s", (other,))

    assert state(conn, other) == first
    assert len(first) == 64
    # And whatever a number depends on makes another state, until it is as it was
    changes = (
        "UPDATE paintings SET year_from = 1800 WHERE id = %s",
        "UPDATE paintings SET artist = 'Artist 9' WHERE id = %s",
        "UPDATE paintings SET movement = 'Cubism' WHERE id = %s",
    )
    back = "UPDATE paintings SET year_from = 1700, artist = 'Artist 0', movement = 'Baroque' WHERE id = %s"
    seen = {first}
    for change in changes:
        conn.execute(change, (ids[0],))
        seen.add(state(conn, profile_id))
        conn.execute(back, (ids[0],))
        assert state(conn, profile_id) == first
    conn.execute("DELETE FROM paintings WHERE id = %s", (ids[0],))
    seen.add(state(conn, profile_id))
    # A data set may bring ranges of its own: scores under them are others
    conn.execute("UPDATE metric_ranges SET range = 2 * range WHERE profile_id = %s AND metric = 'dc'", (profile_id,))
    last = profiles.get(conn, profile_id).state
    seen.add(last)
    assert len(seen) == len(changes) + 3
    # A title is no number
    conn.execute("UPDATE paintings SET title = 'Another' WHERE id = %s", (ids[1],))
    assert state(conn, profile_id) == last


def test_a_profile_without_paintings_has_no_state(conn, profile_id):
    assert state(conn, profile_id) == ""


def test_the_migration_gives_profiles_the_state_that_they_would_have_now(conn, profile_id):
    synthetic.add_paintings(conn, profile_id, World(dim=8).draw(5), years=(None, 1700, -20))
    known = state(conn, profile_id)
    conn.execute("UPDATE profiles SET state = NULL")
    assert profiles.get(conn, profile_id).state == ""
    text = (VERSIONS / "0005_museums.sql").read_text(encoding="utf-8")
    (statement,) = re.findall(r"^UPDATE profiles AS o .*?;", text, flags=re.MULTILINE | re.DOTALL)

    conn.execute(statement)

    assert profiles.get(conn, profile_id).state == known

"""The exact scan equals brute force in NumPy, ties included."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from r2r_shared.errors import NotFound, UserError
from r2r_shared.queries import matches, ranges
from r2r_shared.score import DEFAULT, Weights
from tests import synthetic
from tests.synthetic import Shot, World

FLOAT32 = 1e-6  # pgvector sums squares in float32


def stored(conn, profile_id):
    """(painting id, score) of each keyframe's stored matches, in rank order."""
    found: dict[int, list[tuple[int, float]]] = {}
    for keyframe_id, painting_id, score in conn.execute(
        "SELECT keyframe_id, painting_id, score FROM matches WHERE profile_id = %s ORDER BY keyframe_id, rank",
        (profile_id,),
    ):
        found.setdefault(keyframe_id, []).append((painting_id, score))
    return found


def assert_equals_brute_force(got, probe, paintings, ids, conn, *, profile_id, k, weights=DEFAULT):
    """Same paintings in the same order; where scores lie nearer than float32 tells, either order."""
    widths = ranges.widths(ranges.of_profile(conn, profile_id))
    expected = synthetic.scores(probe, synthetic.stack(paintings), widths, weights.named())
    of = dict(zip(ids, expected, strict=True))
    best = sorted(ids, key=lambda one: (-of[one], one))[:k]
    assert len(got) == len(best)
    for (painting_id, score), wanted in zip(got, best, strict=True):
        assert score == pytest.approx(of[painting_id], abs=FLOAT32)
        assert painting_id == wanted or abs(of[painting_id] - of[wanted]) < FLOAT32


def test_a_film_against_random_paintings(conn):
    world = World(dim=32)
    paintings, frames = world.draw(700), world.draw(40)
    profile_id = synthetic.add_profile(conn, dim=32)
    ids = synthetic.add_paintings(conn, profile_id, paintings)
    film_id, _, keyframes = synthetic.add_film(conn, profile_id, [Shot(4, [frame]) for frame in frames])
    ranges.refresh(conn, profile_id)

    done = matches.match_film(conn, film_id, profile_id, k=20)

    assert (done.how, done.keyframes, done.paintings, done.unproven) == ("exact", 40, 700, 0)
    got = stored(conn, profile_id)
    for (keyframe_id,), frame in zip(keyframes, frames, strict=True):
        assert_equals_brute_force(got[keyframe_id], frame, paintings, ids, conn, profile_id=profile_id, k=20)


def test_frames_far_outside_the_collection_are_clipped_the_same(conn):
    world = World(dim=8)
    paintings = world.draw(300)
    frames = [
        replace(frame, avg_dof=frame.avg_dof * 9, saturation=255.0, dc=(255.0,) * 9, shadow=(0.0,) * 9)
        for frame in world.draw(10)
    ]
    profile_id = synthetic.add_profile(conn, dim=8)
    ids = synthetic.add_paintings(conn, profile_id, paintings)
    film_id, _, keyframes = synthetic.add_film(conn, profile_id, [Shot(4, frames)])
    ranges.refresh(conn, profile_id)

    matches.match_film(conn, film_id, profile_id, k=10)

    got = stored(conn, profile_id)
    for keyframe_id, frame in zip(keyframes[0], frames, strict=True):
        assert_equals_brute_force(got[keyframe_id], frame, paintings, ids, conn, profile_id=profile_id, k=10)


def test_ties_go_to_the_smaller_id(conn):
    # Given five copies each of eight paintings, dealt out in turn
    world = World(dim=8)
    originals = world.draw(8)
    profile_id = synthetic.add_profile(conn, dim=8)
    ids = synthetic.add_paintings(conn, profile_id, originals * 5)
    film_id, _, ((keyframe_id,),) = synthetic.add_film(conn, profile_id, [Shot(4, [world.draw(1)[0]])])
    ranges.refresh(conn, profile_id)

    matches.match_film(conn, film_id, profile_id, k=12)

    # Then copies come in the order of their ids, and the cut at 12 falls inside a group of equals
    got = stored(conn, profile_id)[keyframe_id]
    groups = [[painting_id for painting_id, _ in got[at : at + 5]] for at in (0, 5, 10)]
    for group in groups:
        first = (group[0] - ids[0]) % 8
        assert group == [ids[first + 8 * copy] for copy in range(5)][: len(group)]
    assert [len(group) for group in groups] == [5, 5, 2]
    assert len({score for _, score in got[:5]}) == 1


def test_a_frame_that_is_the_painting_scores_one(conn):
    world = World(dim=8)
    paintings = world.draw(50)
    profile_id = synthetic.add_profile(conn, dim=8)
    ids = synthetic.add_paintings(conn, profile_id, paintings)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [paintings[7]])])
    ranges.refresh(conn, profile_id)

    matches.match_film(conn, film_id, profile_id)

    row = conn.execute("SELECT painting_id, score, visual, semantic, metrics FROM matches WHERE rank = 1").fetchone()
    assert row == (ids[7], 1.0, 1.0, 1.0, [1.0] * 8)


def test_paintings_younger_than_the_film_are_left_out(conn):
    world = World(dim=8)
    paintings = world.draw(30)
    profile_id = synthetic.add_profile(conn, dim=8)
    years = [1650, 1927, None]
    ids = synthetic.add_paintings(conn, profile_id, paintings, years=years)
    film_id, _, ((keyframe_id,),) = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))], year=1926)
    ranges.refresh(conn, profile_id)

    done = matches.match_film(conn, film_id, profile_id, k=30)

    assert done.paintings == 20
    seen = {painting_id for painting_id, _ in stored(conn, profile_id)[keyframe_id]}
    assert seen == {one for number, one in enumerate(ids) if number % 3 != 1}


def test_a_painting_of_the_films_own_year_and_a_film_without_a_year_keep_all(conn):
    world = World(dim=8)
    profile_id = synthetic.add_profile(conn, dim=8)
    synthetic.add_paintings(conn, profile_id, world.draw(6), years=[1926])
    same, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))], year=1926)
    unknown, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    ranges.refresh(conn, profile_id)

    assert matches.match_film(conn, same, profile_id).paintings == 6
    assert matches.match_film(conn, unknown, profile_id).paintings == 6


def test_blank_shots_and_other_analyses_are_not_matched(conn):
    world = World(dim=8)
    profile_id = synthetic.add_profile(conn, dim=8)
    synthetic.add_paintings(conn, profile_id, world.draw(6))
    film_id, _, ((first,), _) = synthetic.add_film(
        conn, profile_id, [Shot(4, world.draw(1)), Shot(1, world.draw(1), blank="black")]
    )
    job_id, ((second,),) = synthetic.add_analysis(conn, film_id, profile_id, [Shot(5, world.draw(1))])
    ranges.refresh(conn, profile_id)

    matches.match_film(conn, film_id, profile_id)
    assert set(stored(conn, profile_id)) == {first}
    matches.match_film(conn, film_id, profile_id, job_id=job_id)
    assert set(stored(conn, profile_id)) == {first, second}


def test_matching_again_replaces_and_writes_the_same(conn):
    world = World(dim=8)
    profile_id = synthetic.add_profile(conn, dim=8)
    synthetic.add_paintings(conn, profile_id, world.draw(60))
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(3))])
    ranges.refresh(conn, profile_id)

    matches.match_film(conn, film_id, profile_id, k=20)
    first = stored(conn, profile_id)
    matches.match_film(conn, film_id, profile_id, k=20)
    assert stored(conn, profile_id) == first
    matches.match_film(conn, film_id, profile_id, k=5)
    assert stored(conn, profile_id) == {keyframe: rows[:5] for keyframe, rows in first.items()}


def test_stored_matches_are_current_until_something_changes(conn):
    world = World(dim=8)
    profile_id = synthetic.add_profile(conn, dim=8)
    synthetic.add_paintings(conn, profile_id, world.draw(9))
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    ranges.refresh(conn, profile_id)
    assert not matches.current(conn, film_id, profile_id, k=5)

    matches.match_film(conn, film_id, profile_id, k=5)
    assert matches.current(conn, film_id, profile_id, k=5, exact=True)
    assert not matches.current(conn, film_id, profile_id, k=6)

    conn.execute("UPDATE films SET year = 1950")
    assert not matches.current(conn, film_id, profile_id, k=5)
    matches.match_film(conn, film_id, profile_id, k=5)
    conn.execute("UPDATE paintings SET year_from = 1960, year_to = 1960 WHERE file = '1.jpg'")
    ranges.refresh(conn, profile_id)
    assert not matches.current(conn, film_id, profile_id, k=5)


def test_without_paintings_nothing_matches(conn):
    profile_id = synthetic.add_profile(conn, dim=8)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, World(dim=8).draw(1))])
    ranges.refresh(conn, profile_id)

    done = matches.match_film(conn, film_id, profile_id)

    assert (done.keyframes, done.paintings) == (1, 0)
    assert stored(conn, profile_id) == {}
    assert matches.current(conn, film_id, profile_id, k=20)


def test_one_painting_is_all_or_nothing_in_every_metric(conn):
    world = World(dim=8)
    (painting,) = world.draw(1)
    profile_id = synthetic.add_profile(conn, dim=8)
    synthetic.add_paintings(conn, profile_id, [painting])
    ranges.refresh(conn, profile_id)

    (same,) = matches.live(conn, painting, profile_id)
    (other,) = matches.live(conn, replace(painting, contrast=painting.contrast + 1), profile_id)

    assert same.score == 1.0
    assert other.similarities == (1.0,) * 7 + (0.0,)
    assert other.semantic == pytest.approx(0.9)


def test_live_equals_what_is_stored_and_takes_weights_and_a_year(conn):
    world = World(dim=32)
    paintings, (frame,) = world.draw(400), world.draw(1)
    profile_id = synthetic.add_profile(conn, dim=32)
    ids = synthetic.add_paintings(conn, profile_id, paintings, years=[1800, 1950])
    film_id, _, ((keyframe_id,),) = synthetic.add_film(conn, profile_id, [Shot(4, [frame])])
    ranges.refresh(conn, profile_id)
    matches.match_film(conn, film_id, profile_id, k=15)

    plain = matches.live(conn, frame, profile_id, k=15)
    assert [(one.painting.id, one.score) for one in plain] == stored(conn, profile_id)[keyframe_id]
    assert all(one.score == 0.5 * one.visual + 0.5 * one.semantic for one in plain)

    only_colour = Weights.parse("dc=1,others=0")
    coloured = matches.live(conn, frame, profile_id, k=15, weights=only_colour)
    got = [(one.painting.id, one.score) for one in coloured]
    assert_equals_brute_force(got, frame, paintings, ids, conn, profile_id=profile_id, k=15, weights=only_colour)
    assert got != [(one.painting.id, one.score) for one in plain]

    old = matches.live(conn, frame, profile_id, k=400, year=1900)
    assert sorted(one.painting.id for one in old) == ids[::2]


def test_profiles_do_not_mix(conn):
    world = World(dim=8)
    one, two = synthetic.add_profile(conn, dim=8), synthetic.add_profile(conn, dim=8, name="other")
    ids = synthetic.add_paintings(conn, one, world.draw(5))
    synthetic.add_paintings(conn, two, world.draw(5), collection="other")
    ranges.refresh(conn, one)
    ranges.refresh(conn, two)

    assert sorted(match.painting.id for match in matches.live(conn, world.draw(1)[0], one, k=10)) == ids


def test_scores_survive_a_batch_boundary(conn, monkeypatch):
    monkeypatch.setattr("r2r_shared.queries.probes._BATCH", 7)
    world = World(dim=8)
    paintings, frames = world.draw(40), world.draw(30)
    profile_id = synthetic.add_profile(conn, dim=8)
    ids = synthetic.add_paintings(conn, profile_id, paintings)
    film_id, _, (keyframes,) = synthetic.add_film(conn, profile_id, [Shot(4, frames)])
    ranges.refresh(conn, profile_id)

    matches.match_film(conn, film_id, profile_id, k=4)

    got = stored(conn, profile_id)
    for keyframe_id, frame in zip(keyframes, frames, strict=True):
        assert_equals_brute_force(got[keyframe_id], frame, paintings, ids, conn, profile_id=profile_id, k=4)


def test_the_brute_force_is_the_formula():
    a, b = World(dim=8).draw(2)
    widths = dict.fromkeys(DEFAULT.named(), 100.0)
    many = synthetic.scores(a, synthetic.stack([a, b]), widths, DEFAULT.named())
    assert many == pytest.approx([1.0, synthetic.score(a, b, widths, DEFAULT.named())])
    assert np.all(many >= 0)


def test_what_does_not_exist_is_refused(conn):
    profile_id = synthetic.add_profile(conn, dim=8)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [])
    with pytest.raises(NotFound):
        matches.match_film(conn, film_id + 1, profile_id)
    with pytest.raises(NotFound):
        matches.match_film(conn, film_id, profile_id + 1)
    world = World(dim=8)
    synthetic.add_paintings(conn, profile_id, world.draw(3))
    ranges.refresh(conn, profile_id)
    with pytest.raises(UserError, match="no indexes"):
        matches.match_film(conn, film_id, profile_id, how="lists")

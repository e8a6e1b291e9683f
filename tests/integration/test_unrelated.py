"""What unrelated pictures reach: the null is what brute force says, matches are judged by it, hubs are put back."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_shared import db
from r2r_shared.errors import NotFound
from r2r_shared.nearness import NEIGHBOURS
from r2r_shared.queries import matches, ranges, unrelated
from r2r_shared.queries.matched import by_chance
from r2r_shared.queries.paintings import remove
from r2r_shared.queries.timeline import timeline
from r2r_shared.queries.unrelated import FACTOR, Unrelated
from r2r_shared.score import DEFAULT
from tests import synthetic
from tests.synthetic import Shot, World

DIM = 8


@pytest.fixture
def world():
    return World(dim=DIM)


@pytest.fixture
def profile_id(conn):
    return synthetic.add_profile(conn, dim=DIM)


def scores_of(conn, profile_id, paintings):
    """(n, n) every painting's score with every other."""
    widths = ranges.widths(ranges.of_profile(conn, profile_id))
    columns = synthetic.stack(paintings)
    return np.array([synthetic.scores(one, columns, widths, DEFAULT.named()) for one in paintings])


def test_the_null_is_the_best_score_of_each_painting_with_works_by_others(conn, world, profile_id):
    paintings = world.draw(60)
    ids = synthetic.add_paintings(conn, profile_id, paintings, artists=7)
    ranges.refresh(conn, profile_id)

    assert unrelated.known(conn, profile_id) is None
    assert unrelated.refresh(conn, profile_id)

    artists = np.arange(60) % 7
    scores = scores_of(conn, profile_id, paintings)
    scores[artists[:, None] == artists] = -1
    null = unrelated.known(conn, profile_id)
    assert null.scores == pytest.approx(sorted(scores.max(axis=1)), abs=1e-6)
    assert (null.pictures, null.of_pictures) == (60, 60)
    # And a painting's nearness is the mean of its ten best, by which hubs are corrected
    near = np.sort(scores, axis=0)[-NEIGHBOURS:].mean(axis=0)
    assert null.nearness == pytest.approx(near.mean(), abs=1e-6)
    excess = unrelated.excess(conn, profile_id, ids, null)
    assert [excess[one] for one in ids] == pytest.approx(list(FACTOR * (near - near.mean())), abs=1e-6)


def test_it_is_measured_once_for_each_state_of_the_collection(conn, world, profile_id):
    paintings = world.draw(30)
    ids = synthetic.add_paintings(conn, profile_id, paintings)
    ranges.refresh(conn, profile_id)
    assert unrelated.pairs(conn, profile_id) == 900
    assert unrelated.refresh(conn, profile_id)
    assert not unrelated.refresh(conn, profile_id)
    assert unrelated.pairs(conn, profile_id) == 0

    # A painting more
    synthetic.add_paintings(conn, profile_id, world.draw(1), collection="more")
    ranges.refresh(conn, profile_id)
    assert unrelated.known(conn, profile_id) is None
    assert unrelated.refresh(conn, profile_id)
    assert unrelated.known(conn, profile_id).pictures == 31

    # Another artist leaves the revision, and every film's matches, as they are
    revision = ranges.refresh(conn, profile_id)
    conn.execute("UPDATE paintings SET artist = 'Artist 1' WHERE id = %s", (ids[0],))
    assert ranges.refresh(conn, profile_id) == revision
    assert unrelated.known(conn, profile_id) is None
    assert unrelated.refresh(conn, profile_id)

    # Another movement leaves the null too: whose works are unrelated does not depend on it
    known = unrelated.known(conn, profile_id)
    conn.execute("UPDATE paintings SET movement = 'Vorticism' WHERE id = %s", (ids[0],))
    ranges.refresh(conn, profile_id)
    assert unrelated.known(conn, profile_id) == known
    assert unrelated.pairs(conn, profile_id) == 0


def test_works_by_nobody_known_are_in_no_null_but_can_be_hubs(conn, world, profile_id):
    # Given a painting by an unknown hand that is a copy of another
    paintings = world.draw(30)
    paintings[4] = paintings[9]
    ids = synthetic.add_paintings(conn, profile_id, paintings, artists=30)
    conn.execute("UPDATE paintings SET artist = 'Anonymous' WHERE id = %s", (ids[4],))
    ranges.refresh(conn, profile_id)

    unrelated.refresh(conn, profile_id)

    null = unrelated.known(conn, profile_id)
    assert null.pictures == 29
    assert max(null.scores) < 0.99
    assert set(unrelated.excess(conn, profile_id, ids, null)) == set(ids)


def test_one_artist_alone_has_no_null(conn, world, profile_id):
    synthetic.add_paintings(conn, profile_id, world.draw(30), artists=1)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    ranges.refresh(conn, profile_id)

    (shot,) = timeline(conn, film_id, profile_id).shots

    assert unrelated.known(conn, profile_id) is None
    assert unrelated.pairs(conn, profile_id) == 0  # nor is it looked for again
    assert {(match.p_value, match.convincing, match.corrected) for match in shot.matches} == {(None, None, None)}
    assert shot.convincing is None


def test_of_a_large_collection_some_are_asked_the_same_every_time(conn, world, profile_id):
    ids = synthetic.add_paintings(conn, profile_id, world.draw(50))
    ranges.refresh(conn, profile_id)
    seen = []

    unrelated.refresh(conn, profile_id, at_most=20, on_progress=lambda done, every: seen.append((done, every)))

    null = unrelated.known(conn, profile_id)
    assert (null.pictures, null.of_pictures) == (20, 50)
    assert len(unrelated.excess(conn, profile_id, ids, null)) == 50  # of all of them it is known how near they are
    assert seen == [(50, 50)]
    conn.execute("UPDATE unrelated SET revision = 0")
    unrelated.refresh(conn, profile_id, at_most=20)
    assert unrelated.known(conn, profile_id) == null


def test_who_breaks_off_leaves_what_was_known(conn, world, profile_id):
    synthetic.add_paintings(conn, profile_id, world.draw(20))
    ranges.refresh(conn, profile_id)

    def on_progress(done, every):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unrelated.refresh(conn, profile_id, on_progress=on_progress)

    assert unrelated.known(conn, profile_id) is None
    assert unrelated.refresh(conn, profile_id)


def test_a_profile_without_paintings_and_one_that_does_not_exist(conn, profile_id):
    ranges.refresh(conn, profile_id)
    assert not unrelated.refresh(conn, profile_id)
    with pytest.raises(NotFound):
        unrelated.refresh(conn, profile_id + 1)


def test_a_match_is_judged_by_how_many_of_the_null_reach_its_score(conn, world, profile_id):
    # Given a frame that is one of the paintings, and one that resembles nothing
    paintings = world.draw(60)
    synthetic.add_paintings(conn, profile_id, paintings, artists=12)
    stranger = replace(World(dim=DIM, seed=9).draw(1)[0], embedding=tuple(-x for x in paintings[0].embedding))
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [paintings[3]]), Shot(4, [stranger])])
    ranges.refresh(conn, profile_id)

    found = timeline(conn, film_id, profile_id, hub_correction=False)

    null = unrelated.known(conn, profile_id)
    for shot in found.shots:
        for match in shot.matches:
            assert match.p_value == (1 + sum(one >= match.score for one in null.scores)) / 61
    assert [shot.convincing for shot in found.shots] == [True, False]
    assert found.shots[0].matches[0].p_value == 1 / 61
    assert found.null == null
    said = found.to_json()["profile"]["null"]
    assert said == {"pictures": 60, "of_pictures": 60, "convincing_from": null.convincing_from}


@given(scores=st.lists(st.sampled_from([i / 16 for i in range(17)]), min_size=1, max_size=120), score=st.floats(0, 1))
def test_from_the_convincing_score_on_p_is_small_enough_and_below_it_is_not(scores, score):
    null = Unrelated(len(scores), sorted(scores), 0.5)

    if null.convincing_from is None:
        assert len(scores) < 19
        assert null.p_value(score) is None  # not even of a score that none of them reaches is it known
        return
    assert null.p_value(score) == (1 + sum(one >= score for one in scores)) / (1 + len(scores))
    assert null.p_value(null.convincing_from) <= 0.05
    assert null.p_value(math.nextafter(null.convincing_from, 0)) > 0.05
    assert (score >= null.convincing_from) == (null.p_value(score) <= 0.05)


def test_unrelated_pictures_are_convincing_as_often_as_is_said(conn, world, profile_id):
    # Given a film whose frames are drawn as the paintings are, by nobody in particular
    synthetic.add_paintings(conn, profile_id, world.draw(600), artists=600)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(1, [frame]) for frame in world.draw(400)])
    ranges.refresh(conn, profile_id)

    shots = timeline(conn, film_id, profile_id, top_k=1, hub_correction=False).shots

    count = sum(shot.convincing for shot in shots)
    assert 0.02 * 400 <= count <= 0.09 * 400  # 0.05, and three standard errors of both samples
    of_p = sorted(shot.matches[0].p_value for shot in shots)
    assert of_p[200] == pytest.approx(0.5, abs=0.1)  # and p is spread evenly


def test_a_hub_is_put_back_and_both_scores_are_shown(conn, profile_id):
    # Given a painting in the middle of all others, and a frame a little nearer to it than to a work of its own kind
    rng = np.random.default_rng(3)
    (blank,) = World(dim=2).draw(1)

    def at(*place):
        return replace(blank, embedding=tuple(map(float, place)))

    around = [at(*(rng.normal(size=2) * 0.02)) for _ in range(30)]
    paintings = [at(0, 0), at(1, 0), *around]
    other = synthetic.add_profile(conn, dim=2, name="plane")
    ids = synthetic.add_paintings(conn, other, paintings, artists=99)
    film_id, _, _ = synthetic.add_film(conn, other, [Shot(4, [at(0.49, 0)])])
    ranges.refresh(conn, other)

    plain = timeline(conn, film_id, other, top_k=40, hub_correction=False).shots[0].matches
    corrected = timeline(conn, film_id, other, top_k=40).shots[0].matches

    assert ids[1] not in [match.painting.id for match in plain[:3]]
    assert corrected[0].painting.id == ids[1]
    assert [match.rank for match in corrected] == list(range(1, len(corrected) + 1))
    scores = {match.painting.id: match.score for match in plain}
    null = unrelated.known(conn, other)
    excess = unrelated.excess(conn, other, ids, null)
    for match in corrected:
        assert match.score == scores[match.painting.id]
        assert match.corrected == pytest.approx(match.score - excess[match.painting.id])
        assert match.p_value == null.p_value(match.score)
    assert [m.corrected for m in corrected] == sorted((m.corrected for m in corrected), reverse=True)
    assert {match.corrected for match in plain} == {None}


def test_any_picture_is_judged_and_corrected_as_a_frame_is(conn, world, profile_id):
    synthetic.add_paintings(conn, profile_id, world.draw(60))
    (frame,) = world.draw(1)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [frame])])
    ranges.refresh(conn, profile_id)
    (shot,) = timeline(conn, film_id, profile_id, top_k=8).shots

    live = matches.live(conn, frame, profile_id, k=8)

    assert live == list(shot.matches)
    plain = matches.live(conn, frame, profile_id, k=8, hub_correction=False)
    assert [match.score for match in plain] == sorted((match.score for match in plain), reverse=True)


def test_a_collection_too_large_to_measure_on_the_way_is_left_to_whoever_asks(conn, world, profile_id, monkeypatch):
    monkeypatch.setattr(unrelated, "CHEAP_PAIRS", 100)
    synthetic.add_paintings(conn, profile_id, world.draw(40))
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    ranges.refresh(conn, profile_id)

    before = timeline(conn, film_id, profile_id)
    unrelated.refresh(conn, profile_id)
    after = timeline(conn, film_id, profile_id)

    assert (before.null, before.hub_correction) == (None, False)
    assert (after.null, after.hub_correction) == (unrelated.known(conn, profile_id), True)


@pytest.mark.parametrize("count", [2, 18, 19, 60])
def test_of_fewer_than_19_pictures_nothing_is_convincing_or_known_not_to_be(conn, world, profile_id, count):
    # Given a frame that is one of the paintings
    paintings = world.draw(count)
    synthetic.add_paintings(conn, profile_id, paintings, artists=count)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [paintings[0]])])
    ranges.refresh(conn, profile_id)

    (shot,) = timeline(conn, film_id, profile_id, hub_correction=False).shots

    null = unrelated.known(conn, profile_id)
    assert (null.pictures, null.convincing_from is None) == (count, count < 19)
    assert (by_chance(count) > 0) == (count >= 19)
    for match in (shot.matches[0], matches.live(conn, paintings[0], profile_id, hub_correction=False)[0]):
        assert match.score == pytest.approx(1)
        assert match.p_value == (None if count < 19 else 1 / (1 + count))
        assert match.convincing == (None if count < 19 else True)


def test_what_was_measured_of_a_collection_that_has_changed_is_not_stored(conn, world, profile_id, database_url):
    # Given that others remove a painting, and measure what is left, while it is measured
    ids = synthetic.add_paintings(conn, profile_id, world.draw(30))
    ranges.refresh(conn, profile_id)
    conn.commit()

    def on_progress(done, every):
        with db.connect(database_url) as others:
            remove(others, ids[:1])
            others.commit()
            assert unrelated.refresh(others, profile_id)

    assert not unrelated.refresh(conn, profile_id, on_progress=on_progress)

    conn.commit()
    assert unrelated.known(conn, profile_id).pictures == 29
    assert unrelated.pairs(conn, profile_id) == 0


def test_a_painting_that_is_removed_while_it_is_measured_is_no_error(conn, world, profile_id, database_url):
    ids = synthetic.add_paintings(conn, profile_id, world.draw(30))
    ranges.refresh(conn, profile_id)
    conn.commit()

    def on_progress(done, every):
        with db.connect(database_url) as others:  # the ranges are to follow
            others.execute("DELETE FROM paintings WHERE id = %s", (ids[0],))

    assert unrelated.refresh(conn, profile_id, on_progress=on_progress)
    assert ids[1] in unrelated.excess(conn, profile_id, ids, unrelated.known(conn, profile_id))


def test_who_measures_on_the_way_waits_for_who_matches_the_film(conn, world, profile_id, database_url):
    # Given a film that is counted and judged, and an artist whose name is mended
    ids = synthetic.add_paintings(conn, profile_id, world.draw(30))
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    ranges.refresh(conn, profile_id)
    timeline(conn, film_id, profile_id)
    conn.execute("UPDATE paintings SET artist = 'Somebody' WHERE id = %s", (ids[0],))
    ranges.refresh(conn, profile_id)
    conn.commit()

    # When somebody holds the film, as one who matches it does, and a reader comes
    conn.execute("SELECT FROM films WHERE id = %s FOR NO KEY UPDATE", (film_id,))
    found = []

    def read():
        with db.connect(database_url) as reader:
            found.append(timeline(reader, film_id, profile_id))

    reading = threading.Thread(target=read)
    reading.start()
    for _ in range(500):
        if conn.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
            break
        time.sleep(0.01)

    # Then the row of its matches is not held by the reader, who goes on once it is stored
    conn.execute("SET LOCAL lock_timeout = '2s'")
    conn.execute("UPDATE film_matches SET matched_at = now() WHERE film_id = %s", (film_id,))
    conn.commit()
    reading.join(30)
    assert found[0].null is not None

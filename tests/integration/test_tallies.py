"""Tallies: what a film's matches come to is counted as its timeline shows it, and kept so."""

from __future__ import annotations

import pytest

from r2r_shared.queries import catalogue, features, film_names, matches, ranges, shots, tallies, unrelated
from r2r_shared.queries.timeline import timeline
from tests import synthetic
from tests.synthetic import Shot, World

DIM = 8


@pytest.fixture
def world():
    return World(dim=DIM)


@pytest.fixture
def profile_id(conn):
    return synthetic.add_profile(conn, dim=DIM)


@pytest.fixture
def film_id(conn, world, profile_id):
    """A film of 40 shots, one of them a title card, of two keyframes each, in a collection of 90 paintings."""
    synthetic.add_paintings(conn, profile_id, world.draw(90), artists=30)
    shots = [Shot(1 + number % 7, world.draw(2), blank="title" if number == 5 else None) for number in range(40)]
    film_id, _, _ = synthetic.add_film(conn, profile_id, shots)
    ranges.refresh(conn, profile_id)
    unrelated.refresh(conn, profile_id)
    return film_id


def by_painting(conn, film_id):
    rows = conn.execute(
        "SELECT painting_id, shots, seconds, convincing_s FROM film_paintings WHERE film_id = %s", (film_id,)
    )
    return {painting_id: tuple(counted) for painting_id, *counted in rows}


def by_name(conn, film_id, kind):
    rows = conn.execute("SELECT name, seconds FROM film_names WHERE film_id = %s AND kind = %s", (film_id, kind))
    return dict(rows.fetchall())


def expected(found):
    """The same, from a timeline."""
    counted = {}
    for shot in found.shots:
        if shot.matches:
            length = shot.end_s - shot.start_s
            shots, seconds, convincing = counted.get(shot.matches[0].painting.id, (0, 0.0, 0.0))
            counted[shot.matches[0].painting.id] = (
                shots + 1,
                pytest.approx(float(getattr(seconds, "expected", seconds)) + length),
                pytest.approx(float(getattr(convincing, "expected", convincing)) + length * bool(shot.convincing)),
            )
    return counted


def whole(conn, film_id):
    return conn.execute(
        "SELECT seconds, shots, convincing_shots, convincing_s, judged FROM film_matches WHERE film_id = %s", (film_id,)
    ).fetchone()


def test_a_tally_is_what_the_timeline_shows(conn, profile_id, film_id):
    matches.match_film(conn, film_id, profile_id)

    found = timeline(conn, film_id, profile_id)
    shown = [shot for shot in found.shots if shot.matches]
    assert by_painting(conn, film_id) == expected(found)
    assert len(shown) == 39
    seconds = sum(shot.end_s - shot.start_s for shot in shown)
    convincing = [shot for shot in shown if shot.convincing]
    assert whole(conn, film_id) == (
        pytest.approx(seconds),
        39,
        len(convincing),
        pytest.approx(sum(shot.end_s - shot.start_s for shot in convincing)),
        True,
    )
    # And by movement and artist, they are the sums of their paintings
    for kind, name in ((1, "movement"), (2, "artist")):
        of_name = by_name(conn, film_id, kind)
        assert sum(of_name.values()) == pytest.approx(seconds)
        first = {}
        for shot in shown:
            key = getattr(shot.matches[0].painting, name)
            first[key] = first.get(key, 0) + shot.end_s - shot.start_s
        assert of_name == pytest.approx(first)


def test_matching_again_replaces_it(conn, world, profile_id, film_id):
    matches.match_film(conn, film_id, profile_id)
    first = by_painting(conn, film_id)
    matches.match_film(conn, film_id, profile_id)
    assert by_painting(conn, film_id) == first

    synthetic.add_paintings(conn, profile_id, world.draw(30), collection="more")
    ranges.refresh(conn, profile_id)
    found = timeline(conn, film_id, profile_id)
    assert by_painting(conn, film_id) == expected(found) != first


def test_before_the_null_is_known_nothing_is_corrected_or_called_convincing(conn, world, profile_id, film_id):
    conn.execute("DELETE FROM unrelated")
    matches.match_film(conn, film_id, profile_id)
    plain = by_painting(conn, film_id)
    assert whole(conn, film_id)[2:] == (0, 0, False)
    assert tallies.outdated(conn, profile_id) == []  # it is as good as it can be

    unrelated.refresh(conn, profile_id)
    assert tallies.outdated(conn, profile_id) == [film_id]
    found = timeline(conn, film_id, profile_id)  # which counts again on the way

    assert tallies.outdated(conn, profile_id) == []
    assert by_painting(conn, film_id) == expected(found) != plain
    assert whole(conn, film_id)[-1]


def test_another_movement_is_counted_without_matching_anything_again(conn, profile_id, film_id):
    matches.match_film(conn, film_id, profile_id)
    matched_at = conn.execute("SELECT matched_at FROM film_matches").fetchone()
    seconds = whole(conn, film_id)[0]

    conn.execute("UPDATE paintings SET movement = 'Vorticism', artist = 'Wyndham Lewis'")
    ranges.refresh(conn, profile_id)

    assert by_name(conn, film_id, 1) == {"Vorticism": pytest.approx(seconds)}
    assert by_name(conn, film_id, 2) == {"Wyndham Lewis": pytest.approx(seconds)}
    assert conn.execute("SELECT matched_at FROM film_matches").fetchone() == matched_at


def test_it_is_of_the_analysis_that_was_matched(conn, world, profile_id, film_id):
    job_id, _ = synthetic.add_analysis(conn, film_id, profile_id, [Shot(3, world.draw(1))] * 2)

    matches.match_film(conn, film_id, profile_id, job_id=job_id)

    assert whole(conn, film_id)[:2] == (pytest.approx(6), 2)


def test_what_is_removed_takes_its_tally_along(conn, world, profile_id, film_id):
    other, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    for one in (film_id, other):
        matches.match_film(conn, one, profile_id)
    (painting_id,) = by_painting(conn, other)

    conn.execute("DELETE FROM paintings WHERE id = %s", (painting_id,))
    assert painting_id not in by_painting(conn, film_id) | by_painting(conn, other)
    conn.execute("DELETE FROM films WHERE id = %s", (film_id,))
    assert by_painting(conn, film_id) == by_name(conn, film_id, 1) == by_name(conn, film_id, 2) == {}


def test_a_film_with_shots_too_new_to_be_matched_is_not_counted(conn, world, profile_id, film_id):
    matches.match_film(conn, film_id, profile_id)
    assert catalogue.coverage(conn, profile_id).counted == 1

    conn.execute("DELETE FROM film_matches")  # as measured.outdate_matches does
    assert catalogue.coverage(conn, profile_id).counted == 0
    assert catalogue.stale(conn, profile_id) == [film_id]


def test_a_film_without_paintings_has_an_empty_tally(conn, world, profile_id):
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    features.write_paintings(conn, profile_id=profile_id, rows=[])

    matches.match_film(conn, film_id, profile_id)

    assert whole(conn, film_id) == (0, 0, 0, 0, False)
    assert by_painting(conn, film_id) == {}


def test_a_film_of_which_shots_are_not_measured_is_not_one_to_be_matched(conn, world, profile_id, film_id):
    other = synthetic.add_profile(conn, dim=DIM, name="other")
    assert (catalogue.stale(conn, profile_id), catalogue.unmeasured(conn, profile_id)) == ([film_id], [])
    assert (catalogue.stale(conn, other), catalogue.unmeasured(conn, other)) == ([], [film_id])

    # But for a title card nothing is missing
    conn.execute(
        "DELETE FROM keyframe_features WHERE keyframe_id IN "
        "(SELECT k.id FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id WHERE s.blank IS NOT NULL)"
    )
    assert catalogue.stale(conn, profile_id) == [film_id]

    conn.execute("DELETE FROM keyframe_features WHERE keyframe_id = (SELECT min(keyframe_id) FROM keyframe_features)")
    assert (catalogue.stale(conn, profile_id), catalogue.unmeasured(conn, profile_id)) == ([], [film_id])


def test_a_new_analysis_takes_along_what_the_old_came_to_under_other_profiles(conn, world, profile_id, film_id):
    # Given a film that is counted under two profiles
    other = synthetic.add_profile(conn, dim=DIM, name="other")
    synthetic.add_paintings(conn, other, world.draw(5), collection="more")
    ranges.refresh(conn, other)
    for one in (profile_id, other):
        matches.match_film(conn, film_id, one)
    conn.execute(
        "INSERT INTO film_paintings SELECT %s, film_id, painting_id, shots, seconds, convincing_s FROM film_paintings "
        "WHERE profile_id = %s",
        (other, profile_id),
    )
    film_names.write(conn, other)

    def counted(profile):
        return conn.execute(
            """
            SELECT EXISTS (SELECT FROM film_matches WHERE profile_id = %(profile)s),
                   EXISTS (SELECT FROM film_paintings WHERE profile_id = %(profile)s),
                   EXISTS (SELECT FROM film_names WHERE profile_id = %(profile)s)
            """,
            {"profile": profile},
        ).fetchone()

    assert counted(other) == (True, True, True)

    # When it is analysed anew under one of them
    job_id, _ = synthetic.add_analysis(conn, film_id, profile_id, [Shot(3, world.draw(1))] * 2)
    matches.match_film(conn, film_id, profile_id, job_id=job_id)
    shots.show(conn, film_id=film_id, job_id=job_id)

    # Then it is counted under that one alone
    assert counted(profile_id) == (True, True, True)
    assert counted(other) == (False, False, False)
    assert catalogue.coverage(conn, other).counted == 0

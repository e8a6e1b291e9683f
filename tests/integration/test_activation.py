"""Activating a model: filled beside the running one, switched to in one step, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from psycopg.errors import LockNotAvailable

from r2r_shared import db, names
from r2r_shared.errors import UserError
from r2r_shared.queries import (
    activation,
    features,
    films,
    job_changes,
    job_parts,
    jobs,
    matches,
    profiles,
    ranges,
    segments,
)
from r2r_shared.storage.media_store import MediaStore
from r2r_workers import runtime
from tests import catalogue
from tests.catalogue import Catalogue
from tests.in_process import R2R


@pytest.fixture
def stored(conn, settings, tmp_path, monkeypatch):
    """A collection and two films under `old`, and a model `new`."""
    with catalogue.here(settings, monkeypatch):
        found = Catalogue(conn, MediaStore(settings.media_root), tmp_path)
        found.add_film()
        found.add_film(5)
        yield found


@pytest.fixture
def r2r(settings, monkeypatch, capsys, stored):
    return R2R.on(settings, monkeypatch, capsys)


def ask(stored):
    asked = activation.ask(stored.conn, stored.new)
    stored.conn.commit()
    return asked


def parts(stored, job):
    found = [(part.kind, part.state) for part in job_parts.listed(stored.conn, job)]
    stored.conn.commit()
    return found


def job_of(stored, job):
    found = jobs.get(stored.conn, job)
    stored.conn.commit()
    return found


def test_what_is_stored_is_measured_and_matched_before_anybody_reads_the_new_profile(stored):
    paintings, keyframes = stored.measured(stored.old)

    asked = ask(stored)

    assert not asked.joined
    assert (asked.missing.paintings, asked.missing.keyframes, asked.missing.films) == (6, len(keyframes), 2)
    assert [kind for kind, _ in parts(stored, asked.job_id)] == [
        *("keyframes", "pictures", "ranges", "match", "match", "switch"),
    ]
    while stored.next_kind() != names.SWITCH:
        assert stored.active() == stored.old
        assert stored.step()
    assert stored.measured(stored.new) == (paintings, keyframes)
    assert stored.matched(stored.new) == {row[0] for row in stored.conn.execute("SELECT id FROM films")}

    stored.work()

    assert stored.active() == stored.new
    assert job_of(stored, asked.job_id).state == "done"


@pytest.mark.parametrize("same_depth", [True, False])
def test_what_the_old_profile_knows_of_a_picture_is_not_measured_again(stored, same_depth):
    """The eight metrics and the depth do not depend on the encoder; here the old ones are made up."""
    if not same_depth:
        stored.conn.execute("UPDATE profiles SET depth_digest = 'another' WHERE id = %s", (stored.old,))
    ask(stored)

    stored.work()

    painting = stored.paintings[0]
    keyframe = min(stored.measured(stored.old)[1])
    for read, one, seed in (
        (features.of_paintings, painting, painting),
        (features.of_keyframes, keyframe, 10_000 + keyframe),
    ):
        before = read(stored.conn, profile_id=stored.old, ids=[one])[one]
        after = read(stored.conn, profile_id=stored.new, ids=[one])[one]
        (anew,), _ = runtime.measure([catalogue.jpeg(seed)], stored.new, should_stop=lambda: False)
        for name, value in asdict(replace(before if same_depth else anew, embedding=anew.embedding)).items():
            np.testing.assert_allclose(getattr(after, name), value, rtol=1e-6, atol=1e-5, err_msg=name)


def test_a_film_that_is_shown_while_the_others_are_matched_gets_a_round_of_its_own(stored):
    job = ask(stored).job_id
    stored.work(until=names.SWITCH)
    film, _, keyframes = stored.add_film(4)

    stored.step()

    assert stored.active() == stored.old
    assert [kind for kind, state in parts(stored, job) if state != "done"] == ["keyframes", "ranges", "match", "switch"]
    stored.work()
    assert stored.active() == stored.new
    assert set(keyframes) <= stored.measured(stored.new)[1]
    assert film in stored.matched(stored.new)


def test_a_painting_that_comes_in_meanwhile_is_measured_and_all_films_are_matched_with_it(stored):
    job = ask(stored).job_id
    stored.work(until=names.SWITCH)
    (painting,) = stored.add_paintings(1)

    stored.step()

    waiting = [kind for kind, state in parts(stored, job) if state != "done"]
    assert waiting == ["pictures", "ranges", "match", "match", "switch"]
    stored.work()
    assert stored.active() == stored.new
    assert painting in stored.measured(stored.new)[0]
    assert len(stored.matched(stored.new)) == 2


def test_where_films_come_in_all_the_time_the_last_round_does_not_wait_for_the_next(stored, monkeypatch):
    monkeypatch.setattr(activation, "ROUNDS", 2)
    job = ask(stored).job_id
    for active_after in (stored.old, stored.new):
        stored.work(until=names.SWITCH)
        stored.add_film(1)
        assert stored.step()
        assert stored.active() == active_after

    stored.work()

    assert job_of(stored, job).state == "done"
    assert len(stored.matched(stored.new)) == 4, "the one that came in last, too"


def closing(stored, film, *, profile):
    """An ingest of `film` under a profile, of which only the match is left; its analysis is not shown yet."""
    (job,) = stored.conn.execute(
        "UPDATE jobs SET state = 'running', profile_id = %s WHERE film_id = %s RETURNING id", (profile, film)
    ).fetchone()
    segments.add_closing(stored.conn, job, names.MATCH)
    stored.conn.commit()
    return job


def test_a_film_whose_ingest_ends_after_the_switch_is_measured_under_the_new_profile_too(stored):
    film, _, keyframes = stored.add_film(3, shown=False)
    ask(stored)
    stored.work()
    assert stored.active() == stored.new
    assert not set(keyframes) & stored.measured(stored.new)[1]
    ingest = closing(stored, film, profile=stored.old)

    stored.step()

    assert job_of(stored, ingest).state == "done"
    following = jobs.newest_of_film(stored.conn, film)
    assert following is not None
    assert (following.profile_id, following.kind, following.state) == (stored.new, "ingest", "queued")
    stored.work()
    assert set(keyframes) <= stored.measured(stored.new)[1]
    assert film in stored.matched(stored.new)


def test_a_profile_that_was_only_asked_for_beside_the_active_one_leaves_that_alone(stored):
    film, _, _ = stored.add_film(3, shown=False)
    ingest = closing(stored, film, profile=stored.new)

    stored.work()

    newest = jobs.newest_of_film(stored.conn, film)
    assert newest is not None
    assert newest.id == ingest


def test_paintings_whose_import_ends_after_the_switch_are_measured_under_the_new_profile_too(stored):
    ask(stored)
    stored.work()
    added = stored.add_paintings(2)
    (collection,) = stored.conn.execute("SELECT id FROM collections").fetchone()
    job = jobs.create(stored.conn, kind="paintings", collection_id=collection, profile_id=stored.old)
    segments.add_closing(stored.conn, job, names.RANGES)
    stored.conn.commit()

    stored.work()

    assert job_of(stored, job).state == "done"
    assert set(added) <= stored.measured(stored.new)[0]


def test_asking_again_joins_the_job_and_another_profile_has_to_wait(stored):
    job = ask(stored).job_id

    again = ask(stored)

    assert (again.job_id, again.joined) == (job, True)
    with pytest.raises(UserError, match=f"job {job} is activating new") as refused:
        activation.ask(stored.conn, stored.old)
    stored.conn.rollback()
    assert f"r2r jobs cancel {job}" in refused.value.hint


def test_what_a_cancelled_activation_has_measured_is_not_measured_again(stored):
    job = ask(stored).job_id
    stored.work(until=names.RANGES)
    assert job_changes.cancel(stored.conn, job) == "cancelled"
    stored.conn.commit()
    stored.work()
    assert stored.active() == stored.old

    again = ask(stored)

    assert again.job_id != job
    assert (again.missing.paintings, again.missing.keyframes, again.missing.films) == (0, 0, 2)
    assert [kind for kind, _ in parts(stored, again.job_id)] == ["ranges", "match", "match", "switch"]
    stored.work()
    assert stored.active() == stored.new


@pytest.mark.parametrize("done", [names.KEYFRAMES, names.RANGES, names.MATCH, names.SWITCH])
def test_a_cancelled_activation_that_is_tried_again_goes_on_where_it_was(stored, done):
    job = ask(stored).job_id
    stored.work(until=done)
    before = dict.fromkeys(part.id for part in job_parts.listed(stored.conn, job) if part.state == "done")
    job_changes.cancel(stored.conn, job)

    job_changes.retry(stored.conn, job)

    states = {part.id: part.state for part in job_parts.listed(stored.conn, job)}
    stored.conn.commit()
    assert all(states[one] == "done" for one in before)
    assert stored.next_kind() == done
    stored.work()
    assert stored.active() == stored.new
    assert job_of(stored, job).state == "done"


def test_of_two_activations_that_are_tried_again_one_is_refused(stored):
    first = ask(stored).job_id
    job_changes.cancel(stored.conn, first)
    second = ask(stored).job_id

    with pytest.raises(UserError, match=f"already filling the profile of job {first}"):
        job_changes.retry(stored.conn, first)

    stored.conn.rollback()
    assert job_of(stored, second).state == "queued"


def test_the_way_back_is_immediate_where_nothing_is_missing_and_filled_where_something_is(r2r, stored):
    ask(stored)
    stored.work()

    back = json.loads(r2r("models", "activate", "--back", "--json").out)

    assert (back["profile"], back["active"], back["before"], back["job"]) == ("old", True, "new", None)
    assert stored.active() == stored.old
    stored.add_film(2)  # and its numbers are of the old one alone
    words = r2r("models", "activate", "--back", "--detach")
    assert "0 paintings and 2 keyframes to measure, 1 films to match; until then everybody reads old" in words.err
    assert stored.active() == stored.old
    stored.work()
    assert stored.active() == stored.new
    assert len(stored.matched(stored.new)) == 3


def test_a_film_that_is_removed_meanwhile_holds_nothing_up(stored):
    job = ask(stored).job_id
    stored.work(until=names.MATCH)
    (film,) = stored.conn.execute("SELECT min(id) FROM films").fetchone()
    films.remove(stored.conn, film)
    stored.conn.commit()

    stored.work()

    assert job_of(stored, job).state == "done"
    assert stored.active() == stored.new


def test_a_keyframe_that_the_media_store_has_lost_fails_the_job_and_the_old_profile_stays(stored):
    job = ask(stored).job_id
    (image,) = stored.conn.execute(
        "SELECT k.image FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id WHERE s.blank IS NULL LIMIT 1"
    ).fetchone()
    stored.conn.commit()
    stored.store.delete_prefix(image)

    stored.work(until=names.RANGES)

    ended = job_of(stored, job)
    assert ended.state == "failed"
    assert "has lost a keyframe" in (ended.error or "")
    assert stored.active() == stored.old


def test_an_analysis_that_is_replaced_while_its_keyframes_are_measured_is_left(stored, monkeypatch):
    """Its pictures go with it: that is not a loss."""
    job = ask(stored).job_id
    film, image = stored.conn.execute(
        "SELECT s.film_id, k.image FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id "
        "WHERE s.blank IS NULL LIMIT 1"
    ).fetchone()
    stored.conn.commit()
    real = stored.store.get

    def gone(key):
        if key == image:
            stored.conn.execute("DELETE FROM shots WHERE film_id = %s", (film,))
            stored.conn.commit()
            stored.store.delete_prefix(key)
        return real(key)

    monkeypatch.setattr(runtime, "store", lambda: stored.store)
    monkeypatch.setattr(stored.store, "get", gone)
    stored.work()

    assert job_of(stored, job).state == "done"
    assert stored.active() == stored.new


def test_a_film_is_out_of_date_as_soon_as_more_of_it_is_measured(stored):
    """Who reads it before it is matched again is not shown the half of it as the whole."""
    ask(stored)
    stored.work()
    film, keyframe = stored.conn.execute(
        "SELECT s.film_id, min(k.id) FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id GROUP BY s.film_id LIMIT 1"
    ).fetchone()
    stored.conn.execute(
        "DELETE FROM keyframe_features WHERE keyframe_id = %s AND profile_id = %s", (keyframe, stored.new)
    )
    asked = ask(stored)
    assert (asked.missing.keyframes, asked.missing.films) == (1, 0)
    stored.step()

    assert not matches.current(stored.conn, film, stored.new, k=1)

    stored.work()
    assert matches.current(stored.conn, film, stored.new, k=1)


def test_progress_and_words_are_of_the_profile_and_never_go_back(stored):
    job = ask(stored).job_id
    seen = [job_of(stored, job)]
    while stored.step():
        seen.append(job_of(stored, job))

    assert {one.about for one in seen} == {"new"}
    assert [one.progress for one in seen] == sorted(one.progress for one in seen)
    assert (seen[0].progress, seen[-1].progress) == (0, pytest.approx(1))
    assert all(one.left_s is None or one.left_s >= 0 for one in seen)


def test_where_nothing_is_stored_the_switch_is_immediate_and_nothing_is_decoded(conn, settings, tmp_path, monkeypatch):
    with catalogue.here(settings, monkeypatch):
        empty = Catalogue(conn, MediaStore(settings.media_root), tmp_path, paintings=0)

        asked = activation.ask(conn, empty.new)

        assert asked.job_id is None
        assert empty.active() == empty.new


def test_a_switch_waits_for_a_match_under_way(stored, database_url):
    """A match that shows a film holds its profile: either the switch sees that film, or its match sees the switch."""
    with db.connect(database_url) as matching, matching.transaction():
        matches.match_film(matching, min(row[0] for row in stored.conn.execute("SELECT id FROM films")), stored.old)
        stored.conn.commit()
        stored.conn.execute("SET lock_timeout = '300ms'")
        with pytest.raises(LockNotAvailable):
            ask(stored)
        stored.conn.rollback()
    stored.conn.execute("RESET lock_timeout")

    assert ask(stored).job_id is not None


def test_the_profile_of_before_keeps_what_it_had(stored):
    def held():
        paintings, keyframes = stored.measured(stored.old)
        return (
            features.of_paintings(stored.conn, profile_id=stored.old, ids=sorted(paintings)),
            features.of_keyframes(stored.conn, profile_id=stored.old, ids=sorted(keyframes)),
            ranges.of_profile(stored.conn, stored.old),
            stored.matched(stored.old),
        )

    before = held()
    ask(stored)

    stored.work()

    assert held() == before
    found = profiles.before(stored.conn)
    assert found is not None
    assert found.id == stored.old

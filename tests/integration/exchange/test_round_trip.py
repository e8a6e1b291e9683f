"""What one installation has analysed, another has after it: the same rows, the same timeline, to the last bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from r2r_shared.importing import key_of
from r2r_shared.queries import films, matches, profiles, ranges, unrelated
from tests import data_sets
from tests.data_sets import Installation
from tests.synthetic import World


def test_everything_arrives_as_it_was(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn, films=3)

    here.export(tmp_path / "set", profile_id)
    done = there.import_(tmp_path / "set")

    assert there.content() == here.content()
    assert (done.films.added, done.paintings.added, done.matched, done.to_match) == (3, 40, 3, 0)
    assert done.profile.active
    assert done.profile.revision == 1
    for title in ("Film 0.0", "Film 0.1", "Film 0.2"):
        assert there.timeline(title, done.profile.id) == here.timeline(title, profile_id)


def test_no_film_is_matched_again(here: Installation, there: Installation, tmp_path: Path):
    """What was stored there is what the timeline shows: nobody wrote it a second time."""
    profile_id = data_sets.fill(here.conn)
    here.export(tmp_path / "set", profile_id)
    done = there.import_(tmp_path / "set")
    written = "SELECT array_agg(xmin::text ORDER BY keyframe_id, rank) FROM matches"
    before = there.conn.execute(written).fetchone()

    there.timeline("Film 0.0", done.profile.id)

    assert there.conn.execute(written).fetchone() == before
    for (film_id,) in there.conn.execute("SELECT id FROM films").fetchall():
        assert matches.current(there.conn, film_id, done.profile.id, k=6)


def test_the_profile_goes_on_counting_where_its_sender_is(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn)
    here.conn.execute("UPDATE paintings SET year_from = 1700 WHERE id = 1")
    assert ranges.refresh(here.conn, profile_id) == 2
    here.timeline("Film 0.0", profile_id)  # brings its matches up to date, and not the other's

    exported = here.export(tmp_path / "set", profile_id)
    done = there.import_(tmp_path / "set")

    assert exported.unmatched == ["Film 0.1"]
    assert done.profile.revision == 2
    assert (done.matched, done.to_match) == (1, 1)
    for title in ("Film 0.0", "Film 0.1"):
        assert there.timeline(title, done.profile.id) == here.timeline(title, profile_id)


def test_a_film_goes_with_all_that_it_was_compared_with(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn, films=2)
    film_id = films.find(here.conn, "Film 0.1")

    exported = here.export(tmp_path / "set.zip", profile_id, films=[film_id])
    done = there.import_(tmp_path / "set.zip")

    assert exported.whole
    assert exported.rows["films"] == 1
    assert there.counts()["films"] == 1
    assert there.timeline("Film 0.1", done.profile.id) == here.timeline("Film 0.1", profile_id)


def test_a_film_with_its_matched_paintings_alone_keeps_its_scores(
    here: Installation, there: Installation, tmp_path: Path
):
    """Only what depends on the others, influence by chance, is another."""
    profile_id = data_sets.fill(here.conn, paintings=120, films=1)

    exported = here.export(tmp_path / "set", profile_id, matched_only=True)
    done = there.import_(tmp_path / "set")

    assert not exported.whole
    assert 6 <= done.paintings.added < 120
    assert (done.matched, done.to_match) == (1, 0)
    ours, theirs = (one.timeline("Film 0.0", number) for one, number in ((here, profile_id), (there, done.profile.id)))
    assert theirs["shots"] == ours["shots"]
    # The collection is another one by now, and is cited as such
    assert theirs["profile"].pop("state") != ours["profile"].pop("state")
    assert theirs["profile"] == ours["profile"]


def test_a_collection_goes_without_films_and_another_is_told_apart(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn, collection="Ours")
    data_sets.fill(here.conn, seed=1, paintings=10, films=0, collection="Theirs")
    (number,) = here.conn.execute("SELECT id FROM collections WHERE name = 'Theirs'").fetchone()

    exported = here.export(tmp_path / "set", profile_id, collections=[number])
    done = there.import_(tmp_path / "set")

    assert (exported.rows["paintings"], exported.rows["films"], exported.whole) == (10, 0, False)
    assert there.content()["paintings"] == [row for row in here.content()["paintings"] if row[0] == "Theirs"]
    assert done.profile.revision == 2


def test_keys_of_pictures_are_made_here(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn)
    here.export(tmp_path / "set", profile_id)
    done = there.import_(tmp_path / "set")

    for sha256, image in there.conn.execute("SELECT sha256, image FROM paintings").fetchall():
        assert image == key_of(bytes(sha256))
    for sha256, frame, image in there.conn.execute("""
        SELECT f.sha256, k.frame, k.image
          FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id JOIN films AS f ON f.id = s.film_id
    """).fetchall():
        assert image == f"{films.media_prefix(bytes(sha256).hex())}/set-{done.digest[:12]}/{frame:08d}.jpg"


def test_a_second_import_changes_nothing_and_says_so(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn)
    here.export(tmp_path / "set", profile_id)
    first = there.import_(tmp_path / "set")
    rows, content = there.counts(), there.content()

    again = there.import_(tmp_path / "set")

    assert first.changed
    assert not again.changed
    assert again.before is not None
    assert (again.paintings.here, again.films.here) == (40, 2)
    assert (there.counts(), there.content()) == (rows, content)
    assert profiles.get(there.conn, first.profile.id).revision == first.profile.revision


def test_the_same_analysis_from_two_data_sets_is_there_once(here: Installation, there: Installation, tmp_path: Path):
    """Film by film, as a lab gets on with its work: what was there stays true."""
    profile_id = data_sets.fill(here.conn, films=2)
    for number, title in enumerate(("Film 0.0", "Film 0.1")):
        here.export(tmp_path / f"set{number}", profile_id, films=[films.find(here.conn, title)])
        done = there.import_(tmp_path / f"set{number}")

    assert (done.films.added, done.paintings.here, done.matched, done.outdated) == (1, 40, 1, 0)
    assert there.content() == here.content()


def test_beside_other_paintings_the_films_are_matched_anew(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn)
    data_sets.fill(there.conn, seed=7, paintings=30, films=1, collection="Elsewhere")
    here.export(tmp_path / "set", profile_id)

    done = there.import_(tmp_path / "set")

    assert (done.paintings.added, done.films.added) == (40, 2)
    assert (done.matched, done.to_match, done.outdated) == (0, 2, 1)
    assert done.profile.revision == 2
    found = there.timeline("Film 0.0", done.profile.id)
    assert found["profile"]["revision"] == 2
    (compared,) = there.conn.execute("SELECT count(*) FROM painting_features").fetchone()
    assert compared == 70


def test_a_film_that_is_here_with_the_same_shots_gets_the_numbers_it_lacks(
    here: Installation, there: Installation, tmp_path: Path
):
    """A lab measured the film under its own models: the other's numbers come beside them."""
    theirs = data_sets.fill(here.conn, films=1)
    here.export(tmp_path / "one", theirs)
    there.import_(tmp_path / "one")
    here.conn.execute("UPDATE profiles SET name = 'other', encoder_digest = 'c'")
    here.export(tmp_path / "two", theirs)

    done = there.import_(tmp_path / "two")

    assert done.profile_added
    assert not done.profile.active
    assert (done.films.here, done.films.measured, done.paintings.here, done.paintings.measured) == (1, 10, 40, 40)
    assert there.timeline("Film 0.0", done.profile.id) == here.timeline("Film 0.0", theirs)


def test_a_film_that_is_here_with_other_shots_is_kept_or_replaced(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn, films=1)
    here.export(tmp_path / "set", profile_id)
    done = there.import_(tmp_path / "set")
    there.conn.execute("UPDATE shots SET end_frame = end_frame - 1 WHERE start_frame = 0")
    ours = there.content()

    kept = there.import_(tmp_path / "set")

    assert (kept.films.kept, kept.films.replaced, kept.changed) == (1, 0, False)
    assert there.content() == ours

    replaced = there.import_(tmp_path / "set", replace=True)

    assert (replaced.films.kept, replaced.films.replaced, replaced.matched) == (0, 1, 1)
    assert there.content() == here.content()
    assert there.counts()["shots"] == here.counts()["shots"]
    assert done.profile.id == replaced.profile.id


def test_a_film_that_is_known_and_was_never_analysed_gets_its_shots(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn, films=1)
    here.export(tmp_path / "set", profile_id)
    there.import_(tmp_path / "set")
    there.conn.execute("UPDATE films SET analysis_id = NULL, title = 'Ours'")
    there.conn.execute("DELETE FROM jobs")

    done = there.import_(tmp_path / "set")

    assert (done.films.added, done.films.shots, done.matched) == (1, 6, 1)
    assert films.get(there.conn, 1).title == "Ours"
    assert there.content()["matches"] == here.content()["matches"]


def test_a_painting_whose_name_has_another_picture_here_stays(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn)
    here.export(tmp_path / "set", profile_id)
    there.import_(tmp_path / "set")
    there.conn.execute("DELETE FROM films")
    there.conn.execute("UPDATE paintings SET sha256 = sha256('another') WHERE file = '3.jpg'")
    there.conn.execute("UPDATE paintings SET title = 'Ours' WHERE file = '4.jpg'")

    done = there.import_(tmp_path / "set")

    assert (done.paintings.here, done.paintings.other, done.paintings.described) == (39, 1, 1)
    assert there.conn.execute("SELECT title FROM paintings WHERE file = '4.jpg'").fetchone() == ("Ours",)
    assert (done.films.added, done.matched, done.to_match) == (2, 0, 2)
    assert there.timeline("Film 0.0", done.profile.id)["shots"][0]["matches"]


def test_a_work_that_was_waited_for_is_a_painting_now(here: Installation, there: Installation, tmp_path: Path):
    """Whoever fetches pictures finds it neither missing nor twice."""
    profile_id = data_sets.fill(here.conn)
    here.export(tmp_path / "set", profile_id)
    there.conn.execute("""
        WITH c AS (INSERT INTO collections (name) VALUES ('synthetic') RETURNING id)
        INSERT INTO awaited_works (collection_id, file, title)
        SELECT id, file, file FROM c, unnest(ARRAY['3.jpg', 'another.jpg']) AS file
    """)

    there.import_(tmp_path / "set")

    assert there.conn.execute("SELECT file FROM awaited_works").fetchall() == [("another.jpg",)]


@pytest.mark.parametrize("name", ["https://museum.org/a/../b.jpg", "..odd.jpg", "a/../b.jpg", "Å/é “x”.jpg", "c:\\x"])
def test_names_that_works_may_have(here: Installation, there: Installation, tmp_path: Path, name: str):
    profile_id = data_sets.fill(here.conn, films=0)
    here.conn.execute("UPDATE paintings SET file = %s WHERE id = 2", (name,))
    here.export(tmp_path / "set", profile_id)

    there.import_(tmp_path / "set")

    assert there.content() == here.content()


def test_what_unrelated_pictures_reach_is_measured_here_where_it_did_not_come(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn, measured=False)
    here.export(tmp_path / "set", profile_id)
    done = there.import_(tmp_path / "set")
    assert unrelated.known(there.conn, done.profile.id) is None

    assert there.timeline("Film 0.0", done.profile.id) == here.timeline("Film 0.0", profile_id)


def test_a_dry_run_says_the_same_and_leaves_nothing(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn)
    here.export(tmp_path / "set", profile_id)
    empty = there.counts()

    tried = there.import_(tmp_path / "set", dry_run=True)
    rows = there.counts()
    done = there.import_(tmp_path / "set")

    assert rows == empty
    assert tried.dry_run
    assert (tried.paintings, tried.films, tried.matched) == (done.paintings, done.films, done.matched)


def test_a_film_without_numbers_is_left_out_or_refused(here: Installation, tmp_path: Path):
    from r2r_shared.errors import UserError

    profile_id = data_sets.fill(here.conn)
    film_id = films.find(here.conn, "Film 0.1")
    here.conn.execute(
        "DELETE FROM keyframe_features WHERE keyframe_id IN "
        "(SELECT k.id FROM keyframes k JOIN shots s ON s.id = k.shot_id WHERE s.film_id = %s)",
        (film_id,),
    )

    assert here.export(tmp_path / "set", profile_id).left_out == ["Film 0.1"]
    with pytest.raises(UserError, match="has not been measured under the profile “synthetic”"):
        here.export(tmp_path / "other", profile_id, films=[film_id])
    assert not (tmp_path / "other").exists()


def test_titles_with_every_awkward_character_arrive(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn, films=1)
    title = "Å “quoted”, 'single' \\ back; =SUM(1) <b>&amp;</b> \N{FILM FRAMES} مرحبا"
    here.conn.execute("UPDATE films SET title = %s", (title,))
    here.conn.execute("UPDATE paintings SET title = %s, artist = %s WHERE id = 1", (title, title))
    here.conn.commit()

    here.export(tmp_path / "set", profile_id)
    there.import_(tmp_path / "set")

    assert there.content() == here.content()


def test_an_analysis_grows_at_home_after_it_came(here: Installation, there: Installation, tmp_path: Path):
    """A film added here is measured and matched under the imported profile like any other."""
    profile_id = data_sets.fill(here.conn, films=1)
    here.export(tmp_path / "set", profile_id)
    done = there.import_(tmp_path / "set")

    data_sets.add_film(there.conn, done.profile.id, World(dim=16, seed=5), title="New")

    assert there.timeline("New", done.profile.id)["shots"][0]["matches"]

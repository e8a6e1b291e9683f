"""Works that came without pictures: they keep what they came with, and no other model waits for them for ever."""

from __future__ import annotations

import json

import pytest

from r2r_cli.ingesting import intake
from r2r_shared.queries import activation, films, painting_import, paintings, pictureless, works
from r2r_shared.queries.pictureless import LeftOut
from r2r_shared.storage.media_store import MediaStore
from tests import catalogue, data_sets
from tests.catalogue import Catalogue
from tests.in_process import R2R
from tests.web_client import served


@pytest.fixture
def stored(conn, settings, tmp_path, monkeypatch):
    """Six paintings and two films under `old`, of which two paintings and the second film came without pictures; and a
    model `new`."""
    with catalogue.here(settings, monkeypatch):
        found = Catalogue(conn, MediaStore(settings.media_root), tmp_path)
        found.whole, _, found.seen = found.add_film()
        found.bare, _, found.unseen = found.add_film(5)
        found.without = found.paintings[:2]
        lose(found)
        yield found


def lose(stored):
    """As `r2r import` of a data set leaves them that has no pictures."""
    gone = stored.conn.execute(
        """
        WITH p AS (UPDATE paintings SET pictured = false WHERE id = ANY(%s) RETURNING image),
             k AS (UPDATE keyframes SET pictured = false
                    WHERE shot_id IN (SELECT id FROM shots WHERE film_id = %s) RETURNING image)
        SELECT image FROM p UNION ALL SELECT image FROM k
        """,
        (stored.without, stored.bare),
    ).fetchall()
    for (key,) in gone:
        stored.store.delete_prefix(key)
    stored.conn.commit()


@pytest.fixture
def r2r(settings, monkeypatch, capsys, stored):
    return R2R.on(settings, monkeypatch, capsys)


def leave_out(stored):
    asked = activation.ask(stored.conn, stored.new, leave_out=True)
    stored.conn.commit()
    stored.work()
    return asked


def open_jobs(stored):
    (count,) = stored.conn.execute("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')").fetchone()
    stored.conn.commit()
    return count


def test_what_cannot_be_measured_is_said_before_any_job_is_made(r2r, stored):
    said = r2r("models", "activate", "new")

    assert said.code == 1
    assert said.is_one_complaint()
    assert "2 paintings and 1 film (5 keyframes) came without pictures" in said.err
    for remedy in ("r2r export … --pictures all", "r2r ingest --force", "r2r models activate new --leave-out"):
        assert remedy in said.err
    assert open_jobs(stored) == 0
    assert stored.active() == stored.old


def test_what_has_a_picture_is_measured_and_the_rest_is_left_out_and_named(r2r, stored):
    said = r2r("models", "activate", "new", "--leave-out", "--detach")
    stored.work()

    assert "left out, for they came without pictures: 2 paintings and 1 film (5 keyframes)" in said.err
    assert "4 paintings and 3 keyframes to measure, 1 films to match" in said.err
    assert stored.active() == stored.new
    assert stored.measured(stored.new) == (set(stored.paintings[2:]), set(stored.seen))
    assert stored.matched(stored.new) == {stored.whole}
    again = json.loads(r2r("models", "activate", "new", "--leave-out", "--json").out)
    assert again["job"] is None, "nothing waits for what cannot be had"
    assert again["left_out"] == {"paintings": 2, "films": 1, "keyframes": 5}


def test_a_film_that_is_left_out_says_why_it_has_no_numbers_and_the_way_back_shows_it(r2r, stored):
    before = json.loads(r2r("timeline", stored.bare, "--json").out)
    leave_out(stored)

    refused = r2r("timeline", stored.bare, "--json")
    assert refused.code == 1
    assert refused.is_one_complaint()
    assert f"film {stored.bare} “A film” has no numbers under the profile “new”" in refused.err
    assert "5 of its keyframes came without a picture" in refused.err
    assert films.get(stored.conn, stored.bare).shots == 6
    stored.conn.commit()

    assert r2r("models", "activate", "--back").code == 0
    assert json.loads(r2r("timeline", stored.bare, "--json").out)["shots"] == before["shots"]


def test_once_its_pictures_have_come_an_imported_film_needs_no_file_to_be_measured(r2r, stored):
    """Its place is its sender's: here there may be no such file."""
    leave_out(stored)
    stored.conn.execute("UPDATE keyframes SET pictured = true")
    stored.conn.execute(
        """UPDATE jobs SET options = '{"imported": {"name": "a", "digest": "b", "tool": "c"}}', finished_at = now()
            WHERE film_id = %s""",
        (stored.bare,),
    )
    stored.conn.commit()

    said = r2r("timeline", stored.bare)

    assert said.is_one_complaint()
    assert "has not been measured under the profile “new”" in said.err
    assert "hint:  r2r models activate new measures what is stored" in said.err


def test_a_film_whose_pictures_came_in_part_is_not_matched_by_that_part(stored):
    stored.conn.execute("UPDATE keyframes SET pictured = true WHERE id = ANY(%s)", (stored.unseen[:2],))
    for number in stored.unseen[:2]:
        (key,) = stored.conn.execute("SELECT image FROM keyframes WHERE id = %s", (number,)).fetchone()
        stored.store.put(key, catalogue.jpeg(number))

    asked = leave_out(stored)

    assert asked.left_out == LeftOut(paintings=2, films=1, keyframes=3)
    assert stored.measured(stored.new)[1] == {*stored.seen, *stored.unseen[:2]}
    assert stored.matched(stored.new) == {stored.whole}


def test_pictures_that_come_later_are_all_that_is_left_to_measure(stored):
    leave_out(stored)
    stored.conn.execute("UPDATE keyframes SET pictured = true")
    images = [image for _, image in paintings.images(stored.conn, stored.without)]
    assert pictureless.have_come(stored.conn, images) == 2
    for key, number in stored.conn.execute(
        "SELECT image, id FROM keyframes UNION SELECT image, id FROM paintings"
    ).fetchall():
        stored.store.put(key, catalogue.jpeg(number))
    stored.conn.commit()

    asked = activation.ask(stored.conn, stored.new)
    stored.conn.commit()
    stored.work()

    assert not asked.left_out
    assert (asked.missing.paintings, asked.missing.keyframes, asked.missing.films) == (2, 5, 2)
    assert stored.matched(stored.new) == {stored.whole, stored.bare}


def test_no_job_is_made_for_what_has_no_picture(stored):
    (collection,) = stored.conn.execute("SELECT id FROM collections").fetchone()

    assert painting_import.unmeasured(stored.conn, collection, stored.new) == stored.paintings[2:]
    assert activation.queue_keyframes(stored.conn, stored.bare, stored.new) is None
    assert activation.queue_keyframes(stored.conn, stored.whole, stored.new) is not None


def test_to_be_measured_anew_a_film_without_pictures_is_analysed_from_its_file(stored):
    whole, bare = (films.get(stored.conn, number) for number in (stored.whole, stored.bare))

    assert intake.to_be_analysed(stored.conn, bare, stored.new)
    assert not intake.to_be_analysed(stored.conn, bare, stored.old)
    assert not intake.to_be_analysed(stored.conn, whole, stored.new)


def test_lists_say_in_a_word_what_has_no_picture(r2r, stored):
    assert "synthetic: 2 without a picture" in r2r("paintings", "list").err
    assert "nowhere: it came without its picture" in r2r("paintings", "show", stored.without[0]).out
    assert "1 without pictures" in r2r("films", "list").err
    data_sets.described(stored.conn, stored.bare, "The film")
    stored.conn.commit()
    assert "it came without some or all of them" in r2r("films", "show", stored.bare).out
    said = r2r("models", "show", "new").out
    assert "0 of 6 measured, 2 without a picture" in said
    assert "0 of 8 measured, 5 without a picture" in said


def test_pages_say_it_instead_of_showing_a_picture_that_is_not_there(settings, stored):
    data_sets.described(stored.conn, stored.bare, "The film")
    leave_out(stored)
    painting = stored.without[0]

    with served(settings) as (visitor, _):
        pages = {address: visitor.get(address).text for address in (
            *("/", f"/films/{stored.bare}", "/paintings", f"/paintings/{painting}", "/catalogue"),
        )}  # fmt: skip

    assert "it came without pictures, and cannot be measured" in pages[f"/films/{stored.bare}"]
    assert "It came without its picture." in pages[f"/paintings/{painting}"]
    assert f"/media/paintings/{painting}.jpg" not in pages["/paintings"] + pages[f"/paintings/{painting}"]
    assert pages["/"].count("no picture") == 1
    assert "1 came without pictures" in pages["/catalogue"]
    assert "wait to be matched" not in pages["/catalogue"]


def test_the_catalogue_does_not_wait_for_them(r2r, stored):
    leave_out(stored)

    said = r2r("catalogue", "refresh")
    influence = r2r("catalogue", "influence", "--json")

    assert said.code == 0
    assert "1 of 2 films are not counted: they came without pictures" in said.err
    assert "r2r catalogue refresh" not in said.err
    assert "r2r models activate" not in said.err
    assert json.loads(influence.out)["coverage"]["without_picture"] == 1


def test_who_looks_at_pictures_leaves_out_works_that_have_none(r2r, stored):
    trained = r2r("train", "mine", "--recipe", "starter", "--policy", "naive", "--detach")

    assert trained.code == 0, trained.err
    assert "left out: 2 paintings that came without pictures" in trained.err
    assert works.load(stored.conn, stored.old, pictured=True).ids.tolist() == stored.paintings[2:]
    assert works.load(stored.conn, stored.old).ids.tolist() == stored.paintings, "numbers are enough for triplets"


@pytest.mark.parametrize("command", [("train", "mine"), ("evaluate", "new")])
def test_where_no_work_has_a_picture_neither_training_nor_evaluation_begins(r2r, stored, command):
    stored.conn.execute("UPDATE paintings SET pictured = false")
    stored.conn.commit()

    said = r2r(*command)

    assert said.code == 1
    assert said.is_one_complaint()
    assert "all 6 measured paintings came without pictures" in said.err
    assert "--pictures all" in said.err
    assert open_jobs(stored) == 0

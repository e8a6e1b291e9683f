"""`r2r films`, `ingest` and `timeline` where a film is unfinished, unmatched, removed meanwhile, or oddly named."""

from __future__ import annotations

import json

import pytest

from r2r_cli import context
from r2r_cli.jobs import waiting
from r2r_shared.errors import NotFound, Unavailable
from r2r_shared.queries import films, jobs, paintings, profiles, ranges
from r2r_shared.storage.media_store import MediaStore
from r2r_workers.models import registry
from tests import synthetic
from tests.in_process import R2R
from tests.synthetic import Shot, World
from tests.unit.media_films import coded_film

DIM = 256  # the starter encoder's


@pytest.fixture
def profile_id(conn):
    made = profiles.ensure(conn, registry.describe("descriptor"))
    conn.commit()
    return made.id


@pytest.fixture
def r2r(settings, profile_id, monkeypatch, capsys):
    return R2R.on(settings, monkeypatch, capsys)


@pytest.fixture
def world():
    return World(dim=DIM)


# timeline


UNFINISHED = {
    "queued": (None, "is queued", "r2r jobs watch {job}"),
    "running": (None, "is running", "r2r jobs watch {job}"),
    "failed": ("the decoder hung\nfor 60 s", "is failed: the decoder hung for 60 s", "r2r jobs retry {job}"),
    "cancelled": (None, "is cancelled", "r2r jobs retry {job}"),
    "done": (None, "is done", "r2r ingest /films/a.mp4"),
}


@pytest.mark.parametrize("state", UNFINISHED)
def test_a_film_that_is_not_ready_has_no_timeline_yet(r2r, conn, profile_id, state):
    error, said, hint = UNFINISHED[state]
    film_id, job_id, _ = synthetic.add_film(conn, profile_id, [], shown=False)
    conn.execute("UPDATE jobs SET state = %s, error = %s WHERE id = %s", (state, error, job_id))
    synthetic.add_film(conn, profile_id, [])  # another film's newer job is not meant
    conn.commit()

    ended = r2r("timeline", film_id)

    assert ended.code == 1
    assert ended.err == (
        f"error: film {film_id} “A film” has no finished analysis: job {job_id} {said}\n"
        f"hint:  {hint.format(job=job_id)}\n"
    )


def test_a_film_without_any_job_is_to_be_ingested(r2r, conn, profile_id):
    film_id, job_id, _ = synthetic.add_film(conn, profile_id, [], shown=False)
    conn.execute("UPDATE films SET path = '/films/a film.mp4'")
    conn.execute("DELETE FROM jobs WHERE id = %s", (job_id,))
    conn.commit()

    ended = r2r("timeline", film_id)

    assert (ended.code, ended.is_one_complaint()) == (1, True)
    assert "has no job" in ended.err
    assert "r2r ingest '/films/a film.mp4'" in ended.err


def test_a_film_that_another_profile_measured_is_named_by_its_path_in_the_remedy(r2r, conn, world):
    other = synthetic.add_profile(conn, dim=DIM)
    film_id, _, _ = synthetic.add_film(conn, other, [Shot(4, world.draw(1))])
    conn.commit()

    ended = r2r("timeline", film_id)

    assert (ended.code, ended.is_one_complaint()) == (1, True)
    assert "r2r ingest /films/a.mp4" in ended.err


def test_why_nothing_is_matched_is_told_apart(r2r, conn, profile_id, world):
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))], year=1927)
    blank, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [], blank="title"), Shot(1, [], blank="black")])
    conn.commit()

    assert "every shot is black, white or a title card" in r2r("timeline", blank).err
    assert "there are no paintings; `r2r paintings import" in r2r("timeline", film_id).err

    other = synthetic.add_profile(conn, dim=DIM)
    synthetic.add_paintings(conn, other, world.draw(4), years=[1950])
    conn.commit()
    assert "no painting has been measured under the profile “descriptor”" in r2r("timeline", film_id).err

    synthetic.add_paintings(conn, profile_id, world.draw(4), years=[1950])
    conn.commit()
    assert "are still being measured" in r2r("timeline", film_id).err

    ranges.refresh(conn, profile_id)
    conn.commit()
    later = r2r("timeline", film_id, "--json")
    assert "every painting is later than the film (1927); --all-dates keeps them" in later.err
    assert all(not shot["matches"] for shot in json.loads(later.out)["shots"])
    kept = r2r("timeline", film_id, "--all-dates")
    assert (kept.code, kept.err) == (0, "")


def test_pictures_that_are_not_in_the_store_are_counted(r2r, conn, profile_id, world, tmp_path):
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(2)), Shot(4, world.draw(1))])
    conn.commit()

    ended = r2r("timeline", film_id, "--html", tmp_path / "page.html")

    assert ended.code == 0
    assert "pictures missing from the media store" in ended.err
    assert ended.err.splitlines()[1].endswith(": 3")


def test_titles_do_not_steer_the_terminal(r2r, conn, profile_id, world):
    film_id, job_id, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    synthetic.add_paintings(conn, profile_id, world.draw(4))
    ranges.refresh(conn, profile_id)
    conn.execute("UPDATE films SET title = E'red \\x1b[31m film'")
    conn.execute("UPDATE paintings SET title = E'\\x1b]0;x\\x07', artist = E'\\x1b[2J', movement = E'\\u009b'")
    conn.commit()

    for words in (
        *(("films", "list"), ("timeline", film_id), ("jobs", "list")),
        *(("jobs", "show", job_id), ("paintings", "show", 1), ("films", "remove", film_id, "--yes")),
    ):
        ended = r2r(*words)
        assert ended.code == 0, ended
        assert not {"\x1b", "\x07", "\x9b"} & set(ended.out + ended.err), words


def test_file_names_do_not_steer_the_terminal(r2r, tmp_path):
    film = coded_film(tmp_path / "red\x1b[31m.mp4", 5)

    for words in (
        ("ingest", film, "--detach"),
        ("ingest", film, "--detach"),
        ("films", "show", film),
        ("doctor", film),
    ):
        ended = r2r(*words)
        assert ended.code == 0, ended
        assert "\x1b" not in ended.out + ended.err, words
    assert "\x1b" not in r2r("ingest", tmp_path / "\x1b[31m.mp4").err


# films remove, paintings remove


@pytest.mark.parametrize("words", [("films", "remove", "A film"), ("paintings", "remove", "synthetic")])
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["words", "json"])
def test_a_removal_without_a_yes_is_a_wrong_call(r2r, conn, profile_id, words, form):
    synthetic.add_film(conn, profile_id, [])
    synthetic.add_paintings(conn, profile_id, World(dim=DIM).draw(1))
    conn.commit()

    ended = r2r(*words, *form)

    assert (ended.code, bool(ended.out), ended.err.count("\n")) == (2, bool(form), 1)
    if form:
        assert json.loads(ended.out)["hint"] == "add --yes"
    assert ended.err.startswith("error: nothing is removed")
    assert "--yes" in ended.err
    assert (len(films.listed(conn)), len(paintings.search(conn))) == (1, 1)
    conn.rollback()

    assert r2r(*words, *form, "--yes").code == 0
    assert len(films.listed(conn)) + len(paintings.search(conn)) == 1


def test_a_removal_takes_no_piece_of_a_title(r2r, conn, profile_id):
    synthetic.add_film(conn, profile_id, [])
    conn.commit()

    for name in ("film", "", " "):
        ended = r2r("films", "remove", name, "--yes")
        assert (ended.code, ended.is_one_complaint()) == (1, True)
    assert len(films.listed(conn)) == 1
    assert r2r("films", "remove", "a FILM", "--yes").code == 0


# ingest, of films that are removed meanwhile


@pytest.fixture
def waited(settings, conn, profile_id, monkeypatch):
    """Waits for the jobs of two films, while one thing after another happens."""
    jobs_of = {}
    for _ in range(2):
        film_id, job_id, _ = synthetic.add_film(conn, profile_id, [], shown=False)
        conn.execute("UPDATE jobs SET state = 'running' WHERE id = %s", (job_id,))
        jobs_of[film_id] = job_id
    conn.commit()
    monkeypatch.setenv("R2R_HOME", str(settings.home))
    monkeypatch.setenv("R2R_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("R2R_BROKER_URL", settings.broker_url)
    monkeypatch.setattr(waiting, "SWEEP_S", 0.0)

    def wait(*meanwhile):
        steps = iter(meanwhile)

        def sweep(opened):
            if (step := next(steps, None)) is not None:
                step(opened)

        monkeypatch.setattr(waiting, "sweep", sweep)
        with context.session() as opened:
            return waiting.wait_for_jobs(opened, list(jobs_of.values()), quiet=True)

    return wait, jobs_of


def remove(film_id):
    return lambda opened: films.remove(opened.conn, film_id)


def end(job_id):
    return lambda opened: opened.conn.execute("UPDATE jobs SET state = 'done' WHERE id = %s", (job_id,))


def test_of_several_jobs_one_that_is_removed_does_not_end_the_wait(waited, capsys):
    wait, jobs_of = waited
    first, second = jobs_of

    ended = wait(remove(first), end(jobs_of[second]))

    assert [job.id for job in ended] == [jobs_of[second]]
    assert capsys.readouterr().err == f"job {jobs_of[first]} was removed meanwhile, with its film or collection\n"


def test_where_all_are_removed_there_is_nothing_to_wait_for(waited):
    wait, jobs_of = waited
    with pytest.raises(NotFound, match="nothing is left to wait for"):
        wait(*(remove(film_id) for film_id in jobs_of))


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["words", "json"])
def test_an_ingest_reports_the_film_that_was_removed_and_the_one_that_is_done(r2r, conn, tmp_path, monkeypatch, form):
    paths = [coded_film(tmp_path / f"{name}.mp4", 30, rate=rate) for name, rate in (("a", 24), ("b", 25))]
    really = waiting.sweep

    def sweep(opened):
        really(opened)
        films_now = {film.title: film.id for film in films.listed(opened.conn)}
        if set(films_now) == {"a", "b"}:  # both are queued
            films.remove(opened.conn, films_now["a"])
            opened.conn.execute("UPDATE jobs SET state = 'done'")

    monkeypatch.setattr(waiting, "sweep", sweep)

    ended = r2r("ingest", *paths, *form)

    assert ended.code == 1
    assert "was removed meanwhile" in ended.err
    assert "Traceback" not in ended.err
    if form:
        rows = json.loads(ended.out)["films"]
        assert [(row["state"], row["job"] and row["job"]["state"]) for row in rows] == [
            ("removed", None),
            ("done", "done"),
        ]
    else:
        assert "“b”: 0 shots" in ended.out


def test_one_title_for_the_films_of_a_directory_is_a_wrong_call(r2r, tmp_path, conn):
    for name in ("a", "b"):
        coded_film(tmp_path / f"{name}.mp4", 5)

    ended = r2r("ingest", "--recursive", tmp_path, "--title", "Both", "--detach")

    assert ended.code == 2
    assert "one title cannot name 2 films" in ended.err
    assert films.listed(conn) == []
    assert jobs.listed(conn) == []
    (tmp_path / "b.mp4").unlink()
    assert r2r("ingest", "--recursive", tmp_path, "--title", "One", "--detach").code == 0
    assert [film.title for film in films.listed(conn)] == ["One"]


def test_a_store_without_its_directory_is_refused_when_it_is_written(tmp_path):
    with pytest.raises(Unavailable, match="cannot write the media store /proc/x"):
        MediaStore("/proc/x").put("a.jpg", b"x")

"""What a person may well type or set: one line that says what is wrong, one that says what to do, exit code 1."""

from __future__ import annotations

import json
import sys

import pytest
from psycopg import sql

from r2r_cli.commands import films as films_command
from r2r_cli.main import main
from r2r_shared import db
from r2r_shared.operating import doctor
from r2r_shared.queries import films, profiles
from r2r_workers.models import registry
from tests import synthetic
from tests.in_process import R2R
from tests.unit.media_films import coded_film

NO_TEXT = "caf\udce9"  # what Python makes of the bytes of a name that is not UTF-8
LONG = "x" * 300
HUGE = "99999999999999999999"


@pytest.fixture
def r2r(settings, conn, monkeypatch, capsys):
    profile = profiles.ensure(conn, registry.describe("starter"))
    conn.commit()
    r2r = R2R.on(settings, monkeypatch, capsys)
    synthetic.add_film(conn, profile.id, [synthetic.Shot(4, [], blank="black")])
    conn.commit()
    return r2r


@pytest.mark.parametrize(
    "words",
    [
        ("films", "show", NO_TEXT),
        ("films", "show", LONG),
        ("films", "show", "~nouser/x"),
        ("films", "remove", NO_TEXT, "--yes"),
        ("timeline", NO_TEXT),
        ("timeline", "1", "--csv", ""),
        ("timeline", "1", "--html", ""),
        ("timeline", "1", "--html", "/"),
        ("timeline", "1", "--html", LONG),
        ("timeline", "1", "--csv", "/etc/passwd/x"),
        ("ingest", LONG),
        ("ingest", f"/etc/passwd/{LONG}"),
        ("ingest", "~nouser/x.mp4"),
        ("paintings", "import", ".", "--collection", NO_TEXT),
        ("paintings", "import", LONG),
        ("paintings", "list", "--collection", NO_TEXT),
        ("paintings", "list", "--artist", NO_TEXT),
        ("paintings", "list", "--search", "x", "--limit", HUGE),
        ("paintings", "show", NO_TEXT),
        ("paintings", "remove", NO_TEXT, "--yes"),
        ("paintings", "remove", "--painting", NO_TEXT, "--yes"),
        ("jobs", "list", "--limit", HUGE),
        ("jobs", "show", HUGE),
        ("jobs", "cancel", HUGE),
        ("match", LONG),
        ("match", "no/such.png"),
        ("match", "/etc/passwd"),
        ("match", "/"),
        ("demo", "--out", "/etc/passwd"),
    ],
    ids=lambda words: " ".join(words)[:60].encode("ascii", "backslashreplace").decode(),
)
def test_it_is_one_complaint(r2r, words):
    ended = r2r(*words)

    assert ended.code == 1, ended
    assert ended.is_one_complaint(), ended.err


@pytest.mark.parametrize(
    ("path", "said"), [("no/such.png", "there is no file no/such.png"), ("/etc/passwd", "not a picture")]
)
def test_a_match_of_no_picture_says_what_it_takes(r2r, path, said):
    ended = r2r("match", path)
    assert said in ended.err
    assert "hint:  name a picture: JPEG, PNG, WebP or TIFF" in ended.err


def test_a_search_for_what_no_text_can_be_finds_nothing(r2r):
    ended = r2r("paintings", "list", "--search", NO_TEXT)
    assert (ended.code, ended.out, ended.err) == (0, "", "no painting matches\n")


def test_a_film_whose_name_is_no_text_is_refused_and_the_others_go_on(r2r, tmp_path, conn):
    for name in (f"{NO_TEXT}.mp4", "text.mp4"):
        (tmp_path / name).write_text("this is no film")

    ended = r2r("ingest", "--recursive", tmp_path, "--json")

    assert ended.code == 1
    refused = json.loads(ended.out)["refused"]
    assert [row["path"] for row in refused] == [str(tmp_path / f"{NO_TEXT}.mp4"), str(tmp_path / "text.mp4")]
    assert "is not text in UTF-8" in refused[0]["error"]
    assert len(films.listed(conn)) == 1


@pytest.mark.parametrize("option", ["--title", "--director", "--country"])
def test_what_is_said_of_a_film_is_refused_before_the_film_is_stored(r2r, tmp_path, conn, option):
    ended = r2r("ingest", coded_film(tmp_path / "film.mp4", 5), option, NO_TEXT)

    assert (ended.code, ended.is_one_complaint()) == (1, True)
    assert r"“caf\xe9” is not text in UTF-8" in ended.err
    assert len(films.listed(conn)) == 1  # the fixture's


def test_a_film_in_a_directory_whose_name_is_no_text_is_refused(r2r, tmp_path, monkeypatch):
    (tmp_path / NO_TEXT).mkdir()
    (tmp_path / NO_TEXT / "film.mp4").write_text("this is no film")
    monkeypatch.chdir(tmp_path / NO_TEXT)

    assert "is not text in UTF-8" in r2r("ingest", "film.mp4").err


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".jsonl"])
def test_a_damaged_manifest(r2r, tmp_path, suffix, conn):
    path = tmp_path / f"paintings{suffix}"
    path.write_bytes("file,title\na.jpg,x\n".encode("utf-16") + b"\x00\xd8")

    ended = r2r("paintings", "import", path)

    assert ended.code == 1, ended
    assert "Traceback" not in ended.err
    assert conn.execute("SELECT count(*) FROM paintings").fetchone() == (0,)
    if suffix != ".jsonl":  # whose lines are read, and refused, one by one
        assert ended.is_one_complaint(), ended.err


@pytest.mark.parametrize("media", ["/proc/x", "/etc/passwd", "s3://", "file://", "~nouser/x"])
def test_a_media_store_that_cannot_be(r2r, media, monkeypatch, tmp_path):
    from PIL import Image

    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    monkeypatch.setenv("R2R_MEDIA", media)

    ended = r2r("match", tmp_path / "a.png")

    assert ended.code == 1
    assert ended.is_one_complaint(), ended.err
    assert "R2R_MEDIA" in ended.err


HOMES = ["/proc/x", "/etc/passwd", "~nouser/x"]


@pytest.fixture
def alone(r2r, monkeypatch):
    """As on a laptop: nothing but R2R_HOME is set."""
    monkeypatch.delenv("R2R_DATABASE_URL")
    monkeypatch.delenv("R2R_BROKER_URL")
    monkeypatch.setattr(doctor, "_worker_parts", lambda _: iter(()))
    return r2r


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("words", [("films", "list"), ("db", "status"), ("db", "migrate"), ("up",), ("worker",)])
def test_a_home_that_cannot_be(alone, home, words, monkeypatch):
    monkeypatch.setenv("R2R_HOME", home)

    ended = alone(*words)

    assert ended.code == 1
    assert ended.is_one_complaint(), ended.err


@pytest.mark.parametrize("home", HOMES)
def test_the_doctor_shows_a_home_that_cannot_be_as_what_failed(alone, home, monkeypatch):
    monkeypatch.setenv("R2R_HOME", home)

    ended = alone("doctor", "--json")

    assert ended.code == 1
    assert ended.err == ""
    failed = [check for check in json.loads(ended.out)["checks"] if check["verdict"] == "fail"]
    assert failed
    assert home in failed[0]["detail"]
    assert failed[0]["remedy"]


@pytest.fixture
def guest(r2r, database_url, monkeypatch):
    """A role of the database that may connect to it and no more."""
    role = sql.Identifier("r2r_guest")
    with db.connect(database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    monkeypatch.setenv("R2R_DATABASE_URL", database_url.replace("postgres@", "r2r_guest@"))
    yield r2r
    with db.connect(database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.mark.parametrize("words", [("films", "list"), ("db", "status"), ("db", "migrate")])
def test_a_role_without_rights(guest, words):
    ended = guest(*words)

    assert ended.code == 1
    assert ended.is_one_complaint(), ended.err
    assert "the database role may not do this: permission denied" in ended.err


def test_the_doctor_shows_a_role_without_rights_as_what_failed(guest, monkeypatch):
    monkeypatch.setattr(doctor, "_worker_parts", lambda _: iter(()))

    checks = json.loads(guest("doctor", "--json").out)["checks"]

    verdicts = {check["name"]: check["verdict"] for check in checks}
    assert (verdicts["postgres"], verdicts["migrations"]) == ("ok", "fail")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/films"), "/films: No space left on device"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "invalid start byte"),
        (db.psycopg.errors.UndefinedTable("relation is gone\nLINE 1"), "relation is gone"),
    ],
)
def test_what_nobody_foresaw_is_one_complaint_too(r2r, monkeypatch, error, said):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(films, "listed", fail)

    ended = r2r("films", "list")

    assert ended.code == 1
    assert ended.is_one_complaint()
    assert said in ended.err
    assert "r2r doctor" in ended.err
    monkeypatch.setenv("R2R_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["r2r", "films", "list"])
    with pytest.raises(type(error)):
        main()


def test_a_bug_keeps_its_traceback(r2r, monkeypatch):
    monkeypatch.setattr(films_command, "as_json", lambda film: film.no_such_column)
    with pytest.raises(AttributeError):
        r2r("films", "list", "--json")

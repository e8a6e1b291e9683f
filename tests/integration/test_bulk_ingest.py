"""`r2r ingest` of many films: dry runs, catalogues, refusals, duplicates, reports; again and again."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
from psycopg import sql

from r2r_cli.ingesting import run
from r2r_shared.queries import films, jobs, profiles
from r2r_workers.models import registry
from tests.in_process import R2R
from tests.many_films import write_films


@pytest.fixture
def unused(settings, monkeypatch, capsys):
    return R2R.on(settings, monkeypatch, capsys)


@pytest.fixture
def r2r(unused, conn):
    profiles.ensure(conn, registry.describe("starter"))
    conn.commit()
    conn.autocommit = True
    return unused


@pytest.fixture
def five(tmp_path):
    return write_films(tmp_path / "films", 5)


def rows(conn) -> dict[str, int]:
    """How many rows each table holds."""
    names = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    count = sql.SQL("SELECT count(*) FROM {}")
    return {name: conn.execute(count.format(sql.Identifier(name))).fetchone()[0] for (name,) in names}


def report(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_dry_run_says_what_would_happen_and_leaves_no_row(unused, conn, tmp_path, five):
    """Not even a profile: nothing was ever measured here."""
    (five[0].parent / "empty.mp4").touch()
    shutil.copy(five[0], five[0].parent / "copy.mp4")
    before = rows(conn)

    ended = unused("ingest", "--recursive", tmp_path / "films", "--dry-run", "--report", tmp_path / "dry.jsonl")

    assert ended.code == 1
    assert rows(conn) == before
    assert "film 00004.mp4: new, 0:00, 144×112, 12 frames" in ended.out
    assert "6 films" not in ended.err
    assert "7 films: 5 queued, 1 duplicate\n1 refused: 1 × is empty; see " in ended.err
    assert "a dry run: nothing was written, nothing was sent" in ended.err
    states = [row["state"] for row in report(tmp_path / "dry.jsonl")]
    assert sorted(states) == ["duplicate", *["queued"] * 5, "refused"]


def test_a_dry_run_knows_what_was_queued_before(r2r, conn, tmp_path, five):
    assert r2r("ingest", *five[:2], "--detach").code == 0
    conn.execute("UPDATE jobs SET state = 'done' WHERE id = 1")
    conn.execute("UPDATE films SET analysis_id = 1 WHERE id = 1")
    before = rows(conn)

    ended = r2r("ingest", *five[:3], "--dry-run", "--json")

    assert ended.code == 0
    found = json.loads(ended.out)
    assert [(row["state"], row["film"], row["job"]) for row in found["films"]] == [
        ("known", 1, None),
        ("going on", 2, 2),
        ("queued", None, None),
    ]
    assert found["dry_run"] is True
    assert rows(conn) == before


def test_twice_is_once(r2r, conn, tmp_path, five):
    first = r2r("ingest", "--recursive", tmp_path / "films", "--detach", "--json")
    made = rows(conn)

    again = r2r("ingest", "--recursive", tmp_path / "films", "--detach", "--json", "--report", tmp_path / "r.jsonl")

    assert (first.code, again.code) == (0, 0)
    assert json.loads(first.out)["counts"] == {"queued": 5}
    assert json.loads(again.out)["counts"] == {"going on": 5}
    assert rows(conn) == made
    assert made["films"] == made["jobs"] == 5
    assert made["segments"] == 10  # the film, and its match
    assert [(row["state"], row["film"], row["job"]) for row in report(tmp_path / "r.jsonl")] == [
        ("going on", number, number) for number in range(1, 6)
    ]


def test_what_is_refused_is_counted_by_its_reason_and_the_others_are_queued(r2r, conn, tmp_path, five):
    folder = five[0].parent
    (folder / "empty.mp4").touch()
    (folder / "none.mkv").touch()
    (folder / "text.mp4").write_text("this is no film")
    (folder / "=cmd().avi").write_bytes(b"\0" * 2000)

    ended = r2r("ingest", folder, "-r", tmp_path / "gone.mp4", "--detach", "--report", tmp_path / "films.csv")

    assert ended.code == 1
    assert len(jobs.listed(conn)) == 5
    with (tmp_path / "films.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    refused = {row["path"].rpartition("/")[2]: row for row in found if row["state"] == "refused"}
    assert set(refused) == {"empty.mp4", "none.mkv", "text.mp4", "=cmd().avi", "gone.mp4"}
    assert all(row["error"] and row["hint"] for row in refused.values())
    assert "10 films: 5 queued" in ended.err
    assert "5 refused: 2 × is empty" in ended.err
    assert "1 × does not exist" in ended.err
    assert f"see {tmp_path / 'films.csv'}" in ended.err


def test_the_same_film_twice_in_one_call_is_said_and_no_error(r2r, conn, tmp_path, five):
    shutil.copy(five[0], tmp_path / "another name.mp4")

    ended = r2r("ingest", five[0], five[0], tmp_path / "another name.mp4", "--detach", "--json")

    assert ended.code == 0
    found = json.loads(ended.out)
    assert found["counts"] == {"queued": 1, "duplicate": 2}
    assert [(row["film"], row["job"]["id"]) for row in found["films"]] == [(1, 1), (1, 1)]
    assert rows(conn)["jobs"] == 1
    words = r2r("ingest", five[1], five[1], "--detach")
    assert "film 00001.mp4 was asked for twice: taken once" in words.err


def test_a_catalogue_describes_its_films(r2r, conn, tmp_path, five):
    path = tmp_path / "films" / "catalogue.csv"
    path.write_text(
        "path;title;director;year;country;shelf\n"
        "000/film 00000.mp4;Der Müde Tod;Lang;1921;Germany;A1\n"
        "000/film 00001.mp4;;;;;\n"
        "000/film 00002.mp4;Bad;;19x1;;\n"
        "000/no such.mp4;Gone;;;;\n",
        encoding="utf-8-sig",
    )

    ended = r2r("ingest", "--catalogue", path, "--country", "France", "--detach", "--priority", "7")

    assert ended.code == 1
    found = {film.id: film for film in films.listed(conn)}
    assert {key: (f.title, f.director, f.year, f.country) for key, f in found.items()} == {
        1: ("Der Müde Tod", "Lang", 1921, "Germany"),
        2: ("film 00001", "", None, "France"),
    }
    assert [job.priority for job in jobs.listed(conn)] == [7, 7]
    assert conn.execute("SELECT DISTINCT priority FROM segments").fetchall() == [(7,)]
    assert "catalogue.csv line 4 has no year: “19x1”" in ended.err
    assert "nothing is made of the column “shelf”" in ended.err
    assert "2 refused" in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--report", "films.txt"), "name it .jsonl or .csv"),
        (("--catalogue", "films.csv", "--report", "films.csv"), "it would take the catalogue's place"),
        (("--catalogue", "films.csv", "--title", "One"), "one title cannot name a catalogue's films"),
        (("--priority", "10"), "less than or equal to 9"),
        ((), "name a film, a directory with --recursive, or a --catalogue"),
    ],
)
def test_a_wrong_call_is_said_before_anything_happens(r2r, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "films.csv").write_text("path\nx.mp4\n")
    named = () if not words or "--catalogue" in words else ("film.mp4",)

    ended = r2r("ingest", *named, *words)

    assert ended.code == 2
    assert said in " ".join(ended.err.replace("│", " ").split())
    assert (tmp_path / "films.csv").read_text() == "path\nx.mp4\n"


@pytest.mark.parametrize("option", ["--catalogue", "--report"])
def test_a_file_that_cannot_be_used_is_one_complaint_and_nothing_is_queued(r2r, conn, tmp_path, five, option):
    ended = r2r("ingest", five[0], option, tmp_path / "no" / "films.csv", "--detach")

    assert ended.code == 1
    assert ended.is_one_complaint()
    assert rows(conn)["jobs"] == 0


def test_of_very_many_films_json_and_words_name_the_first_and_count_the_rest(r2r, tmp_path, monkeypatch, five):
    monkeypatch.setattr(run, "LISTED", 3)

    found = json.loads(r2r("ingest", *five, "--detach", "--json").out)
    words = r2r("ingest", *five, "--detach")

    assert len(found["films"]) == 3
    assert (found["counts"], found["left_out"]) == ({"queued": 5}, {"films": 2, "refused": 0})
    assert words.err.count(": going on with job") == 3
    assert "the films that follow are counted, not named; --report FILE names them all" in words.err
    assert "5 films: 5 going on" in words.err


def test_redis_holds_few_messages_however_many_films_wait(r2r, conn, tmp_path, redis_server, monkeypatch):
    monkeypatch.setattr("r2r_shared.queries.sweeping.SENT_AHEAD", 4)
    write_films(tmp_path / "films", 12)

    assert r2r("ingest", "--recursive", tmp_path / "films", "--detach").code == 0

    assert rows(conn)["jobs"] == 12
    with redis_server.client() as client:
        waiting = sum(client.llen(key) for key in client.scan_iter() if client.type(key) == b"list")
    assert 0 < waiting <= 4

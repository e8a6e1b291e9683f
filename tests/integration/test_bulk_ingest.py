"""`r2r ingest` of many films: dry runs, catalogues, refusals, duplicates, reports; again and again."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
from psycopg import sql

from r2r_cli.ingesting import run
from r2r_cli.jobs import waiting
from r2r_shared.queries import films, job_changes, jobs, profiles
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
    states = [row["taken_as"] for row in report(tmp_path / "dry.jsonl")]
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
    assert [(row["taken_as"], row["film"], row["job"]) for row in report(tmp_path / "r.jsonl")] == [
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
    refused = {row["path"].rpartition("/")[2]: row for row in found if row["taken_as"] == "refused"}
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


def test_a_higher_priority_reaches_the_job_that_is_there_and_what_does_not_is_said(r2r, conn, five):
    assert r2r("ingest", five[0], "--detach", "--priority", "3").code == 0

    lower = r2r("ingest", five[0], "--detach", "--priority", "2")
    higher = r2r("ingest", five[0], "--detach", "--priority", "9", "--shots", "transnet", "--segment-seconds", "7")

    assert "priority" not in lower.err
    assert (
        "going on with job 1, which finds shots with adaptive (cancel it to use transnet and to cut it into "
        "segments of 7 s); its priority is 9 now, and was 3" in higher.err
    )
    assert jobs.get(conn, 1).priority == 9
    assert conn.execute("SELECT DISTINCT priority FROM segments").fetchall() == [(9,)]


def test_what_a_job_that_measures_alone_will_not_do_is_said(r2r, conn, five):
    assert r2r("ingest", five[0], "--detach").code == 0
    conn.execute("""UPDATE jobs SET options = '{"analyse": false}'""")
    other = profiles.ensure(conn, registry.describe("starter") | {"name": "other"})
    conn.execute("UPDATE jobs SET profile_id = %s", (other.id,))

    ended = r2r("ingest", five[0], "--detach", "--force")

    assert (
        "going on with job 1, which measures under another profile (cancel it to measure under “starter” and to "
        "analyse the film again)" in ended.err
    )


def test_a_film_whose_job_failed_goes_on_with_what_is_missing(r2r, conn, five):
    assert r2r("ingest", five[0], "--detach").code == 0
    conn.execute("UPDATE segments SET state = 'failed' WHERE kind = 'film'")
    job_changes.fail(conn, 1, error="the disk was full")

    dry = r2r("ingest", five[0], "--dry-run", "--json")
    ended = r2r("ingest", five[0], "--detach", "--priority", "4")

    assert json.loads(dry.out)["counts"] == {"retried": 1}
    assert "film 1, job 1, which failed, is tried again: 0 of 2 segments are done already; its priority" in ended.err
    assert [(job.id, job.state, job.priority) for job in jobs.listed(conn)] == [(1, "queued", 4)]
    assert conn.execute("SELECT sent_at IS NOT NULL FROM segments WHERE kind = 'film'").fetchone() == (True,)


@pytest.mark.parametrize("words", [("--force",), ("--shots", "transnet")])
def test_a_job_that_failed_at_something_else_is_left_as_it_is(r2r, conn, five, words):
    assert r2r("ingest", five[0], "--detach").code == 0
    job_changes.fail(conn, 1, error="the disk was full")

    found = json.loads(r2r("ingest", five[0], *words, "--detach", "--json").out)

    assert found["counts"] == {"queued": 1}
    assert [(job.id, job.state) for job in jobs.listed(conn)] == [(2, "queued"), (1, "failed")]


@pytest.mark.parametrize("form", [".jsonl", ".csv"])
def test_a_report_and_the_json_say_how_jobs_ended_that_were_waited_for(r2r, conn, tmp_path, five, monkeypatch, form):  # noqa: PLR0917
    """The sweep is a moment at which a worker may have ended them."""
    monkeypatch.setattr("r2r_cli.ingesting.report.BATCH", 2)
    really = waiting.sweep

    def sweep(opened):
        really(opened)
        if len(jobs.listed(opened.conn)) == 3:
            opened.conn.execute("UPDATE jobs SET state = 'done' WHERE id <> 2")
            job_changes.fail(opened.conn, 2, error="the decoder died")

    monkeypatch.setattr(waiting, "sweep", sweep)
    path = tmp_path / f"films{form}"
    (tmp_path / "empty.mp4").touch()

    ended = r2r("ingest", *five[:3], tmp_path / "empty.mp4", five[0], "--report", path, "--json")

    assert ended.code == 1
    found = json.loads(ended.out)
    assert found["jobs"] == {"queued": 0, "running": 0, "done": 2, "failed": 1, "cancelled": 0}
    assert found["failed"] == [2]
    with path.open(newline="") as file:
        rows = report(path) if form == ".jsonl" else list(csv.DictReader(file))
    assert [row["taken_as"] for row in rows[:5]] == ["queued"] * 3 + ["refused", "duplicate"]
    assert not any(row["state"] for row in rows[:5])
    assert [(row["path"], row["state"], row["error"], row["hint"]) for row in rows[5:]] == [
        (str(five[0]), "done", "", ""),
        (str(five[1]), "failed", "the decoder died", "r2r jobs show 2"),
        (str(five[2]), "done", "", ""),
    ]


def test_a_dry_run_names_the_first_refusals_and_counts_the_rest(r2r, tmp_path, monkeypatch, five):
    monkeypatch.setattr(run, "LISTED", 2)
    for number in range(4):
        (tmp_path / f"{number}.mp4").touch()

    ended = r2r("ingest", "-r", tmp_path, "--dry-run")

    assert ended.err.count(" is empty (0 bytes)") == 2
    assert ended.err.count("the refusals that follow are counted, not named") == 1
    assert len(ended.out.splitlines()) == 5


def test_a_known_film_that_is_described_otherwise_is_said_to_be(r2r, conn, five):
    assert r2r("ingest", five[0], "--detach").code == 0
    words = ("ingest", five[0], "--title", "Faust", "--director", "Murnau")

    dry, first, again = r2r(*words, "--dry-run"), r2r(*words, "--detach"), r2r(*words, "--detach")

    assert "going on with job 1, described anew: title, director" in dry.out
    assert "going on with job 1, described anew: title, director" in first.err
    assert "described anew" not in again.err


def test_a_dry_run_says_what_an_upload_would_send(r2r, five):
    assert r2r("ingest", five[0], "--upload", "--detach").code == 0
    assert r2r("ingest", five[1], "--detach").code == 0

    ended = r2r("ingest", *five[:3], "--upload", "--dry-run")

    there, known, new = ended.out.splitlines()
    assert "media store" not in there
    assert known.endswith(" MB to be copied into the media store")
    assert new.endswith(" MB to be copied into the media store")


def test_how_far_it_is_never_parts_a_complaint_from_its_end(r2r, tmp_path, monkeypatch):
    """A look that takes long, at a bucket that is away, is followed by a line on how far the call is."""
    monkeypatch.setattr("r2r_cli.ingesting.enqueue_progress.EVERY_S", 0)

    ended = r2r("ingest", tmp_path / "gone.mp4", "--detach")

    assert "1 of 1 films" in ended.err or "1 films" in ended.err
    assert ended.is_one_complaint(), ended.err

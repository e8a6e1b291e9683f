"""What commands print: nothing that steers a terminal, nothing cut off on a pipe, progress that means something."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import typer

from r2r_cli import files, options, render, tables
from r2r_cli.jobs import waiting
from r2r_shared.errors import UserError
from r2r_shared.queries.jobs import Job


@pytest.mark.parametrize("steering", ["\x1b", "\r", "\x9b", "\u202e", "\u2028", "\x00", "\udcff", "\n"])
def test_what_steers_a_terminal_is_replaced(steering):
    assert render.printable(f"a{steering}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_what_people_write_is_kept():
    text = "Nuit étoilée 🌌 \u3000 لوحة \N{NO-BREAK SPACE}x 👩\u200d🎨"
    assert render.printable(text) == text


def test_lines_and_tables_are_printable(capsys):
    render.say("one\x1b[2J\ntwo")
    render.note("three\x1b]0;title\x07")
    render.table(["title"], [["four\x1b[31m"]])

    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "\x07" not in err
    assert out.splitlines()[:2] == ["one\N{REPLACEMENT CHARACTER}[2J", "two"]


def test_on_a_pipe_nothing_is_folded_or_cut_off(capsys):
    render.table(["path", ">n"], [["x" * 700, 1], ["short", 2]])

    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["path", "n"],
        ["x" * 700, "1"],
        ["short", "2"],
    ]


def test_an_unknown_movement_has_a_name_in_the_table(capsys):
    film = {"title": "A film", "year": None, "duration_s": 9.0}
    profile = {"null": None, "hub_correction": False}
    row = {"by": "movement", "name": "", "share": 1.0, "expected": 0.5, "lift": 2.0}
    row |= {"lift_low": None, "lift_high": None}
    tables.print_timeline({"film": film, "profile": profile, "shots": [], "influence": [row]}, by="movement")

    assert "not known  100.0%" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_no_name_is_no_file_to_write(name):
    with pytest.raises(UserError, match="names no file"):
        files.write_text(Path(name), "x")


def test_a_place_that_takes_no_file_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "x.csv", tmp_path / ("x" * 300)):
        with pytest.raises(UserError, match="cannot be written"):
            files.write_text(path, "x")


def test_wrong_weights_are_a_wrong_call():
    with pytest.raises(typer.BadParameter, match="names no metric"):
        options.parse_weights("colour=1")


@pytest.mark.parametrize(("json", "terminal"), [(True, True), (True, False), (False, False)])
def test_nothing_is_removed_where_nobody_can_be_asked(json, terminal, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin.isatty", lambda: terminal)

    with pytest.raises(typer.Exit) as ended:
        options.require_yes(yes=False, json=json)

    assert ended.value.exit_code == 2
    assert capsys.readouterr().err.count("\n") == 1
    options.require_yes(yes=True, json=json)


def job(**given: Any) -> Job:
    now = dt.datetime.now(dt.UTC)
    return Job(
        id=1, kind="ingest", state="running", film_id=1, collection_id=None, profile_id=1, about="A film", priority=0,
        cancel_requested=False, error=None, created_at=now, started_at=now,
        finished_at=None, segments=2, segments_done=0, progress=0.5, shots=7, frames=1000, decode_s=0, model_s=0,
        stage="film", **given,
    )  # fmt: skip


def test_what_is_not_known_of_a_job_is_left_out():
    assert waiting.describe(job()) == "decode · 50% · 7 shots"
    assert waiting.describe(job(fps=100.2, left_s=40.9)) == "decode · 50% · 7 shots · 100 fps · 0:40 left"


def test_a_job_that_is_put_off_says_why_and_until_when():
    assert waiting.describe(job(put_off="full", put_off_s=40.4)) == "put off: full · next try in 0:40"
    assert waiting.describe(job(put_off="full", put_off_s=-0.1)) == "put off: full · next try in 0:00"

"""Wrong calls and interrupted ones: with --json each is one document that says what is wrong and what to do."""

from __future__ import annotations

import json
import os
import signal

import pytest

from r2r_cli import options
from tests.in_process import R2R


@pytest.fixture
def r2r(monkeypatch, capsys):
    return R2R(monkeypatch, capsys)


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (("jobs", "list", "--state", "odd"), "Invalid value for --state", "r2r jobs list --help"),
        (("jobs", "show"), "Missing argument", "r2r jobs show --help"),
        (("ingest", "a.mp4", "--priority", "10"), "Invalid value for '--priority'", "r2r ingest --help"),
        (("films", "list", "--no-such"), "No such option: --no-such", "r2r films list --help"),
        (("nothing",), "No such command 'nothing'", "r2r --help"),
        (("jobs", "cancel", "--all"), "nothing is removed without a yes, and --json does not ask", "add --yes"),
    ],
)
def test_a_wrong_call_is_one_document(r2r, words, error, hint):
    ended = r2r(*words, "--json")

    assert ended.code == 2
    said = json.loads(ended.out)
    assert said["error"].startswith(error)
    assert said["hint"].endswith(hint)
    assert ended.err


def test_blanks_between_the_names_of_queues_are_no_part_of_them(r2r):
    ended = r2r("worker", "--queues", "video, odd")

    assert ended.code == 2
    assert "no queue odd; there are" in ended.err


def test_without_json_nothing_of_a_wrong_call_is_a_result(r2r):
    assert r2r("jobs", "list", "--state", "odd").out == ""


def test_a_call_that_is_interrupted_is_one_document(r2r, monkeypatch):
    # Ctrl-C while it checks what it was given: nothing has been opened yet.
    monkeypatch.setattr(options, "require_yes", lambda **_: os.kill(os.getpid(), signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        ended = r2r("films", "remove", "1", "--json")
    finally:
        signal.signal(signal.SIGINT, before)

    assert ended.code == 130
    assert json.loads(ended.out)["error"] == "stopped before its end"

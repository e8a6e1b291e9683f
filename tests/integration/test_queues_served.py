"""Which queues have a worker: asked of real workers, shown by the doctor, said to whoever waits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from r2r_cli import render
from r2r_cli.commands import match
from r2r_cli.jobs import idle_queues
from r2r_shared import broker
from r2r_shared.local.stack import Stack
from r2r_shared.operating import doctor
from r2r_shared.queries import jobs, profiles
from r2r_workers.models import registry
from tests.in_process import R2R
from tests.unit.media_films import coded_film


@pytest.fixture
def video_worker(settings):
    """A real worker that serves `video` alone."""
    stack = Stack(settings.database_url, settings.broker_url, settings.media_root, settings.home, local=False)
    worker = subprocess.Popen(
        [sys.executable, "-m", "r2r_workers", "--queues=video", "--processes=1"],
        env=os.environ | stack.environ(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    app = broker.make_app(settings, settings.broker_url)
    deadline = time.monotonic() + 60
    while not broker.served_queues(app):
        assert worker.poll() is None
        assert time.monotonic() < deadline, "the worker did not answer"
    yield app
    worker.send_signal(signal.SIGTERM)
    worker.wait(60)


def test_the_doctor_names_each_queue_that_no_worker_serves(settings, video_worker, monkeypatch):
    assert broker.served_queues(video_worker) == {"video"}
    monkeypatch.setattr(doctor, "_worker_parts", lambda _: iter(()))

    found = {check.name: check for check in doctor.examine(settings)}

    assert found["workers"].verdict == "ok"
    assert {name for name, check in found.items() if check.verdict == "fail"} == {"queue control", "queue paintings"}
    assert "never matched" in found["queue control"].detail
    assert "`r2r worker`" in found["queue control"].remedy


def test_without_any_worker_every_queue_is_named(settings, monkeypatch):
    monkeypatch.setattr(doctor, "_worker_parts", lambda _: iter(()))

    failed = [check.name for check in doctor.examine(settings) if check.verdict == "fail"]

    assert failed == ["queue control", "queue video", "queue paintings"]


@pytest.fixture
def r2r(settings, conn, monkeypatch, capsys):
    """Commands that lose patience sooner."""
    profiles.ensure(conn, registry.describe("starter"))
    conn.commit()
    monkeypatch.setattr(idle_queues, "FIRST_S", 0.3)
    monkeypatch.setattr(idle_queues, "EVERY_S", 0.6)
    return R2R.on(settings, monkeypatch, capsys)


def test_a_match_without_a_worker_ends_with_what_is_missing(r2r, tmp_path, monkeypatch, conn):
    monkeypatch.setattr(match, "UNSERVED_LIMIT_S", 4.0)
    Image.new("RGB", (64, 48), (200, 30, 30)).save(tmp_path / "red.png")

    ended = r2r("match", tmp_path / "red.png", "--json")

    assert ended.code == 1
    assert "no worker serves the queue paintings: start `r2r worker` on a machine that sees the films" in ended.err
    assert "error: no worker has served the queue paintings for 4 s\nhint:  start `r2r worker`" in ended.err
    assert jobs.listed(conn) == []


@pytest.mark.parametrize("json", [(), ("--json",)], ids=["words", "json"])
def test_an_ingest_without_a_worker_says_so_again_and_again_and_waits(r2r, tmp_path, monkeypatch, json, conn):
    notes: list[str] = []

    def note(text: str) -> None:
        notes.append(text)
        if sum("no worker" in one for one in notes) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(render, "note", note)

    ended = r2r("ingest", coded_film(tmp_path / "film.mp4", 30), *json)

    assert ended.code == 130
    unserved = [one for one in notes if "no worker" in one]
    assert unserved == ["no worker serves the queue video: start `r2r worker` on a machine that sees the films"] * 2
    assert [job.state for job in jobs.listed(conn)] == ["queued"]


def test_the_queue_of_what_comes_next_is_named_where_the_first_part_is_done(r2r, tmp_path, monkeypatch, conn):
    """A cluster with `--queues video` alone: the film is analysed, and never matched."""
    film = coded_film(tmp_path / "film.mp4", 30)
    assert r2r("ingest", film, "--detach").code == 0
    conn.execute("UPDATE segments SET state = CASE kind WHEN 'film' THEN 'done' ELSE 'queued' END")
    conn.execute("UPDATE jobs SET state = 'running'")
    conn.commit()
    notes: list[str] = []

    def note(text: str) -> None:
        notes.append(text)
        if "no worker" in text:
            raise KeyboardInterrupt

    monkeypatch.setattr(render, "note", note)

    assert r2r("jobs", "watch", "1").code == 130
    assert "no worker serves the queue control" in notes[-2]


def test_nothing_is_said_while_a_worker_is_at_work_in_silence(r2r, tmp_path, monkeypatch, conn):
    """A lease that has not run out: a long match moves no bar."""
    film = coded_film(tmp_path / "film.mp4", 30)
    assert r2r("ingest", film, "--detach").code == 0
    conn.execute("UPDATE segments SET state = 'running', heartbeat_at = now(), attempt = 1 WHERE kind = 'film'")
    conn.execute("UPDATE jobs SET state = 'running'")
    conn.commit()
    asked: list[float] = []
    monkeypatch.setattr(broker, "served_queues", lambda app: asked.append(time.monotonic()) or {"video"})
    looked: list[int] = []

    def sleep(seconds: float, really=time.sleep) -> None:
        looked.append(1)
        if len(looked) > 8:
            raise KeyboardInterrupt
        really(seconds)

    monkeypatch.setattr(time, "sleep", sleep)

    assert r2r("jobs", "watch", "1").code == 130
    assert asked == []

"""An activation whose worker is killed again and again comes to what an undisturbed one comes to, row for row."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from r2r_shared.queries import activation, features, jobs
from r2r_shared.storage.media_store import MediaStore
from tests import catalogue
from tests.catalogue import Catalogue

KILLS = 2


@pytest.fixture
def stored(conn, settings, tmp_path, monkeypatch):
    """Enough films for several segments, in small ones: each is a moment to be killed at."""
    monkeypatch.setattr(activation, "KEYFRAMES_PER_SEGMENT", 8)
    found = Catalogue(conn, MediaStore(settings.media_root), tmp_path, paintings=12)
    for _ in range(6):
        found.add_film(8)
    return found


@pytest.fixture
def worker(settings):
    """Starts a worker in a process group of its own; the last one is killed at the end."""
    started: list[subprocess.Popen[bytes]] = []
    env = {name: value for name, value in os.environ.items() if not name.startswith("R2R_")} | {
        "R2R_HOME": str(settings.home),
        "R2R_DATABASE_URL": settings.database_url,
        "R2R_BROKER_URL": settings.broker_url,
        "R2R_LEASE_SECONDS": "2",
        "R2R_MAX_ATTEMPTS": "20",
        "R2R_WORKERS": "1",
        "R2R_DEVICE": "cpu",
    }

    def start() -> subprocess.Popen[bytes]:
        with (settings.home / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "r2r_cli.main", "worker", "--queues", "control,video,paintings"],
                env=env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(stored, profile_id):
    """Everything that a reader is shown: features, and matches by painting."""
    paintings, keyframes = stored.measured(profile_id)
    found = (
        features.of_paintings(stored.conn, profile_id=profile_id, ids=sorted(paintings)),
        features.of_keyframes(stored.conn, profile_id=profile_id, ids=sorted(keyframes)),
        stored.conn.execute(
            "SELECT keyframe_id, rank, painting_id, score FROM matches WHERE profile_id = %s ORDER BY 1, 2",
            (profile_id,),
        ).fetchall(),
    )
    stored.conn.commit()
    return found


def test_kills_lose_nothing_and_do_nothing_twice(stored, settings, worker, monkeypatch):
    job = activation.ask(stored.conn, stored.new).job_id
    stored.conn.commit()
    assert job is not None
    chance = random.Random(7)
    running = worker()
    kills, done_at_kill = 0, -1
    deadline = time.monotonic() + 240
    while True:
        active = stored.active()  # asked first: what is not done afterwards had not switched by then
        found = jobs.get(stored.conn, job)
        stored.conn.commit()
        if found.state == "done":
            break
        assert found.state in ("queued", "running"), found.error
        assert active == stored.old
        assert time.monotonic() < deadline, (settings.home / "worker.log").read_text()[-3000:]
        if kills < KILLS and found.segments_done > max(done_at_kill, 0):
            time.sleep(chance.random() / 10)
            kill(running)
            kills, done_at_kill, running = kills + 1, found.segments_done, worker()
        time.sleep(0.05)
    assert kills == KILLS
    assert stored.active() == stored.new
    disturbed = answers(stored, stored.new)

    # the same once more, by nobody disturbed
    with catalogue.here(settings, monkeypatch):
        stored.conn.execute("DELETE FROM painting_features WHERE profile_id = %s", (stored.new,))
        stored.conn.execute("DELETE FROM keyframe_features WHERE profile_id = %s", (stored.new,))
        stored.conn.execute("DELETE FROM matches WHERE profile_id = %s", (stored.new,))
        stored.conn.execute("DELETE FROM film_matches WHERE profile_id = %s", (stored.new,))
        stored.conn.commit()
        kill(running)
        activation.ask(stored.conn, stored.new)
        stored.conn.commit()
        stored.work()
    paintings, keyframes, matched = answers(stored, stored.new)
    assert set(disturbed[0]) == set(paintings)
    assert set(disturbed[1]) == set(keyframes)
    assert [row[:3] for row in disturbed[2]] == [row[:3] for row in matched]
    assert [row[3] for row in disturbed[2]] == pytest.approx([row[3] for row in matched], abs=1e-5)

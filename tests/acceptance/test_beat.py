"""`r2r beat`: what was lost is sent again with nobody waiting, however many of them run."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from r2r_shared import broker, db, names
from r2r_shared.queries import jobs, profiles, segments
from r2r_shared.settings import Settings
from tests.acceptance.cli import Cli


@pytest.fixture
def cluster(fresh_home: Path, database_url: str, broker_url: str) -> Iterator[Cli]:
    cli = Cli(fresh_home, {"R2R_DATABASE_URL": database_url, "R2R_BROKER_URL": broker_url, "R2R_LOG": "json"})
    yield cli
    cli.end()


def until(condition: Callable[[], Any], what: str, timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)


def test_two_beats_send_each_message_once_and_again_when_redis_has_lost_it(
    cluster: Cli, conn: db.Connection, settings: Settings, redis_server: Any, broker_url: str
) -> None:
    described = {"name": "t", "encoder": "e", "encoder_digest": "1", "depth": "d", "depth_digest": "1"}
    profile = profiles.ensure(conn, {**described, "metrics_version": 1, "dim": 4})
    job = jobs.create(conn, kind="match", profile_id=profile.id)
    segments.add_spans(conn, job, [(n, n + 1) for n in range(40)])
    conn.commit()
    post = broker.Post(settings, broker_url)

    beats = [cluster.start("beat", "--every", "0.3") for _ in range(2)]
    until(lambda: post.depth(names.VIDEO) >= 40, "the messages")
    time.sleep(1.5)
    assert post.depth(names.VIDEO) == 40
    with redis_server.client() as client:
        client.flushall()
    until(lambda: post.depth(names.VIDEO) == 40, "the messages that Redis had lost")

    swept = conn.execute("SELECT host, now() - swept_at < interval '10 s' FROM beats").fetchall()
    assert swept == [(socket.gethostname(), True)]
    for beat in beats:
        beat.send_signal(signal.SIGTERM)
    ended = [beat.communicate(timeout=30) for beat in beats]
    assert [beat.returncode for beat in beats] == [0, 0], ended
    lines = [json.loads(line) for ended_with in ended for text in ended_with for line in text.splitlines()]
    assert all(line["logger"] for line in lines)  # R2R_LOG=json: nothing else is written
    assert [line["message"] for line in lines].count("sweeping every 0.3 s; Ctrl-C ends it") == 2


def test_a_beat_outlives_its_servers(cluster: Cli, conn: db.Connection) -> None:
    beat = cluster.start("beat", "--every", "0.2")
    until(lambda: conn.execute("SELECT 1 FROM beats").fetchone(), "its first sweep")
    conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    conn.execute("UPDATE beats SET swept_at = now() - interval '1 hour'")
    conn.commit()

    until(
        lambda: conn.execute("SELECT 1 FROM beats WHERE swept_at > now() - interval '1 minute'").fetchone(),
        "a sweep over a new connection",
    )
    assert beat.poll() is None

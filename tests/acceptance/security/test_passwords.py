"""A password is said by nobody: no command, no worker, no row, no page, no command line of a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import pytest
from PIL import Image
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway

from r2r_shared import broker, db
from r2r_shared.local import redis as local_redis
from r2r_shared.operating import doctor
from r2r_shared.settings import Settings
from tests.acceptance.cli import Cli
from tests.in_process import R2R
from tests.unit.media_films import coded_film

SECRET = "p@ss/w0rd #50% 'q\"x"  # noqa: S105  (of servers of the tests' own)
ENCODED = quote(SECRET, safe="")
AWAY = {
    "R2R_DATABASE_URL": f"postgresql://scholar:{ENCODED}@127.0.0.1:9/r2r",
    "R2R_BROKER_URL": f"redis://:{ENCODED}@127.0.0.1:9/0",
}
COMMANDS = (
    *(("films", "list"), ("films", "show", "x"), ("films", "remove", "x", "--yes")),
    *(("jobs", "list"), ("jobs", "show", 1), ("jobs", "watch", 1), ("jobs", "cancel", 1), ("jobs", "retry", 1)),
    *(("paintings", "list"), ("paintings", "show", "x"), ("paintings", "remove", "x", "--yes"), ("timeline", "x")),
    *(("db", "status"), ("db", "migrate"), ("worker",), ("doctor",), ("doctor", "--json")),
)


def pieces_in(text: str) -> list[str]:
    """Parts of the password, as it is or as a URL has it, that a text gives away."""
    return [piece for piece in ("w0rd", "p@ss", "p%40", "#50%", "%2350", 'q"x', "q%22x") if piece in text]


@pytest.fixture
def away(r2r: R2R, monkeypatch: pytest.MonkeyPatch) -> R2R:
    """Commands whose servers are not there."""
    for name, value in AWAY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(doctor, "_worker_parts", lambda _: iter(()))
    return r2r


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(map(str, words)))
def test_servers_that_are_away_are_named_without_it(away: R2R, words: tuple[object, ...]) -> None:
    ended = away(*words)

    assert ended.code == 1
    assert "127.0.0.1:9" in ended.out + ended.err
    assert not pieces_in(ended.out + ended.err), ended


def test_pictures_and_films_are_not_a_way_around(away: R2R, tmp_path: Path) -> None:
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    film = coded_film(tmp_path / "a.mp4", 5)

    for words in (("match", tmp_path / "a.png"), ("paintings", "import", tmp_path), ("ingest", film, "--json")):
        ended = away(*words)
        assert ended.code == 1
        assert not pieces_in(ended.out + ended.err), ended


def test_a_traceback_that_was_asked_for_has_none_of_it(fresh_home: Path) -> None:
    for broken in (AWAY, {**AWAY, "R2R_DATABASE_URL": f"postgresql://u:{SECRET}@127.0.0.1:9/x"}):
        said = Cli(fresh_home, {**broken, "R2R_DEBUG": "1"}).run("films", "list", code=1)
        assert not pieces_in(said.stdout + said.stderr), said.stderr


MISTAKES = [
    ("postgresql://u:p@zzw0rd@127.0.0.1:9/x", "redis://:x@127.0.0.1:9/0"),
    ("postgresql://u:p/zzw0rd@127.0.0.1:9/x", "redis://:x@127.0.0.1:9/0"),
    ("postgresql://u:w0rd/s@127.0.0.1:9/x", "redis://:x@127.0.0.1:9/0"),
    ("postgresql://u:w0rd s@127.0.0.1:9/x", "redis://:x@127.0.0.1:9/0"),
    ("postgresql://u:w0rd%zz@127.0.0.1:9/x", "redis://:x@127.0.0.1:9/0"),
    ("postgresql://u@127.0.0.1:9/x?password=w0rd", "redis://:x@127.0.0.1:9/0"),
    ("host=127.0.0.1 port=9 password='w0rd x' dbname=y", "redis://:x@127.0.0.1:9/0"),
    ("", "redis://:p/zzw0rd@127.0.0.1:9/0"),
    ("", "redis://:w0rd/s@127.0.0.1:9/0"),
    ("", "redis://:w0rd#s@127.0.0.1:9/0"),
    ("", "redis://:w0rd?s@127.0.0.1:9/0"),
    ("", "redis://:w0rd[s@127.0.0.1:9/0"),
    ("", "redis://:w0rd%zz@127.0.0.1:9/0"),
    ("", "redis://127.0.0.1:9/0?password=w0rd"),
    ("", "sentinel://:w0rd@127.0.0.1:9;sentinel://:w0rd@127.0.0.1:10"),
]
"""Passwords written as people write them, unencoded; an empty database is the tests' own."""


@pytest.mark.parametrize(("database", "redis"), MISTAKES)
def test_an_address_that_is_written_wrongly_is_not_quoted_back(
    away: R2R, database_url: str, monkeypatch: pytest.MonkeyPatch, database: str, redis: str
) -> None:
    monkeypatch.setenv("R2R_DATABASE_URL", database or database_url)
    monkeypatch.setenv("R2R_BROKER_URL", redis)

    for words in (("films", "list"), ("doctor", "--json"), ("worker",)):
        ended = away(*words)
        assert ended.code == 1
        assert "Traceback" not in ended.err
        assert not [part for part in ("w0rd", "zzw", "s@") if part in ended.out + ended.err], ended


@dataclass(frozen=True)
class Guarded:
    """Servers that are given the password, one of which wants it."""

    database_url: str
    broker_url: str
    process: subprocess.Popen[bytes]


@pytest.fixture
def guarded(tmp_path: Path, database_url: str) -> Iterator[Guarded]:
    """A Redis on loopback that wants the password; the tests' Postgres, which trusts, is told it all the same."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quoted = SECRET.replace('"', '\\"')
    configuration = tmp_path / "redis.conf"
    configuration.write_text(f'port {port}\nbind 127.0.0.1\nrequirepass "{quoted}"\nsave ""\ndir "{tmp_path}"\n')
    process = subprocess.Popen([local_redis._binary(), configuration], stdout=subprocess.DEVNULL)
    try:
        with Redis(port=port, password=SECRET) as client:
            deadline = time.monotonic() + 30
            while True:
                try:
                    client.ping()
                    break
                except RedisAway:
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
        url = urlsplit(database_url)._replace(netloc=f"postgres:{ENCODED}@").geturl()
        yield Guarded(url, f"redis://:{ENCODED}@127.0.0.1:{port}/0", process)
    finally:
        process.kill()
        process.wait()


def test_a_redis_that_does_not_let_us_in(r2r: R2R, guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_worker_parts", lambda _: iter(()))
    right = guarded.broker_url
    for url in (right.replace(ENCODED, ENCODED + "w0rd"), right.replace(f":{ENCODED}@", "")):
        monkeypatch.setenv("R2R_BROKER_URL", url)
        for words in (("films", "list"), ("doctor",)):
            ended = r2r(*words)
            assert ended.code == 1
            assert not pieces_in(ended.out + ended.err), ended


def test_a_worker_at_its_most_talkative_its_processes_rows_and_page_keep_it_to_themselves(
    guarded: Guarded, fresh_home: Path, tmp_path: Path
) -> None:
    """Given a film that comes out, one that fails, and a Redis that goes away."""
    extra = {
        "R2R_DATABASE_URL": guarded.database_url,
        "R2R_BROKER_URL": guarded.broker_url,
        "R2R_MEDIA": str(fresh_home / "media"),
        "R2R_WORKERS": "1",
    }
    cli = Cli(fresh_home, extra)
    good = coded_film(tmp_path / "good.mp4", 60)
    gone = coded_film(tmp_path / "gone.mp4", 61)
    log = fresh_home / "worker.log"
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "r2r_workers.app", "worker", "--loglevel=DEBUG", "--concurrency=1"],
            env=cli.env(),
            stdout=out,
            stderr=out,
        )
    lines: set[str] = set()
    try:
        app = broker.make_app(Settings(home=fresh_home, database_url=""), guarded.broker_url)
        deadline = time.monotonic() + 60
        while not broker.served_queues(app):
            assert worker.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "the worker did not answer"
        failing = cli.json("ingest", gone, "--detach")["films"][0]["job"]["id"]
        os.truncate(gone, 10)
        said = [cli.run("jobs", "watch", failing, code=1)]
        ingest = cli.start("ingest", good)
        while ingest.poll() is None:
            lines |= {" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])}
            time.sleep(0.05)
        out_text, err_text = ingest.communicate()
        assert ingest.returncode == 0, err_text
        page = tmp_path / "good.html"
        said += [cli.run("timeline", "good", "--html", page), cli.run("jobs", "show", failing)]
        guarded.process.send_signal(signal.SIGKILL)
        guarded.process.wait()
        deadline = time.monotonic() + 30
        while "Cannot connect" not in log.read_text() and "Connection to broker lost" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()[-2000:]
            time.sleep(0.1)
    finally:
        worker.kill()
        worker.wait()
        cli.end()

    logged = log.read_text(errors="replace")
    assert "r2r.work" in logged
    assert any("r2r_workers.media.child" in line for line in lines)
    assert not pieces_in(logged), logged
    assert not pieces_in("\n".join(lines))
    assert not pieces_in(out_text + err_text + "".join(one.stdout + one.stderr for one in said))
    assert not pieces_in(page.read_text(encoding="utf-8"))
    with db.connect(guarded.database_url) as conn:
        tables = [row[0] for row in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        rows = {name: conn.execute(f'SELECT t::text FROM "{name}" AS t').fetchall() for name in tables}  # noqa: S608
        failed = conn.execute("SELECT error FROM jobs WHERE id = %s", (failing,)).fetchone()
    assert rows["jobs"]
    assert failed is not None
    assert failed[0], "a reason was stored, which might have held a password"
    assert not pieces_in(json.dumps(rows, default=str))

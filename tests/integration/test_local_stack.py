"""The embedded servers: private, shared between shells, and back after any kill."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from r2r_shared import broker, db
from r2r_shared.errors import Unavailable, UserError
from r2r_shared.local import postgres as local_postgres
from r2r_shared.local.stack import LocalStack, open_stack, socket_directory
from r2r_shared.processes import process_name
from r2r_shared.queries.segments import Message
from r2r_shared.settings import Settings

# A shell that holds the stack open until its standard input ends.
HOLDER = """
import sys
from pathlib import Path
from r2r_shared.local.stack import open_stack
from r2r_shared.settings import Settings
with open_stack(Settings(home=Path(sys.argv[1]))) as stack:
    print(stack.database_url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a short path; its servers, should a test have left any, are stopped."""
    path = Path(tempfile.mkdtemp(prefix="r2r-home-"))
    yield path
    LocalStack.at(path).stop()
    shutil.rmtree(path)


def pids(home: Path) -> list[int]:
    """Process ids of the home's postmaster and redis-server, by their pid files."""
    files = [home / "postgres" / "postmaster.pid", home / "redis" / "redis.pid"]
    return [int(file.read_text().split()[0]) for file in files if file.exists()]


def alive(found: list[int]) -> list[bool]:
    return [process_name(pid) in {"postgres", "redis-server"} for pid in found]


def collections(url: str) -> list[str]:
    with db.connect(url) as conn:
        return [name for (name,) in conn.execute("SELECT name FROM collections ORDER BY id").fetchall()]


def add_collection(url: str, name: str) -> None:
    with db.connect(url) as conn:
        conn.execute("INSERT INTO collections (name) VALUES (%s)", [name])


class Shell:
    """Another process that has the stack open."""

    def __init__(self, home: Path, *before: str) -> None:
        self.process = subprocess.Popen(
            [*before, sys.executable, "-c", HOLDER, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_open(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> int:
        self.process.communicate(timeout=60)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


# One stack for the tests that only look.


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[Path, LocalStack]]:
    path = Path(tempfile.mkdtemp(prefix="r2r-home-"))
    with open_stack(Settings(home=path)) as stack:
        assert stack.local
        yield path, LocalStack.at(path)
    shutil.rmtree(path)


def test_it_is_migrated_and_answers(opened):
    _, local = opened
    assert local.postgres.answers()
    assert local.redis.answers()
    assert collections(local.postgres.url()) == []


def test_nobody_else_can_reach_it(opened):
    home, _ = opened
    for path in [home, home / "postgres", home / "redis", home / "run", home / "logs"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for path in (home / "run").iterdir():
        if path.is_socket():
            assert stat.S_IMODE(path.stat().st_mode) == 0o700, path


def test_it_listens_on_unix_sockets_alone(opened):
    home, _ = opened
    for pid in pids(home):
        server = psutil.Process(pid)
        for process in [server, *server.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):  # Postgres's workers come and go
                assert process.net_connections(kind="inet") == []
    assert len([path for path in (home / "run").iterdir() if path.is_socket()]) == 2


def test_a_ctrl_c_in_this_terminal_does_not_reach_the_servers(opened):
    home, _ = opened
    found = pids(home)
    assert len(found) == 2
    assert all(os.getsid(pid) != os.getsid(0) for pid in found)


def test_redis_keeps_what_it_is_given(opened):
    _, local = opened
    with local.redis.client() as client:
        policy = client.config_get("*")
    wanted = {"maxmemory-policy": "noeviction", "appendonly": "yes", "port": "0", "maxmemory": str(256 << 20)}
    assert {key: policy[key] for key in wanted} == wanted


def test_postgres_keeps_its_shared_memory_out_of_a_small_dev_shm(opened):
    _, local = opened
    with db.connect(local.postgres.url()) as conn:
        assert conn.execute("SHOW dynamic_shared_memory_type").fetchone() == ("sysv",)
        assert conn.execute("SHOW fsync").fetchone() == ("on",)
        assert conn.execute("SHOW listen_addresses").fetchone() == ("",)


def test_servers_killed_while_the_stack_is_open_come_back_with_what_was_committed(opened):
    home, local = opened
    url = local.postgres.url()
    add_collection(url, "before the kill")
    with local.redis.client() as client:
        client.set("hint", "17")
        time.sleep(1.1)  # the append-only file is flushed every second
    before = pids(home)
    for pid in before:
        os.kill(pid, signal.SIGKILL)

    local.revive()

    assert collections(url) == ["before the kill"]
    with local.redis.client() as client:
        assert client.get("hint") == b"17"
    assert set(pids(home)).isdisjoint(before)


def test_a_crashed_session_does_not_start_a_second_server(opened):
    """Postgres restarts itself when a session is killed; meanwhile it takes no connections."""
    home, local = opened
    before = pids(home)
    conn = db.connect(local.postgres.url())
    os.kill(conn.info.backend_pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while "reinitializing" not in local.postgres.log.read_text()[-2000:]:
        assert time.monotonic() < deadline, "Postgres did not notice"
        time.sleep(0.005)
    conn.close()

    local.revive()

    assert local.postgres.answers()
    assert pids(home) == before


def test_a_child_process_is_told_where_everything_is(opened):
    home, local = opened
    with open_stack(Settings(home=home)) as stack:
        assert stack.environ() == {
            "R2R_DATABASE_URL": local.postgres.url(),
            "R2R_BROKER_URL": local.redis.url(),
            "R2R_MEDIA": str(home / "media"),
            "R2R_HOME": str(home),
        }
        assert Settings.from_env(stack.environ()).broker_url == stack.broker_url


# Shells that come and go.


def test_the_servers_end_with_their_last_user_and_the_data_stays(home):
    with open_stack(Settings(home=home)) as stack:
        add_collection(stack.database_url, "mine")
        running = pids(home)
        assert alive(running) == [True, True]
    assert alive(running) == [False, False]
    assert not any(path.is_socket() for path in (home / "run").iterdir())

    with open_stack(Settings(home=home)) as stack:
        assert collections(stack.database_url) == ["mine"]


def test_two_shells_open_at_once_and_the_last_one_out_stops_the_servers(home):
    shells = [Shell(home), Shell(home)]
    urls = [shell.wait_open() for shell in shells]
    assert urls[0] == urls[1] != ""
    running = pids(home)

    assert shells[0].leave() == 0
    assert alive(running) == [True, True]
    assert collections(urls[1]) == []

    assert shells[1].leave() == 0
    assert alive(running) == [False, False]


def test_two_shells_that_leave_together_stop_the_servers(home):
    shells = [Shell(home), Shell(home)]
    for shell in shells:
        shell.wait_open()
    running = pids(home)
    for shell in shells:
        assert shell.process.stdin is not None
        shell.process.stdin.close()
    for shell in shells:
        assert shell.process.wait(timeout=60) == 0
        assert shell.process.stdout is not None
        shell.process.stdout.close()
    assert alive(running) == [False, False]


def test_a_killed_shell_leaves_servers_that_the_next_one_uses_and_stops(home):
    shell = Shell(home)
    shell.wait_open()
    running = pids(home)
    shell.kill()
    assert alive(running) == [True, True]

    with open_stack(Settings(home=home)) as stack:
        assert pids(home) == running
        assert collections(stack.database_url) == []
    assert alive(running) == [False, False]


def test_everything_killed_at_once_comes_back(home):
    shell = Shell(home)
    add_collection(shell.wait_open(), "before the kill")
    for pid in pids(home):
        os.kill(pid, signal.SIGKILL)
    shell.kill()

    with open_stack(Settings(home=home)) as stack:
        assert collections(stack.database_url) == ["before the kill"]


def test_pid_files_whose_numbers_now_belong_to_others_are_no_obstacle(home):
    with open_stack(Settings(home=home)):
        pid_file = (home / "postgres" / "postmaster.pid").read_text()
        for pid in pids(home):
            os.kill(pid, signal.SIGKILL)
    # This process' own parent: it lives, and it is no database.
    (home / "postgres" / "postmaster.pid").write_text(pid_file.replace(pid_file.split()[0], str(os.getppid()), 1))
    (home / "redis" / "redis.pid").write_text(str(os.getppid()))

    with open_stack(Settings(home=home)) as stack:
        assert collections(stack.database_url) == []


def test_a_first_start_that_was_killed_half_way_is_begun_again(home):
    half_made = home / "postgres.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")

    with open_stack(Settings(home=home)) as stack:
        assert collections(stack.database_url) == []
    assert not half_made.exists()


def test_a_home_with_a_long_path_puts_its_sockets_under_tmp(home):
    deep = home / ("x" * 150)
    sockets = socket_directory(deep)
    try:
        with open_stack(Settings(home=deep)) as stack:
            assert collections(stack.database_url) == []
            assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
            assert {path.name for path in sockets.iterdir() if path.is_socket()} == {".s.PGSQL.5432", "redis.sock"}
        sockets.chmod(0o755)
        with pytest.raises(UserError, match="not a private directory of yours"), open_stack(Settings(home=deep)):
            pass
    finally:
        shutil.rmtree(sockets)


def test_a_home_may_have_any_name(home):
    odd = home / """it's a "home" & $(touch x) 100% #1?"""
    with open_stack(Settings(home=odd)) as stack:
        assert collections(stack.database_url) == []
        post = broker.Post(Settings(home=odd), stack.broker_url)
        post.send([Message(1, "video")])
        assert post.depth("video") == 1


def test_a_data_directory_of_another_postgres_is_named_not_touched(home):
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("16\n")

    with pytest.raises(UserError, match="was made by Postgres 16; this installation has Postgres 18") as refused:
        open_stack(Settings(home=home)).__enter__()
    assert "R2R_HOME" in refused.value.hint
    assert [path.name for path in (home / "postgres").iterdir()] == ["PG_VERSION"]


def test_a_server_that_cannot_start_says_why_and_where_its_log_is(home):
    with open_stack(Settings(home=home)):
        pass
    (home / "postgres" / "pg_hba.conf").write_text("nonsense\n")

    with pytest.raises(Unavailable, match=r"the local Postgres does not start: .*FATAL") as gone:
        open_stack(Settings(home=home)).__enter__()
    assert str(home / "logs" / "postgres.log") in gone.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="the rest of this suite runs as an ordinary user already")
def test_an_ordinary_user_needs_nothing_of_root(home):
    account = local_postgres._account()
    assert account is not None
    os.chown(home, account.uid, account.gid)
    shell = Shell(home, *account.prefix)

    url = shell.wait_open()
    assert url
    assert {(home / name).stat().st_uid for name in ("postgres", "redis", "run")} == {account.uid}
    assert {psutil.Process(pid).uids().effective for pid in pids(home)} == {account.uid}
    running = pids(home)
    assert shell.leave() == 0
    assert alive(running) == [False, False]


# Servers that the settings name.


def test_configured_servers_are_used_as_they_are(settings):
    with open_stack(settings) as stack:
        assert not stack.local
        assert (stack.database_url, stack.broker_url) == (settings.database_url, settings.broker_url)
    assert list(settings.home.iterdir()) == []  # nothing of a local stack was made


def test_a_configured_database_without_its_migrations_says_what_to_run(empty_database_url, broker_url, tmp_path):
    settings = Settings(home=tmp_path, database_url=empty_database_url, broker_url=broker_url)
    with pytest.raises(UserError, match="waits for 5 migration") as refused:
        open_stack(settings).__enter__()
    assert refused.value.hint == "run `r2r db migrate`"


def test_a_configured_server_that_is_away_is_named(database_url, broker_url, tmp_path):
    no_postgres = Settings(home=tmp_path, database_url="postgresql://u:pw@127.0.0.1:1/d", broker_url=broker_url)
    with pytest.raises(Unavailable, match=r"Postgres at 127\.0\.0\.1:1/d does not answer"):
        open_stack(no_postgres).__enter__()

    no_redis = Settings(home=tmp_path, database_url=database_url, broker_url="redis://:pw@127.0.0.1:1/0")
    with pytest.raises(Unavailable, match=r"Redis at redis://:\*\*@127\.0\.0\.1:1/0 does not answer") as gone:
        open_stack(no_redis).__enter__()
    assert "pw" not in gone.value.message

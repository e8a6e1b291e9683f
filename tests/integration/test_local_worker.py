"""One worker a home: started on demand, ended with whoever waits, never two at once.

The worker is stood in for by a small real process that keeps the real one's bargain: it takes the lock, reads
its standard input to the end, and obeys SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from r2r_shared.errors import Unavailable
from r2r_shared.local import locks
from r2r_shared.local.stack import Stack
from r2r_shared.local.worker import EXIT_ANOTHER_HOLDS_THE_LOCK, LocalWorker, hold_lock
from r2r_shared.processes import process_name
from r2r_shared.settings import Settings

WORKER = """
import os, signal, sys, threading
from pathlib import Path
from r2r_shared.local.worker import EXIT_ANOTHER_HOLDS_THE_LOCK, hold_lock
home = Path(os.environ["R2R_HOME"])
signal.signal(signal.SIGTERM, signal.SIG_IGN if "--stubborn" in sys.argv else lambda *_: os._exit(0))
lock = hold_lock(home, wait_s=0.2)
if lock is None:
    sys.exit(EXIT_ANOTHER_HOLDS_THE_LOCK)
(home / "worker.started").open("a").write(f"{os.getpid()} {os.environ['R2R_DATABASE_URL']}\\n")
sys.stdin.buffer.read()
(home / "worker.orphaned").touch()
"""
COMMAND = (sys.executable, "-c", WORKER)


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack("postgresql://here", "redis://there", "media", tmp_path, local=True)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:  # no server is needed here
    return Settings(home=tmp_path)


def until(condition: Callable[[], bool], *, within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def holds(home: Path) -> bool:
    return locks.is_locked(home / "run" / "worker.lock")


def started(home: Path) -> int:
    file = home / "worker.started"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_a_worker_starts_once_however_often_it_is_asked_for_and_is_told_the_servers(settings, stack, tmp_path):
    worker = LocalWorker(settings, stack, command=COMMAND)
    worker.ensure()
    until(lambda: holds(tmp_path))
    pid = worker.pid
    for _ in range(5):
        worker.ensure()

    assert worker.pid == pid
    assert (tmp_path / "worker.started").read_text() == f"{pid} postgresql://here\n"
    worker.stop()
    assert not holds(tmp_path)
    assert worker.pid is None


def test_a_second_shell_starts_none_until_the_first_ends_its_own(settings, stack, tmp_path):
    first, second = (LocalWorker(settings, stack, command=COMMAND) for _ in range(2))
    first.ensure()
    until(lambda: holds(tmp_path))
    second.ensure()
    assert second.pid is None

    first.stop()
    second.ensure()
    until(lambda: started(tmp_path) == 2)
    assert second.pid is not None
    second.stop()


def test_two_shells_that_start_at_the_same_moment_end_with_one_worker(settings, stack, tmp_path):
    shells = [LocalWorker(settings, stack, command=COMMAND) for _ in range(2)]
    for shell in shells:
        shell.ensure()  # neither holds the lock yet
    until(lambda: sum(shell.pid is not None for shell in shells) == 1)
    for shell in shells:
        shell.ensure()  # the one that found the lock taken is no failure
    assert started(tmp_path) == 1
    for shell in shells:
        shell.stop()


def test_a_killed_worker_is_replaced(settings, stack, tmp_path):
    worker = LocalWorker(settings, stack, command=COMMAND)
    worker.ensure()
    until(lambda: started(tmp_path) == 1)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)

    until(lambda: worker.pid is None)
    worker.ensure()
    until(lambda: started(tmp_path) == 2)
    worker.stop()


def test_the_worker_learns_that_its_parent_died(settings, stack, tmp_path):
    worker = LocalWorker(settings, stack, command=COMMAND)
    worker.ensure()
    until(lambda: started(tmp_path) == 1)
    assert worker._child is not None
    assert worker._child.stdin is not None
    worker._child.stdin.close()  # as the kernel does for a parent that was killed

    until((tmp_path / "worker.orphaned").exists)
    until(lambda: not holds(tmp_path))
    worker.stop()


def test_a_worker_that_does_not_stop_is_killed(settings, stack, tmp_path):
    worker = LocalWorker(settings, stack, command=(*COMMAND, "--stubborn"))
    worker.ensure()
    until(lambda: started(tmp_path) == 1)
    pid = worker.pid
    assert pid is not None

    worker.stop(grace_s=0.3)
    assert process_name(pid) is None
    assert not holds(tmp_path)


def test_a_worker_that_cannot_start_is_not_started_for_ever(settings, stack, tmp_path):
    command = (sys.executable, "-c", "raise SystemExit('error: no torch here')")
    worker = LocalWorker(settings, stack, command=command)

    def keep_asking() -> None:
        for _ in range(2000):
            worker.ensure()
            time.sleep(0.01)

    with pytest.raises(Unavailable, match="the local worker does not start: error: no torch here") as gone:
        keep_asking()
    assert str(tmp_path / "logs" / "worker.log") in gone.value.hint
    assert (tmp_path / "logs" / "worker.log").read_text().count("no torch here") == 3


def test_only_one_process_holds_the_lock(tmp_path):
    held = hold_lock(tmp_path)
    assert held is not None
    assert hold_lock(tmp_path, wait_s=0) is None
    held.close()
    again = hold_lock(tmp_path, wait_s=0)
    assert again is not None
    again.close()
    assert EXIT_ANOTHER_HOLDS_THE_LOCK not in {0, 1, 2}

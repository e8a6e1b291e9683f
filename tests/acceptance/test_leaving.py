"""A command that is told to end by a signal leaves nothing running behind it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.acceptance.cli import Cli

SERVERS = {"postgres", "redis-server"}


def servers(cli: Cli) -> set[str]:
    found: set[str] = set()
    for process in psutil.process_iter():
        try:
            if (name := process.name()) in SERVERS and process.cwd().startswith(str(cli.home)):
                found.add(name)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_kill_or_a_closed_terminal_stops_the_servers_too(fresh_home: Path, number: signal.Signals) -> None:
    cli = Cli(fresh_home)
    shell = cli.start("up")
    try:
        deadline = time.monotonic() + 60
        while servers(cli) < SERVERS:
            assert shell.poll() is None
            assert time.monotonic() < deadline, "the servers are not there after 60 s"
            time.sleep(0.1)
        assert shell.stdout is not None
        shell.stdout.readline()  # it has opened the stack, and says so
        shell.send_signal(number)

        _, err = shell.communicate(timeout=60)
    finally:
        cli.end()

    assert shell.returncode == 128 + number
    assert "Traceback" not in err
    assert servers(cli) == set()


@pytest.mark.parametrize("children", [0, 2], ids=["while it imports", "while its children import"])
def test_ctrl_c_ends_a_worker_that_is_not_ready_yet_without_a_traceback(
    fresh_home: Path, database_url: str, broker_url: str, children: int
) -> None:
    """A terminal sends it to every process of the group, the children that have not come to their own ways, too."""
    cli = Cli(fresh_home, {"R2R_DATABASE_URL": database_url, "R2R_BROKER_URL": broker_url, "R2R_LOG": "json"})
    worker = cli.start("worker", "--processes", "2")
    try:
        until(lambda: "r2r_workers" in command_of(worker.pid), "the worker in the command's place")
        until(lambda: blocks_interrupts(worker.pid), "the first line of ours")  # before it, an interpreter starts
        until(lambda: spawned(worker.pid) >= children, "its children")
        os.killpg(worker.pid, signal.SIGINT)

        out, err = worker.communicate(timeout=30)
    finally:
        cli.end()

    assert "Traceback" not in err
    assert all(line.startswith("{") for line in err.splitlines()), err
    assert (worker.returncode, out) == (0, "")


def command_of(pid: int) -> str:
    return " ".join(psutil.Process(pid).cmdline())


def blocks_interrupts(pid: int) -> bool:
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(status["SigBlk"], 16) >> (signal.SIGINT - 1) & 1)


def spawned(pid: int) -> int:
    """How many pool children there are; none of them has had the time to be ready."""
    return sum("spawn_main" in command_of(child.pid) for child in psutil.Process(pid).children())


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.02)

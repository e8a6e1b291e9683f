"""A command that is told to end by a signal leaves nothing running behind it."""

from __future__ import annotations

import signal
import time
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

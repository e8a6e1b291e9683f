"""What only a real process shows: a terminal's progress bar, a pipe that closes, bytes that are no text, Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.acceptance.cli import Cli


def on_a_terminal(cli: Cli, *args: object, timeout_s: float = 240) -> tuple[int, str]:
    """Run a command whose stdout and stderr are one terminal, 160 columns wide; its exit code, and all it drew."""
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "r2r_cli.main", *map(str, args)],
        env=cli.env() | {"COLUMNS": "160", "TERM": "xterm"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    drawn = bytearray()
    deadline = time.monotonic() + timeout_s
    try:
        while time.monotonic() < deadline:
            if select.select([master], [], [], 0.5)[0]:
                try:
                    drawn += os.read(master, 1 << 16)
                except OSError:  # the last one who held the terminal is gone
                    break
        return process.wait(10), drawn.decode(errors="replace")
    finally:
        os.close(master)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_the_progress_bar_shows_film_stage_shots_frame_rate_and_time_left(fresh: Cli, material: Path) -> None:
    code, drawn = on_a_terminal(fresh, "ingest", material / "film.mp4", "--title", "The Film", "--segment-seconds", "4")

    assert code == 0, drawn
    frames = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in re.split(r"[\r\n]", drawn)]
    bars = [frame for frame in frames if re.match(r"The Film +[━╸╺]+ +\d+%", frame)]
    assert any("decode" in bar for bar in bars), drawn
    assert any(re.search(r"decode · \d+ shots · \d+ fps", bar) for bar in bars), bars
    assert any(re.search(r"\d:\d\d left", bar) for bar in bars), bars
    assert re.search(r"100% done in \d+:\d\d, \d+ shots", bars[-1]), bars[-1]
    assert "film 1 “The Film”:" in drawn


def test_without_a_terminal_there_are_plain_lines_and_no_bar(fresh: Cli, material: Path) -> None:
    said = fresh.run("ingest", material / "film.mp4", "--title", "The Film")

    assert "\x1b" not in said.stderr + said.stdout
    assert re.search(r"^The Film: done in", said.stderr, re.MULTILINE)


def test_a_reader_that_leaves_ends_a_command_without_a_word(ingested: Cli) -> None:
    process = ingested.start("timeline", "1", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(2) == "{\n"
    process.stdout.close()

    with process.stderr:
        assert process.stderr.read() == ""
    assert process.wait(60) == 1


def test_bytes_that_are_no_text_stay_what_they_are_in_json(fresh: Cli, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.mp4"
    Path(os.fsdecode(name)).write_text("this is no film")

    said = fresh.run("ingest", os.fsdecode(name), "--json", code=1)

    (refused,) = json.loads(said.stdout)["refused"]
    assert os.fsencode(refused["path"]) == name
    assert r"caf\xe9.mp4 has a name that is not text in UTF-8" in refused["error"]
    assert "Traceback" not in said.stderr


def test_up_holds_the_stack_open_until_ctrl_c(fresh_home: Path) -> None:
    cli = Cli(fresh_home)
    up = cli.start("up")
    try:
        assert up.stdout is not None
        printed = dict(up.stdout.readline().rstrip("\n").split("=", 1) for _ in range(3))
        assert set(printed) == {"R2R_DATABASE_URL", "R2R_BROKER_URL", "R2R_MEDIA"}
        assert printed["R2R_MEDIA"] == str(fresh_home / "media")
        other = Cli(fresh_home, printed)  # what it prints is what another shell needs
        assert other.json("films", "list") == []

        deadline = time.monotonic() + 60
        while not (children := worker_of(up.pid)):
            assert time.monotonic() < deadline, "no worker was started"
            time.sleep(0.2)
        servers = [fresh_home / "run" / "redis.sock", fresh_home / "postgres" / "postmaster.pid"]
        assert all(path.exists() for path in servers)
        os.killpg(up.pid, signal.SIGINT)
        _, err = up.communicate(timeout=60)
    finally:
        cli.end()

    assert up.returncode == 0
    assert err.splitlines() == ["the stack is up, with a worker; Ctrl-C ends it", "", "stopping"]
    assert psutil.wait_procs(children, timeout=15)[1] == []
    assert not any(path.exists() for path in servers)


def worker_of(pid: int) -> list[psutil.Process]:
    """The worker that `up` has started."""
    return [child for child in psutil.Process(pid).children() if "r2r_workers" in " ".join(child.cmdline())]

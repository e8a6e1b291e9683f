"""Interrupted, killed, cancelled, watched by two: nothing is lost, nothing is done twice."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.acceptance.cli import Cli


@pytest.fixture(scope="module")
def long_film(material: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film many times over: long enough to be interrupted, without the wait of rendering it."""
    import av

    out = tmp_path_factory.mktemp("long") / "long.mp4"
    with av.open(str(out), "w") as target:
        shift = 0
        stream = None
        for _ in range(6):
            with av.open(str(material / "film.mp4")) as source:
                inside = source.streams.video[0]
                if stream is None:
                    stream = target.add_stream_from_template(inside)
                assert inside.time_base is not None
                last = 0
                for packet in source.demux(inside):
                    if packet.dts is None:
                        continue
                    last = max(last, packet.pts + packet.duration)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    target.mux(packet)
                shift += last
    return out


def wait_until(condition: Any, what: str, timeout_s: float = 60) -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    pytest.fail(f"{what} did not happen in {timeout_s} s")


def running_job(cli: Cli) -> Any:
    jobs = [job for job in cli.json("jobs", "list")["jobs"] if job["state"] == "running" and job["frames"] > 0]
    return jobs[0] if jobs else None


def processes_of(cli: Cli) -> list[psutil.Process]:
    """Workers of this home, and what they started: decoders have an environment of their own."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if "r2r_workers" in " ".join(process.cmdline()) and process.environ().get("R2R_HOME") == str(cli.home):
                found |= {one.pid: one for one in (process, *process.children(recursive=True))}
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return list(found.values())


def decoding(cli: Cli) -> list[psutil.Process]:
    """The processes of this home, if some of a film is done and a decoder is at work on more of it."""
    if not running_job(cli):
        return []
    found = processes_of(cli)
    with contextlib.suppress(psutil.NoSuchProcess):  # it ended while we looked
        if any("r2r_workers.media.child" in " ".join(process.cmdline()) for process in found):
            return found
    return []


def test_ctrl_c_leaves_a_job_that_the_next_ingest_resumes(fresh: Cli, long_film: Path) -> None:
    first = fresh.start("ingest", long_film, "--segment-seconds", "40")
    before = wait_until(lambda: decoding(fresh), "decoding")

    os.killpg(first.pid, signal.SIGINT)
    _, err = first.communicate(timeout=60)

    assert first.returncode == 130
    assert "nothing is lost" in err
    assert "Traceback" not in err
    assert psutil.wait_procs(before, timeout=30)[1] == [], "workers and decoders have ended"
    job = fresh.json("jobs", "list")["jobs"][0]
    assert job["state"] in ("queued", "running")

    again = fresh.json("ingest", long_film)["films"][0]

    assert again["job"]["id"] == job["id"]
    assert again["job"]["state"] == "done"
    assert all(part["attempt"] == 1 for part in fresh.json("jobs", "show", job["id"])["parts"])


def test_a_killed_worker_is_replaced_and_the_film_is_the_same(fresh: Cli, long_film: Path, tmp_path: Path) -> None:
    # Importing PyTorch can keep a heartbeat waiting for seconds on a busy machine: too long for so short a lease.
    quick = Cli(fresh.home, {"R2R_LEASE_SECONDS": "5", "R2R_PROFILE": "descriptor"}, fresh.started)
    undisturbed = quick.json("ingest", long_film, "--segment-seconds", "50")
    before = quick.json("timeline", "1")["shots"]
    disturbed = quick.start("ingest", long_film, "--force", "--segment-seconds", "50", "--json")
    victims = wait_until(lambda: decoding(quick), "decoding")

    for process in victims:
        with contextlib.suppress(psutil.NoSuchProcess):  # a decoder dies with its parent
            process.kill()
    out, err = disturbed.communicate(timeout=200)

    assert disturbed.returncode == 0, out + err
    job = quick.json("jobs", "list")["jobs"][0]
    assert max(part["attempt"] for part in quick.json("jobs", "show", job["id"])["parts"]) == 2
    assert quick.json("timeline", "1")["shots"] == before
    assert undisturbed["films"][0]["shots"] == len(before)


def test_cancel_takes_effect_in_seconds_and_retry_begins_again(fresh: Cli, long_film: Path) -> None:
    ingest = fresh.start("ingest", long_film)
    job = wait_until(lambda: running_job(fresh), "decoding")

    fresh.run("jobs", "cancel", job["id"])
    cancelled = time.monotonic()
    ingest.communicate(timeout=60)

    assert time.monotonic() - cancelled < 20  # a heartbeat, the worker's way out, and a busy machine
    assert ingest.returncode == 1
    assert fresh.json("jobs", "show", job["id"], code=0)["state"] == "cancelled"
    assert fresh.json("films", "list")[0]["shots"] == 0
    assert fresh.json("jobs", "retry", job["id"])["state"] == "done"
    assert fresh.json("films", "list")[0]["shots"] > 0


def test_two_shells_use_the_local_stack_at_once(fresh_home: Path, material: Path, tmp_path: Path) -> None:
    """Neither has opened it before; both ingest; the one that ends first does not take the servers with it."""
    cli = Cli(fresh_home)
    copy = tmp_path / "copy.mkv"
    shutil.copyfile(material / "film.mp4", copy)
    with copy.open("ab") as file:
        file.write(b"\0" * 64)  # other bytes, so another film

    shells = [cli.start("ingest", path, "--json") for path in (material / "film.mp4", copy)]
    ended = [shell.communicate(timeout=120) for shell in shells]

    assert [shell.returncode for shell in shells] == [0, 0], ended
    assert {film["state"] for film in cli.json("films", "list")} == {"ready"}
    assert not processes_of(cli)


def test_two_shells_ingest_the_same_film_once(fresh: Cli, material: Path) -> None:
    shells = [fresh.start("ingest", material / "film.mp4", "--json") for _ in range(2)]
    ended = [shell.communicate(timeout=120) for shell in shells]

    assert [shell.returncode for shell in shells] == [0, 0], ended
    assert len(fresh.json("jobs", "list")["jobs"]) == 1
    assert len(fresh.json("films", "list")) == 1


def test_servers_killed_in_the_middle_come_back_and_nothing_is_lost(fresh: Cli, long_film: Path) -> None:
    """This machine's own Redis and Postgres die by kill -9 while a film is being ingested."""
    quick = Cli(fresh.home, {"R2R_LEASE_SECONDS": "5"}, fresh.started)
    ingest = quick.start("ingest", long_film, "--segment-seconds", "50", "--json")
    wait_until(lambda: running_job(quick), "decoding")

    victims = servers_of(fresh)
    assert {"redis-server", "postgres"} <= {process.name() for process in victims}
    for process in victims:
        with contextlib.suppress(psutil.NoSuchProcess):  # a server's own children die with it
            process.kill()
    out, err = ingest.communicate(timeout=200)

    assert ingest.returncode == 0, out + err
    film = fresh.json("films", "list")[0]
    assert film["state"] == "ready"
    shots = fresh.json("timeline", "1")["shots"]
    assert shots[-1]["end_frame"] == film["frames"]
    assert all(a["end_frame"] == b["start_frame"] for a, b in itertools.pairwise(shots))


def servers_of(cli: Cli) -> list[psutil.Process]:
    """The Postgres postmaster and the Redis of this home."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            own = str(cli.home) in line or process.cwd().startswith(str(cli.home))
            if own and ("redis-server" in line or "bin/postgres" in line):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found

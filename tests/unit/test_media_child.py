"""The decoding child can be killed, and its death has a reason; damaged films are read as far as they go."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from r2r_shared.errors import AnalysisFailed, Cancelled, TransientError
from r2r_shared.film.probe import probe, probe_to_json, scan
from r2r_shared.records import FilmProbe, SpanAnalysis
from r2r_workers.media import analyse, wire
from r2r_workers.media.settings import DetectorSettings
from tests.unit.media_films import coded_film

QUICK = {"preset": "ultrafast", "g": "30"}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FilmProbe]:
    path = coded_film(tmp_path_factory.mktemp("film") / "a.mp4", 6000, options=QUICK)
    return path, scan(path)


def run(film: tuple[Path, FilmProbe], **how) -> SpanAnalysis:
    settings = {
        "detector": DetectorSettings(),
        "threads": 1,
        "stall_s": 30.0,
        "limit_s": 60.0,
        "on_progress": lambda _frames, _shots: None,
        "should_stop": lambda: False,
    }
    return analyse.analyse_span(film[0], probe=film[1], start_frame=0, end_frame=film[1].frames, **{**settings, **how})


def children() -> list[psutil.Process]:
    """Decoding children that are alive: not those that have ended and wait to be buried."""
    found: list[psutil.Process] = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "r2r_workers.media.child" in " ".join(process.cmdline()):
                found.append(process)
    return found


def strike(number: signal.Signals) -> Callable[[int, int], None]:
    """An `on_progress` that signals each child when it has reported its first frame."""
    struck: set[int] = set()

    def on_progress(frames: int, shots: int) -> None:
        del frames, shots
        for child in children():
            if child.pid not in struck:
                struck.add(child.pid)
                child.send_signal(number)

    return on_progress


@pytest.fixture(scope="module")
def undisturbed(film: tuple[Path, FilmProbe]) -> SpanAnalysis:
    """What comes out where nothing goes wrong."""
    return run(film)


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reader of every child that is started."""
    started: list[str] = []

    class Run(analyse._ChildRun):
        def __init__(self, command: tuple[str, ...], job: dict[str, Any]) -> None:
            started.append(job["reader"])
            super().__init__(command, job)

    monkeypatch.setattr(analyse, "_ChildRun", Run)
    return started


def test_after_a_decoder_that_hangs_another_gives_what_it_would_have_given(
    film: tuple[Path, FilmProbe], undisturbed: SpanAnalysis, readers: list[str]
) -> None:
    stop = strike(signal.SIGSTOP)  # stopped for real: it answers nothing, and ignores SIGTERM

    def stop_the_first(frames: int, shots: int) -> None:
        if len(readers) == 1:
            stop(frames, shots)

    answer = run(film, stall_s=6.0, on_progress=stop_the_first)  # the second has to be heard within it

    assert readers == ["decord", "decord"]
    assert (answer.shots, answer.reader, answer.frames_read) == (undisturbed.shots, "decord", film[1].frames)
    assert not children()


def test_the_other_reader_is_tried_when_two_children_crash(
    film: tuple[Path, FilmProbe], undisturbed: SpanAnalysis, readers: list[str]
) -> None:
    kill = strike(signal.SIGSEGV)

    def kill_two(frames: int, shots: int) -> None:
        if len(readers) < 3:
            kill(frames, shots)

    answer = run(film, on_progress=kill_two)

    assert readers == ["decord", "decord", "pyav"]
    assert answer.shots == undisturbed.shots  # both readers see the same pixels
    assert (answer.reader, answer.frames_read) == ("pyav", film[1].frames)


def test_a_reader_that_cannot_read_the_film_is_not_tried_again(
    film: tuple[Path, FilmProbe], readers: list[str], tmp_path: Path
) -> None:
    other = coded_film(tmp_path / "a.mp4", 300, options={**QUICK, "bf": "0"}, first_pts=7)

    answer = run((other, replace(scan(other), index=film[1].index, frames=film[1].frames)))

    assert readers == ["decord", "pyav"]
    assert answer.reader == "pyav"


@pytest.mark.parametrize("reader", ["decord", "pyav"])
def test_children_that_hang_fail_the_span_in_the_end(
    reader: str, film: tuple[Path, FilmProbe], readers: list[str]
) -> None:
    with pytest.raises(AnalysisFailed, match="hung: no frame for 1 s"):
        run((film[0], replace(film[1], reader=reader)), stall_s=1.0, on_progress=strike(signal.SIGSTOP))

    assert readers == {"decord": ["decord", "decord", "pyav"], "pyav": ["pyav", "pyav"]}[reader]
    assert not children()


def test_a_child_that_never_begins_is_killed(film: tuple[Path, FilmProbe], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyse, "START_S", 1.0)

    with pytest.raises(AnalysisFailed, match="hung: no frame for 1 s"):
        run(film, stall_s=0.5, child=(sys.executable, "-c", "import time; time.sleep(600)"))


def test_a_child_that_crashes_fails_the_span_with_the_signal(film: tuple[Path, FilmProbe]) -> None:
    with pytest.raises(AnalysisFailed, match="killed by SIGSEGV"):
        run(film, on_progress=strike(signal.SIGSEGV))


def test_children_that_are_killed_from_outside_say_nothing_against_their_reader(
    film: tuple[Path, FilmProbe], readers: list[str]
) -> None:
    """A machine short of memory kills decoders: the span is tried again later, by the same reader."""
    with pytest.raises(TransientError, match="killed by SIGKILL, twice"):
        run(film, on_progress=strike(signal.SIGKILL))

    assert readers == ["decord", "decord"]


def test_the_overall_limit_kills(film: tuple[Path, FilmProbe]) -> None:
    with pytest.raises(AnalysisFailed, match="time limit"):
        run(film, limit_s=2.5, on_progress=strike(signal.SIGSTOP))

    assert not children()


def test_cancelling_is_noticed_at_once_even_by_a_stopped_child(film: tuple[Path, FilmProbe]) -> None:
    stopped_at: list[float] = []
    asked_at: list[float] = []
    stop = strike(signal.SIGSTOP)

    def on_progress(frames: int, shots: int) -> None:
        stop(frames, shots)
        stopped_at.append(time.monotonic())

    def should_stop() -> bool:
        asked_at.append(time.monotonic())
        return bool(stopped_at) and sum(at > stopped_at[0] for at in asked_at) >= 6

    with pytest.raises(Cancelled):
        run(film, on_progress=on_progress, should_stop=should_stop)

    asked = [at for at in asked_at if at > stopped_at[0]]
    assert statistics.median(b - a for a, b in itertools.pairwise(asked)) < 0.5  # a loaded machine may miss a beat
    assert not children()


def test_the_last_words_of_a_child_are_passed_on(film: tuple[Path, FilmProbe]) -> None:
    words = "import sys; sys.stderr.write('libfoo: no such luck\\n'); sys.exit(7)"

    with pytest.raises(AnalysisFailed, match="status 7: libfoo: no such luck"):
        run(film, child=(sys.executable, "-c", words))


def test_nonsense_from_a_child_is_no_crash(film: tuple[Path, FilmProbe]) -> None:
    with pytest.raises(AnalysisFailed, match="nonsense"):
        run(film, child=(sys.executable, "-c", "print('x' * 100, flush=True); import time; time.sleep(60)"))


def test_a_child_dies_with_its_parent(film: tuple[Path, FilmProbe], tmp_path: Path) -> None:
    """In the middle of a decoder's call: it reads from a pipe into which nothing is written."""
    pipe = tmp_path / "film.mp4"
    os.mkfifo(pipe)
    job = {
        "path": str(pipe),
        "probe": probe_to_json(film[1]),
        "start_frame": 0,
        "end_frame": film[1].frames,
        "detector": asdict(DetectorSettings()),
        "threads": 1,
        "memory_bytes": analyse.CHILD_MEMORY_BYTES,
        "reader": "pyav",
    }
    (tmp_path / "job.json").write_text(json.dumps(job) + "\n")
    script = (
        "import pathlib, subprocess, sys, time\n"
        f"c = subprocess.Popen({list(analyse.CHILD)!r}, stdin=subprocess.PIPE, start_new_session=True)\n"
        f"c.stdin.write(pathlib.Path({str(tmp_path / 'job.json')!r}).read_bytes()); c.stdin.flush()\n"
        "print(c.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    try:
        writer = opened_by_a_reader(pipe)
        assert child.is_running()
        parent.kill()
        parent.wait()
        child.wait(timeout=10)
        os.close(writer)
    finally:
        parent.kill()
        parent.stdout.close()
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def opened_by_a_reader(pipe: Path) -> int:
    """The writing end of `pipe`, once someone reads from it."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError):  # nobody reads yet
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.05)
    raise AssertionError("the child never opened the film")


def test_the_child_sees_no_secrets(film: tuple[Path, FilmProbe], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R2R_DATABASE_URL", "postgresql://secret")
    show = "import os, sys; sys.exit(3 if any('secret' in v for v in os.environ.values()) else 4)"

    with pytest.raises(AnalysisFailed, match="status 4"):
        run(film, child=(sys.executable, "-c", show))


def test_a_truncated_film_is_read_to_its_end_and_says_what_is_missing(tmp_path: Path) -> None:
    path = coded_film(tmp_path / "a.mkv", 300, options=QUICK)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    cut = probe(path)

    answer = run((path, cut))

    assert 150 < cut.frames < 250
    assert f"the file breaks off: about {cut.frames} of 300 frames are there" in cut.warnings
    assert answer.frames_read >= cut.frames - 1  # the packet in which it breaks off may not decode
    assert answer.frames_read + answer.frames_missing == cut.frames
    assert answer.shots[-1].end_frame == cut.frames


def test_damage_in_the_middle_costs_its_own_frames(tmp_path: Path) -> None:
    path = coded_film(tmp_path / "a.mkv", 300, options=QUICK)
    looked = scan(path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(bytes(data))

    answer = run((path, looked))  # probed before the damage: the index promises all 300

    assert answer.frames_read + answer.frames_missing == 300
    assert 0 < answer.frames_missing < 120
    assert answer.shots[-1].end_frame == 300


def test_messages_survive_any_cutting_up() -> None:
    data = wire.pack({"kind": "a"}, [b"xyz", b""]) + wire.pack({"kind": "b"})
    for size in (1, 2, 7, len(data)):
        unpacker = wire.Unpacker()
        got = [m for at in range(0, len(data), size) for m in unpacker.feed(data[at : at + size])]
        assert [(head["kind"], blobs) for head, blobs in got] == [("a", [b"xyz", b""]), ("b", [])]


def test_no_core_files_and_a_bound_on_memory() -> None:
    script = (
        "from r2r_shared.film.probe import limit_child; import resource; limit_child(300 << 20);"
        "assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0\n"
        "try: bytearray(600 << 20)\n"
        "except MemoryError: print('bounded')"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=os.environ)
    if sys.platform == "linux":
        assert out.stdout.strip() == b"bounded"

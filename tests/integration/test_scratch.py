"""Copies of films from buckets: bounded, whole or not there, made once, and never taken from whoever reads them."""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r2r_shared.errors import Cancelled, PermanentError, Unavailable
from r2r_shared.film.stamps import Stamp, check_unchanged
from r2r_shared.storage.scratch import OtherBytes, Scratch


@dataclass
class Bytes:
    """Something to copy, in pieces."""

    name: str
    data: bytes
    piece: int = 1 << 20
    taken: int = 0

    @property
    def stamp(self) -> Stamp:
        return Stamp(len(self.data), int.from_bytes(hashlib.sha256(self.data).digest()[:7], "big"))

    def chunks(self) -> Iterator[bytes]:
        self.taken += 1
        for at in range(0, len(self.data), self.piece):
            yield self.data[at : at + self.piece]


def films_in(root: Path) -> list[Path]:
    return sorted(path for path in (root / "films").iterdir() if path.name != ".lock")


def bytes_in(root: Path) -> int:
    return sum(path.stat().st_size for path in films_in(root))


def test_a_copy_is_made_once_and_keeps_the_end_of_its_name(tmp_path):
    source = Bytes("s3://films/a.mp4", b"a film")
    scratch = Scratch(tmp_path, 100)
    for _ in range(2):
        with scratch.copy_of(source) as copy:
            assert copy.path.read_bytes() == source.data
            assert copy.path.suffix == ".mp4"
            assert copy.sha256 == hashlib.sha256(source.data).digest()
    assert source.taken == 1
    assert oct((tmp_path / "films").stat().st_mode)[-3:] == "700"


def test_a_new_version_of_an_object_is_another_copy(tmp_path):
    scratch = Scratch(tmp_path, 100)
    for data in (b"a film", b"a gilm"):
        with scratch.copy_of(Bytes("s3://films/a.mp4", data)) as copy:
            assert copy.path.read_bytes() == data


def test_other_bytes_than_the_expected_are_refused_and_not_kept(tmp_path):
    scratch = Scratch(tmp_path, 100)
    source = Bytes("s3://films/a.mp4", b"a film")
    with pytest.raises(OtherBytes), scratch.copy_of(source, expected=bytes(32)):
        pass
    assert films_in(tmp_path) == []

    with scratch.copy_of(source):
        pass
    with pytest.raises(OtherBytes), scratch.copy_of(source, expected=bytes(32)):
        pass


def test_a_film_that_is_larger_than_all_of_it_is_refused_by_its_size(tmp_path):
    with (
        pytest.raises(PermanentError, match=r"a\.mp4 has .* R2R_SCRATCH_GB"),
        Scratch(tmp_path, 5).copy_of(Bytes("a.mp4", b"a film")),
    ):
        pass
    assert films_in(tmp_path) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=25), st.integers(40, 100))
def test_the_bound_holds_and_what_is_read_stays(steps, bound):
    """Films of 10 to 35 bytes come and go, some of them held open; what room there is belongs to those."""
    root = Path(tempfile.mkdtemp(prefix="r2r-scratch-"))
    sources = [Bytes(f"{n}.mp4", bytes([n]) * (10 + 5 * n)) for n in range(6)]
    scratch = Scratch(root, bound)
    held: dict[int, ExitStack] = {}
    paths: dict[int, Path] = {}
    try:
        for n, hold in steps:
            held.pop(n, ExitStack()).close()
            paths.pop(n, None)
            stack = ExitStack()
            try:
                copy = stack.enter_context(scratch.copy_of(sources[n], patience_s=0))
            except Unavailable:
                assert sum(len(sources[m].data) for m in held) + len(sources[n].data) > bound
                continue
            assert copy.path.read_bytes() == sources[n].data
            if hold:
                held[n], paths[n] = stack, copy.path
            else:
                stack.close()
            assert bytes_in(root) <= bound
            for m, path in paths.items():
                assert path.read_bytes() == sources[m].data
    finally:
        for stack in held.values():
            stack.close()
        shutil.rmtree(root, ignore_errors=True)


def test_what_was_used_longest_ago_goes_first(tmp_path):
    scratch = Scratch(tmp_path, 30)
    a, b, c, d = (Bytes(f"{name}.mp4", name.encode() * 10) for name in "abcd")
    for source in (a, b, c, a, d):  # b is the one that nobody asked for again
        with scratch.copy_of(source):
            pass
        time.sleep(0.01)
    for source in (a, c, d):
        with scratch.copy_of(source):
            pass
    assert [source.taken for source in (a, b, c, d)] == [1, 1, 1, 1]
    with scratch.copy_of(b):
        pass
    assert b.taken == 2


def test_using_a_copy_does_not_make_it_look_changed(tmp_path):
    scratch, source = Scratch(tmp_path, 100), Bytes("a.mp4", b"a film")
    with scratch.copy_of(source) as copy:
        stamp = Stamp.of(copy.path)
        with scratch.copy_of(source):
            check_unchanged(copy.path, stamp)


def test_who_finds_no_room_waits_until_a_film_is_read(tmp_path):
    scratch = Scratch(tmp_path, 10)
    with ExitStack() as held:
        held.enter_context(scratch.copy_of(Bytes("a.mp4", b"a" * 10)))
        threading.Timer(0.5, held.close).start()
        with scratch.copy_of(Bytes("b.mp4", b"b" * 10)) as copy:
            assert copy.path.read_bytes() == b"b" * 10


def test_who_waits_can_be_stopped(tmp_path):
    scratch = Scratch(tmp_path, 10)
    with (
        scratch.copy_of(Bytes("a.mp4", b"a" * 10)),
        pytest.raises(Cancelled),
        scratch.copy_of(Bytes("b.mp4", b"b" * 10), should_stop=lambda: True),
    ):
        pass
    assert len(films_in(tmp_path)) == 1


def test_a_store_that_hangs_is_left_at_once(tmp_path):
    hung = threading.Event()

    @dataclass
    class Hanging(Bytes):
        def chunks(self) -> Iterator[bytes]:
            yield b"x"
            hung.wait(60)

    began = time.monotonic()
    with (
        pytest.raises(Cancelled),
        Scratch(tmp_path, 10).copy_of(Hanging("a.mp4", b"xy"), should_stop=lambda: time.monotonic() - began > 0.5),
    ):
        pass
    hung.set()
    assert time.monotonic() - began < 3
    assert films_in(tmp_path) == []


def test_a_copy_that_breaks_off_is_not_one(tmp_path):
    @dataclass
    class Short(Bytes):
        def chunks(self) -> Iterator[bytes]:
            yield self.data[:3]

    with pytest.raises(Unavailable, match="gave 3 bytes"), Scratch(tmp_path, 100).copy_of(Short("a.mp4", b"a film")):
        pass
    assert films_in(tmp_path) == []


CHILD = """
import sys, time
from pathlib import Path
from tests.integration.test_scratch import Bytes
from r2r_shared.storage.scratch import Scratch

class Slow(Bytes):
    def chunks(self):
        with Path(sys.argv[2]).open("a") as log:
            log.write("taken\\n")
        for chunk in super().chunks():
            time.sleep(float(sys.argv[3]))
            yield chunk

with Scratch(Path(sys.argv[1]), 1 << 20).copy_of(Slow("a.mp4", bytes(range(256)) * 400, 10240)) as copy:
    assert copy.path.read_bytes() == bytes(range(256)) * 400
"""
FILM = Bytes("a.mp4", bytes(range(256)) * 400, 10240)


def child(root: Path, log: Path, pause_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(root), str(log), str(pause_s)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True)


def test_processes_that_want_the_same_film_copy_it_once(tmp_path):
    log = tmp_path / "log"
    children = [child(tmp_path / "scratch", log, 0.05) for _ in range(3)]
    ended = [process.communicate(timeout=60) for process in children]

    assert [process.returncode for process in children] == [0, 0, 0], ended
    assert log.read_text() == "taken\n"


def test_a_process_that_is_killed_in_the_middle_leaves_nothing_that_is_believed(tmp_path):
    root, log = tmp_path / "scratch", tmp_path / "log"
    for _ in range(2):
        process = child(root, log, 0.5)
        deadline = time.monotonic() + 30
        while not any(path.stat().st_blocks for path in root.glob("films/*.part")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert [path.suffix for path in films_in(root)] == [".part"]

    with Scratch(root, 1 << 20).copy_of(Bytes("b.mp4", b"another film")):  # whoever comes first removes it
        assert [path.suffix for path in films_in(root)] == [".mp4"]
    with Scratch(root, 1 << 20).copy_of(FILM) as copy:
        assert copy.path.read_bytes() == FILM.data


@contextmanager
def small_disk(tmp_path: Path, size_kb: int) -> Iterator[Path]:
    """A file system of that size: needs the right to mount one."""
    at = tmp_path / "disk"
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(at)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here: what a full disk does is not tested")
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path):
    with small_disk(tmp_path, 1024) as disk:
        scratch = Scratch(disk / "scratch", 1 << 30)
        with scratch.copy_of(Bytes("a.mp4", b"a" * 600_000)):
            pass
        with scratch.copy_of(Bytes("b.mp4", b"b" * 600_000)) as copy:  # no room for both: the first one goes
            assert copy.path.read_bytes() == b"b" * 600_000
        assert len(films_in(disk / "scratch")) == 1

        @dataclass
        class Filling(Bytes):
            """While it is copied someone else fills the disk."""

            def chunks(self) -> Iterator[bytes]:
                (disk / "other").write_bytes(bytes(900_000))
                yield from super().chunks()

        for source in (Filling("c.mp4", b"c" * 600_000), Bytes("d.mp4", b"d" * 600_000)):
            with (
                pytest.raises(Unavailable, match=r"takes no copy: No space left on device") as full,
                scratch.copy_of(source),
            ):
                pass
            assert "R2R_SCRATCH" in full.value.hint
            assert films_in(disk / "scratch") == []


def test_a_place_where_no_directory_can_be_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(Unavailable, match="takes no copy: Not a directory"),
        Scratch(tmp_path / "file", 10).copy_of(Bytes("a.mp4", b"x")),
    ):
        pass

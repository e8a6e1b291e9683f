"""The media store is full, read-only or gone: segments are put off, and go on by themselves once it is back."""

from __future__ import annotations

import io
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.faults.cluster import Cluster, wait_until
from tests.acceptance.faults.tables import Tables, assert_same

ROOM_BYTES = 24 << 20
WAITED = "SELECT count(*) FROM segments WHERE waits > 0 AND state = 'queued'"


@pytest.fixture
def disk(cluster: Cluster) -> Iterator[Path]:
    """The media store on a small file system of its own, with all that lay in it."""
    kept = cluster.media.with_name("kept")
    cluster.media.rename(kept)
    cluster.media.mkdir()
    mounted = mount("-t", "tmpfs", "-o", f"size={ROOM_BYTES}", "r2r-faults", str(cluster.media))
    if mounted.returncode != 0:
        pytest.skip(f"NO FILE SYSTEM CAN BE MOUNTED HERE ({mounted.stderr.strip()}): a full disk is not tested")
    subprocess.run(["cp", "-a", f"{kept}/.", str(cluster.media)], check=True)
    yield cluster.media
    for process in cluster.started:
        process.kill()
        process.wait()
    subprocess.run(["umount", "--lazy", str(cluster.media)], check=True)


def test_a_full_disk(cluster: Cluster, disk: Path, material: Path, undisturbed: Tables) -> None:
    ballast = disk / "ballast"

    def full() -> None:
        fill(ballast, leave=60_000)  # room for a few keyframes, then none

    assert_put_off(cluster, material, undisturbed, spoil=full, said="No space left", mend=ballast.unlink)


def test_a_store_that_is_read_only(cluster: Cluster, disk: Path, material: Path, undisturbed: Tables) -> None:
    def remount(how: str) -> None:
        mount("-o", f"remount,{how},size={ROOM_BYTES}", str(disk), check=True)

    assert_put_off(
        cluster,
        material,
        undisturbed,
        spoil=lambda: remount("ro"),
        said="Read-only file system",
        mend=lambda: remount("rw"),
    )


def test_a_directory_that_vanishes(cluster: Cluster, material: Path, undisturbed: Tables) -> None:
    """A share that is unmounted: a worker must not make a new store in its place and fill that."""
    away = cluster.media.with_name("away")

    def gone() -> None:
        cluster.media.rename(away)

    def back() -> None:
        assert not cluster.media.exists(), "nobody made another one"
        away.rename(cluster.media)

    assert_put_off(cluster, material, undisturbed, spoil=gone, said="is gone", mend=back)


def assert_put_off(
    cluster: Cluster,
    material: Path,
    undisturbed: Tables,
    *,
    spoil: Callable[[], object],
    said: str,
    mend: Callable[[], object],
) -> None:
    """The film waits as long as the store is away, and is through without help once it is back."""
    cluster.worker()
    wait_until(lambda: "loaded and warm" in cluster.log.read_text(), "a worker that is ready", 100)
    spoil()
    job = cluster.queue(material / "film.mp4")
    with Watcher(cluster.media) as watcher:
        wait_until(lambda: cluster.value(WAITED), "a segment that is put off", 100)
        assert cluster.value("SELECT state FROM jobs WHERE id = %s", job) == "running"
        assert cluster.value("SELECT max(attempt) FROM segments WHERE waits > 0") <= 1, "that counts as no attempt"
        mend()
        assert cluster.wait_for_job(job) == "done"

    with cluster.connection() as conn:
        failures = conn.execute("SELECT reason, error FROM failures").fetchall()
    print(failures[:2], watcher.seen)
    assert failures
    assert {reason for reason, _ in failures} == {"unavailable"}
    assert all(said in error for _, error in failures)
    assert watcher.seen, "somebody looked at keyframes meanwhile"
    assert not watcher.broken
    assert not list(cluster.media.rglob("*.part"))
    assert cluster.value("SELECT max(attempt) FROM segments") == 1
    assert_same(cluster.tables(), undisturbed)


class Watcher:
    """Reads every picture of the store again and again, as a page that is being written would."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seen = 0
        self.broken: list[str] = []

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._over.wait(0.2):
            for path in self._store.glob("films/**/*.jpg"):
                try:
                    data = path.read_bytes()
                except OSError:
                    continue  # it went away, with its store
                try:
                    Image.open(io.BytesIO(data)).load()
                except OSError as error:
                    self.broken.append(f"{path}: {error}")
                self.seen += 1


def fill(ballast: Path, *, leave: int) -> None:
    """Write until no more than `leave` bytes are free."""
    with ballast.open("wb") as file:
        while (free := free_bytes(ballast.parent)) > leave:
            file.write(bytes(min(free - leave, 1 << 20)))
            file.flush()


def free_bytes(place: Path) -> int:
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def mount(*args: str, check: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *args], capture_output=True, text=True, check=check)

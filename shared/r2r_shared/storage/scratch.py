"""Copies of films that lie in buckets, kept on this machine while they are read and as long as there is room.

One directory serves all processes of a machine. In it are copies, `<object>-<sha256>.mp4`, and copies that are being
made, `<object>.part`, where `<object>` stands for an object's name and version. The kernel's locks say what is in use,
and let go of it however a process dies:

* a part is locked by the process that fills it. One that nobody holds is what `kill -9` left: it is filled anew or
  removed. A part becomes a copy by a rename, when all of it is on the disk and its digest is known.
* a copy is locked, together with others, by everyone who reads it. Those that nobody holds make room, the one that
  was used longest ago first. A copy's time of access says when that was; its time of change stays as it is.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from r2r_shared.errors import Cancelled, PermanentError, Unavailable
from r2r_shared.local.locks import locked
from r2r_shared.processes import private_directory
from r2r_shared.storage.copying import Source, fill

PATIENCE_S = 1800.0
"""How long to wait for room that other films take up while they are read."""

_POLL_S = 0.2


class OtherBytes(PermanentError):
    """What was copied is not the film that it was to be."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A whole copy, and the digest of its bytes."""

    path: Path
    sha256: bytes


def _never() -> bool:
    return False


def _nobody(_: int) -> None:
    pass


class Scratch:
    """A bounded directory of copies.

    Args:
        root: where it is; copies lie in a folder of it that no one else may enter.
        max_bytes: how much all copies together may take, those that are being made included.
    """

    def __init__(self, root: Path, max_bytes: int) -> None:
        self.root, self.max_bytes = root, max_bytes
        self._folder = root / "films"

    @contextmanager
    def copy_of(
        self,
        source: Source,
        *,
        expected: bytes | None = None,
        should_stop: Callable[[], bool] = _never,
        on_bytes: Callable[[int], None] = _nobody,
        patience_s: float = PATIENCE_S,
    ) -> Generator[Copy]:
        """A copy of an object, made where there is none; it stays as it is until the context is left.

        Args:
            expected: the digest that its bytes must have.
            should_stop: polled while the copy is made, or waited for.
            on_bytes: told how much has been copied.
            patience_s: how long to wait for room.

        Raises:
            OtherBytes: its bytes are not the expected ones; nothing is kept.
            PermanentError: it is larger than all of the scratch directory may be.
            Unavailable: the disk is full, there is no room in time, or the store does not give it.
            Cancelled: should_stop said so.
        """
        with self._disk():
            private_directory(self._folder)
            fd, copy = self._hold(source, expected, should_stop, on_bytes, patience_s)
        try:
            yield copy
        finally:
            os.close(fd)

    def _hold(
        self,
        source: Source,
        expected: bytes | None,
        should_stop: Callable[[], bool],
        on_bytes: Callable[[int], None],
        patience_s: float,
    ) -> tuple[int, Copy]:
        stem = _stem(source)
        part = self._folder / f"{stem}.part"
        while True:
            if (found := self._open_copy(stem, source.stamp.size_bytes)) is not None:
                if expected is not None and found[1].sha256 != expected:
                    os.close(found[0])
                    raise OtherBytes(f"{source.name} holds other bytes")
                return found
            if should_stop():
                raise Cancelled
            fd = _own(part)
            if fd is None:  # another process makes this copy
                time.sleep(_POLL_S)
                continue
            try:
                if next(self._copies(stem), None) is None:  # else it was made a moment ago
                    self._wait_for_room(fd, source, should_stop, time.monotonic() + patience_s)
                    sha256 = fill(fd, source, should_stop, on_bytes)
                    if expected is not None and sha256 != expected:
                        raise OtherBytes(f"{source.name} holds other bytes")
                    path = self._folder / f"{stem}-{sha256.hex()}{_suffix(source.name)}"
                    part.rename(path)
                    fcntl.flock(fd, fcntl.LOCK_SH)
                    if _is(fd, path):  # it is not where another needed the room before this lock was ours
                        kept, fd = fd, None
                        return kept, Copy(path, sha256)
            finally:
                if fd is not None:
                    if _is(fd, part):
                        part.unlink()
                    os.close(fd)

    def _copies(self, stem: str) -> Iterator[Path]:
        return self._folder.glob(f"{stem}-*")

    def _open_copy(self, stem: str, size_bytes: int) -> tuple[int, Copy] | None:
        """The copy of an object, held together with its other readers; None where there is none."""
        for path in self._copies(stem):
            try:
                fd = os.open(path, os.O_RDONLY)
            except FileNotFoundError:  # it made room a moment ago
                continue
            fcntl.flock(fd, fcntl.LOCK_SH)
            found = os.fstat(fd)
            if not _is(fd, path) or found.st_size != size_bytes:
                os.close(fd)
                continue
            os.utime(fd, ns=(time.time_ns(), found.st_mtime_ns))
            return fd, Copy(path, bytes.fromhex(path.name.removeprefix(f"{stem}-")[:64]))
        return None

    def _wait_for_room(self, fd: int, source: Source, should_stop: Callable[[], bool], until: float) -> None:
        size = source.stamp.size_bytes
        if size > self.max_bytes:
            raise PermanentError(
                f"{source.name} has {_gb(size)}, and the scratch directory may hold {_gb(self.max_bytes)}: "
                "raise R2R_SCRATCH_GB"
            )
        while not self._reserve(fd, size):
            if should_stop():
                raise Cancelled
            if time.monotonic() > until:
                raise Unavailable(
                    f"the scratch directory {self.root} is full of films that are being read",
                    "raise R2R_SCRATCH_GB, or let fewer workers share it",
                )
            time.sleep(_POLL_S)

    def _reserve(self, fd: int, size: int) -> bool:
        """Make room for a part and give it its length, so that others count it; False where what is there is in use.

        Raises:
            Unavailable: nothing of ours is in the way: the disk is full.
        """
        with locked(self._folder / ".lock"):
            os.ftruncate(fd, 0)
            held = 0  # bytes that parts have been promised and have not written yet
            used = 0
            idle: list[tuple[int, Path, int]] = []
            for path in self._folder.iterdir():
                if path.suffix == ".part":
                    found = self._stat_or_remove_stale(path)
                    if found is not None:
                        held += max(0, found.st_size - found.st_blocks * 512)
                elif path.name != ".lock":
                    found = path.stat()
                    idle.append((found.st_atime_ns, path, found.st_size))
                else:
                    continue
                used += found.st_size if found is not None else 0
            for _, path, bytes_there in sorted(idle):
                free = shutil.disk_usage(self._folder).free - held
                if size <= min(self.max_bytes - used, free):
                    break
                if _remove_idle(path):
                    used -= bytes_there
            free = shutil.disk_usage(self._folder).free - held
            if size <= min(self.max_bytes - used, free):
                os.ftruncate(fd, size)
                return True
            if used == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return False

    def _stat_or_remove_stale(self, part: Path) -> os.stat_result | None:
        """A part that someone fills; None for one that nobody does, which is removed."""
        try:
            fd = os.open(part, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            found = os.fstat(fd)
            if not _try_exclusively(fd):
                return found
            if _is(fd, part):
                part.unlink()
            return None
        finally:
            os.close(fd)

    @contextmanager
    def _disk(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            hint = "R2R_SCRATCH names another place; R2R_SCRATCH_GB says how much of it may be used"
            raise Unavailable(f"the scratch directory {self.root} takes no copy: {error.strerror}", hint) from error


def _stem(source: Source) -> str:
    """What stands for an object's name and version in file names."""
    version = f"{source.name}\0{source.stamp.size_bytes}\0{source.stamp.mark}"
    return hashlib.sha256(version.encode(errors="surrogateescape")).hexdigest()[:40]


def _suffix(name: str) -> str:
    """The end of a film's name, for those who look at it."""
    found = re.search(r"\.[A-Za-z0-9]{1,8}$", name)
    return found[0] if found and found[0] != ".part" else ""


def _own(part: Path) -> int | None:
    """The part, locked for this process alone; None where another has it."""
    fd = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
    if _try_exclusively(fd) and _is(fd, part):  # what was locked may have become a copy meanwhile
        return fd
    os.close(fd)
    return None


def _try_exclusively(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(fd: int, path: Path) -> bool:
    """Whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def _remove_idle(copy: Path) -> bool:
    """Remove a copy, unless someone reads it."""
    try:
        fd = os.open(copy, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        if not _try_exclusively(fd):
            return False
        copy.unlink(missing_ok=True)
        return True
    finally:
        os.close(fd)


def _gb(size: int) -> str:
    return f"{size / (1 << 30):.2f} GB"

"""Where keyframes and pictures of paintings are kept: a directory, or a bucket by way of fsspec."""
# fsspec carries no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from r2r_shared.errors import PermanentError, Unavailable
from r2r_shared.film.stamps import Stamp, digest
from r2r_shared.processes import private_directory
from r2r_shared.storage import objects
from r2r_shared.storage.objects import CHUNK_BYTES, RemoteObject

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_KEY_BYTES = 512
_PART_BYTES = 16 << 20
"""What is sent to a bucket at once; memory holds about three of them. A bucket takes 10,000 parts an object."""
_MOST_PARTS = 9000
_SCRAP_S = 3600.0
_SHA256 = "sha256"
"""The metadata under which an object in a bucket keeps its digest: its ETag is none."""


class MediaStore:
    """Bytes by key. A key is a relative path with forward slashes: `films/17/000123.jpg`.

    Args:
        url: a directory, `file:///…`, `s3://bucket/prefix`, or whatever else fsspec knows.
        there: its directory has been made. Where that is gone, a share has been taken away: nothing is written in its
            place, and what lay there is not called lost.

    Raises:
        UserError: the address is of a kind whose package is not installed, or of no known kind.
    """

    def __init__(self, url: str, *, there: bool = False) -> None:
        self.url = url
        self._there = there
        protocol, _, rest = url.partition("://")
        self._directory: Path | None = None
        self._remote: AbstractFileSystem | None = None
        if not rest:
            self._directory = Path(url).expanduser().absolute()
        elif protocol == "file":
            self._directory = Path(rest)
        else:
            self._remote, self._prefix = objects.open_url(url, f"the media store {url}")

    def make(self) -> None:
        """Make its directory where there is none yet.

        Raises:
            Unavailable: it cannot be made.
        """
        if self._directory is not None and not self._directory.is_dir():
            with self._complaints("write"):
                private_directory(self._directory)

    def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`, whole or not at all; what was there is replaced.

        Raises:
            Unavailable: the store does not take it: full, read-only or away.
        """
        parts = _parts(key)
        with self._complaints("write"):
            if self._directory is not None:
                self._check_there(self._directory)
                _write(self._directory, parts, data)
            else:
                self._fs.pipe_file(self._address(parts), data)  # an object appears when it is complete

    def require_writable(self) -> None:
        """Write a little and remove it.

        Raises:
            Unavailable: the store does not take it.
        """
        folder = f"probes/{uuid4().hex}"
        self.put(f"{folder}/probe", bytes(1 << 16))
        self.delete_prefix(folder)

    def get(self, key: str) -> bytes:
        """What is stored under `key`.

        Raises:
            FileNotFoundError: nothing is.
            Unavailable: the store does not answer.
        """
        parts = _parts(key)
        with self._complaints("read"):
            if self._directory is not None:
                self._check_there(self._directory)
                return self._directory.joinpath(*parts).read_bytes()
            data: bytes = self._fs.cat_file(self._address(parts))
            return data

    def exists(self, key: str) -> bool:
        """True where something is stored under `key`."""
        parts = _parts(key)
        try:
            with self._complaints("read"):
                if self._directory is not None:
                    return self._directory.joinpath(*parts).is_file()
                return bool(self._fs.info(self._address(parts))["type"] == "file")
        except FileNotFoundError:
            return False

    def delete_prefix(self, prefix: str) -> None:
        """Remove all that lies under the folder `prefix`; nothing there is no error."""
        parts = _parts(prefix)
        with suppress(FileNotFoundError), self._complaints("delete from"):
            if self._directory is not None:
                _remove(self._directory.joinpath(*parts))
                return
            self._fs.rm(self._address(parts), recursive=True)

    def path_or_none(self, key: str) -> Path | None:
        """The file of `key` on this machine, for a browser to open; None in a bucket or where it is missing."""
        parts = _parts(key)
        if self._directory is None:
            return None
        path = self._directory.joinpath(*parts)
        return path if path.is_file() else None

    def look(self, key: str) -> Path | RemoteObject:
        """The file of `key` on this machine, or the object as it is now.

        Raises:
            FileNotFoundError: there is none.
            Unavailable: the store does not answer.
        """
        parts = _parts(key)
        with self._complaints("read"):
            if self._directory is not None:
                path = self._directory.joinpath(*parts)
                if not path.is_file():
                    raise FileNotFoundError(2, "the media store has no such file", str(path))
                return path
            return objects.look_at(self._fs, self._address(parts), f"{self.url.rstrip('/')}/{key}")

    def holds(self, key: str, *, size_bytes: int, sha256: bytes) -> bool:
        """Whether these bytes are stored under `key`. A bucket is asked, a file is read.

        Raises:
            Unavailable: the store does not answer.
        """
        try:
            found = self.look(key)
        except FileNotFoundError:
            return False
        with self._complaints("read"):
            if isinstance(found, Path):
                return found.stat().st_size == size_bytes and digest(found) == sha256
            if found.stamp.size_bytes != size_bytes:
                return False
            if self._in_s3:
                return bool(self._fs.metadata(found.address, refresh=True).get(_SHA256) == sha256.hex())
        there = hashlib.sha256()
        for chunk in found.chunks():
            there.update(chunk)
        return there.digest() == sha256

    def put_file(
        self, key: str, path: Path, *, sha256: bytes, on_bytes: Callable[[int], None] = lambda _: None
    ) -> Stamp:
        """Store a file under `key`, whole or not at all, in little memory; returns the stamp it has there.

        Args:
            sha256: the digest it must have: a file that is written to meanwhile is not stored.
            on_bytes: told how much has been sent.

        Raises:
            PermanentError: the file cannot be read, or is not the one with that digest.
            Unavailable: the store does not take it: full, read-only or away.
        """
        parts = _parts(key)
        with _readable(path):
            size = path.stat().st_size
        with closing(_checked(path, sha256, on_bytes)) as chunks:
            if self._directory is not None:
                with self._complaints("write"):
                    _forget_scraps(self._directory.joinpath(*parts).parent)
                    _write_chunks(self._directory, parts, chunks, durable=True)
            else:
                self._send(self._address(parts), chunks, size, sha256)
        found = self.look(key)
        return Stamp.of(found) if isinstance(found, Path) else found.stamp

    def _send(self, address: str, chunks: Iterator[bytes], size: int, sha256: bytes) -> None:
        options: dict[str, Any] = {"Metadata": {_SHA256: sha256.hex()}} if self._in_s3 else {}
        with self._complaints("write"):
            target = self._fs.open(address, "wb", block_size=max(_PART_BYTES, size // _MOST_PARTS), **options)
        try:
            for chunk in chunks:  # errors of the file stay the file's
                with self._complaints("write"):
                    target.write(chunk)
            with self._complaints("write"):
                target.close()
        except BaseException:
            with suppress(Exception):  # a store that is away lets go of the parts by its own rules
                target.discard()
            target.closed = True  # else it would be completed when it is collected
            raise

    def _check_there(self, directory: Path) -> None:
        if self._there and not directory.is_dir():
            raise Unavailable(
                f"the media store {self.url} is gone",
                "is its share mounted? R2R_MEDIA names it; `r2r doctor` checks it",
            )

    @property
    def _in_s3(self) -> bool:
        return self.url.startswith("s3://")

    @contextmanager
    def _complaints(self, verb: str) -> Generator[None]:
        """One line and a remedy for what the store raises; a missing key stays FileNotFoundError, except to write."""
        where = f"cannot {verb} the media store {self.url}"
        hint = "check its space and its permissions (R2R_MEDIA names it); `r2r doctor` checks every part"
        missing = "no such place" if verb == "write" else None
        with objects.complaints(where, Unavailable, hint=hint, missing=missing):
            yield

    @property
    def _fs(self) -> Any:
        """fsspec's file system; it has no types."""
        assert self._remote is not None
        return self._remote

    def _address(self, parts: tuple[str, ...]) -> str:
        return "/".join([self._prefix, *parts])


def _parts(key: str) -> tuple[str, ...]:
    """A key's parts; refuses everything that could lead out of the store."""
    parts = tuple(key.split("/"))
    if (
        any(part in {"", ".", ".."} for part in parts)
        or any(character in key for character in "\\:\0")
        or len(os.fsencode(key)) > _KEY_BYTES
    ):
        raise ValueError(f"not a key: {key!r}")
    return parts


@contextmanager
def _readable(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise PermanentError(f"{path} cannot be read: {error.strerror}") from error


def _checked(path: Path, sha256: bytes, on_bytes: Callable[[int], None]) -> Generator[bytes]:
    """A file's bytes; ends with an error, before whoever takes them can call them whole, if they are others."""
    found, done = hashlib.sha256(), 0
    with _readable(path):
        source = path.open("rb")
    with source:
        while True:
            with _readable(path):
                data = source.read(CHUNK_BYTES)
            if not data:
                break
            found.update(data)
            yield data
            done += len(data)
            on_bytes(done)
    if found.digest() != sha256:
        raise PermanentError(f"{path} changed while it was being read: `r2r ingest` it again when it is whole")


def _forget_scraps(folder: Path) -> None:
    """Remove what a killed process has left half written: one that is being written changes all the time."""
    for scrap in folder.glob(".*.part"):
        with suppress(FileNotFoundError):
            if time.time() - scrap.stat().st_mtime > _SCRAP_S:
                scrap.unlink()


def _write(root: Path, parts: tuple[str, ...], data: bytes) -> None:
    _write_chunks(root, parts, iter((data,)), durable=False)


def _write_chunks(root: Path, parts: tuple[str, ...], chunks: Iterator[bytes], *, durable: bool) -> None:
    """Write beside the place and rename: a reader sees the old bytes or the new, never a part."""
    if not root.is_dir():
        private_directory(root)  # ours to shut; one that was there before may be a group's
    target = root.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{uuid4().hex}.part")
    try:
        with part.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
            if durable:  # a film that a power cut has emptied would be believed by its name
                file.flush()
                os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _remove(path: Path) -> None:
    """Remove a folder or a file. Files that appear or vanish meanwhile do no harm."""

    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

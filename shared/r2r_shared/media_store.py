"""Where keyframes and pictures of paintings are kept: a directory, or a bucket by way of fsspec."""
# fsspec carries no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from r2r_shared.errors import Unavailable, UserError
from r2r_shared.processes import private_directory

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_KEY_BYTES = 512


class MediaStore:
    """Bytes by key. A key is a relative path with forward slashes: `films/17/000123.jpg`.

    Args:
        url: a directory, `file:///…`, `s3://bucket/prefix`, or whatever else fsspec knows.

    Raises:
        UserError: the address is of a kind whose package is not installed, or of no known kind.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        protocol, _, rest = url.partition("://")
        self._directory: Path | None = None
        self._remote: AbstractFileSystem | None = None
        if not rest:
            self._directory = Path(url).expanduser().absolute()
        elif protocol == "file":
            self._directory = Path(rest)
        else:
            self._remote, self._prefix = _open_remote(protocol, url)

    def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`, whole or not at all; what was there is replaced.

        Raises:
            Unavailable: the store does not take it: full, read-only or away.
        """
        parts = _parts(key)
        with _Complaint(self, "write"):
            if self._directory is not None:
                _write(self._directory, parts, data)
            else:
                self._fs.pipe_file(self._address(parts), data)  # an object appears when it is complete

    def get(self, key: str) -> bytes:
        """What is stored under `key`.

        Raises:
            FileNotFoundError: nothing is.
            Unavailable: the store does not answer.
        """
        parts = _parts(key)
        with _Complaint(self, "read"):
            if self._directory is not None:
                return self._directory.joinpath(*parts).read_bytes()
            data: bytes = self._fs.cat_file(self._address(parts))
            return data

    def exists(self, key: str) -> bool:
        """True where something is stored under `key`."""
        parts = _parts(key)
        with _Complaint(self, "read"):
            if self._directory is not None:
                return self._directory.joinpath(*parts).is_file()
            return bool(self._fs.isfile(self._address(parts)))

    def delete_prefix(self, prefix: str) -> None:
        """Remove all that lies under the folder `prefix`; nothing there is no error."""
        parts = _parts(prefix)
        with _Complaint(self, "delete from"):
            if self._directory is not None:
                _remove(self._directory.joinpath(*parts))
                return
            with suppress(FileNotFoundError):
                self._fs.rm(self._address(parts), recursive=True)

    def path_or_none(self, key: str) -> Path | None:
        """The file of `key` on this machine, for a browser to open; None in a bucket or where it is missing."""
        parts = _parts(key)
        if self._directory is None:
            return None
        path = self._directory.joinpath(*parts)
        return path if path.is_file() else None

    @property
    def _fs(self) -> Any:
        """fsspec's file system; it has no types."""
        assert self._remote is not None
        return self._remote

    def _address(self, parts: tuple[str, ...]) -> str:
        return "/".join([self._prefix, *parts])


class _Complaint:
    """Turns what a store raises into one line and a remedy; a missing key stays FileNotFoundError, except to write."""

    def __init__(self, store: MediaStore, verb: str) -> None:
        self._store, self._verb = store, verb

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if not isinstance(error, Exception) or (self._verb != "write" and isinstance(error, FileNotFoundError)):
            return
        hint = "check its space and its permissions (R2R_MEDIA names it); `r2r doctor` checks every part"
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Unavailable(f"cannot {self._verb} the media store {self._store.url}: {reason}", hint) from error


def _open_remote(protocol: str, url: str) -> tuple[AbstractFileSystem, str]:
    import fsspec

    opened: tuple[AbstractFileSystem, str]
    try:
        opened = fsspec.url_to_fs(url)
    except ImportError as exc:
        extra = "pip install 'reel-to-real[s3]'" if protocol == "s3" else str(exc)
        raise UserError(f"the media store {url} needs a package that is not installed", extra) from exc
    except ValueError as exc:
        raise UserError(
            f"the media store {url} is of no known kind", "set R2R_MEDIA to a directory or s3://bucket/prefix"
        ) from exc
    return opened[0], opened[1].rstrip("/")


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


def _write(root: Path, parts: tuple[str, ...], data: bytes) -> None:
    """Write beside the place and rename: a reader sees the old bytes or the new, never a part."""
    if not root.is_dir():
        private_directory(root)  # ours to shut; one that was there before may be a group's
    target = root.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{uuid4().hex}.part")
    try:
        part.write_bytes(data)
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

"""Where a data set lies: a folder, or a zip whose members are stored as they are.

Only names that this code makes are ever looked for, so nothing in either can lead out of it. A zip's members are read
where they lie in the file: what is compressed is refused, so none can unpack to more than it is.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import struct
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from r2r_shared.errors import UserError

MOST_MEMBERS = 5_000_000
_MOST_DIRECTORY_BYTES = 1 << 30
_CHUNK = 1 << 20
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_DATE = (1980, 1, 1, 0, 0, 0)  # the same data set is the same zip
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,6}")
_ANEW = "get it anew, or have it exported again"


class Place(Protocol):
    """Files by name."""

    def size(self, name: str) -> int:
        """Bytes of a file.

        Raises:
            UserError: there is none of that name, or it is no plain file.
        """
        ...

    def open(self, name: str) -> BinaryIO:
        """A file, for reading and seeking; errors as `size`."""
        ...

    def names(self) -> Iterator[str]:
        """All that lies there."""
        ...


@contextmanager
def opened(path: Path) -> Generator[Place]:
    """A data set's place, for reading.

    Raises:
        UserError: there is nothing, or neither a folder nor a zip.
    """
    if path.is_dir():
        yield _Folder(path)
        return
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UserError(f"{path} is no data set: neither a folder nor a zip", "name what `r2r export` wrote")
            yield _Zip(path, file)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist", "name a folder or a .zip that `r2r export` wrote") from error
    except IsADirectoryError as error:
        raise UserError(f"{path} cannot be read", "name a folder or a .zip that `r2r export` wrote") from error
    except PermissionError as error:
        raise UserError(f"{path} may not be read", "give yourself permission to read it") from error


class _Folder:
    def __init__(self, path: Path) -> None:
        self._root = path.resolve()

    def size(self, name: str) -> int:
        with self.open(name) as file:
            return os.fstat(file.fileno()).st_size

    def open(self, name: str) -> BinaryIO:
        path = self._root / name
        # Neither a link that leads elsewhere nor a pipe that never ends.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        if path.parent.resolve() != path.parent:
            raise UserError(f"{name} lies behind a link", _ANEW)
        try:
            number = os.open(path, flags)
        except FileNotFoundError as error:
            raise UserError(f"{name} is missing", f"the data set is not whole: {_ANEW}") from error
        except OSError as error:
            raise UserError(f"{name} cannot be read: {error.strerror}", _ANEW) from error
        file = os.fdopen(number, "rb")
        if not stat.S_ISREG(os.fstat(number).st_mode):
            file.close()
            raise UserError(f"{name} is no plain file", _ANEW)
        return file

    def names(self) -> Iterator[str]:
        for root, folders, files in os.walk(self._root):
            folders.sort()
            for name in sorted(files):
                yield (Path(root) / name).relative_to(self._root).as_posix()


class _Zip:
    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self._size = os.fstat(file.fileno()).st_size
        _require_small_directory(path, file, self._size)
        try:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
            raise UserError(f"{path} is no data set: neither a folder nor a whole zip", _ANEW) from error
        if len(members) > MOST_MEMBERS:
            raise UserError(f"{path} holds more than {MOST_MEMBERS:,} files", _ANEW)
        self._members = {member.filename: member for member in members}
        if len(self._members) != len(members):
            raise UserError(f"{path} holds a file twice", _ANEW)

    def size(self, name: str) -> int:
        return self._member(name).file_size

    def open(self, name: str) -> BinaryIO:
        member = self._member(name)
        header = os.pread(self._file.fileno(), _LOCAL_HEADER.size, member.header_offset)
        try:
            signature, *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        except struct.error:
            signature, name_length, extra_length = b"", 0, 0
        start = member.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        if signature != b"PK\3\4" or start + member.file_size > self._size:
            raise UserError(f"{name} is cut off: {self._path} is damaged", _ANEW)
        return io.BufferedReader(_Window(self._file.fileno(), start, member.file_size), _CHUNK)

    def names(self) -> Iterator[str]:
        return (name for name in self._members if not name.endswith("/"))

    def _member(self, name: str) -> zipfile.ZipInfo:
        member = self._members.get(name)
        if member is None:
            raise UserError(f"{name} is missing", f"the data set is not whole: {_ANEW}")
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size or (
            member.flag_bits & 1
        ):  # fmt: skip
            raise UserError(
                f"{name} is compressed or encrypted inside {self._path.name}",
                "unpack it and import the folder: a zip of r2r stores its files as they are",
            )
        return member


def _require_small_directory(path: Path, file: BinaryIO, size: int) -> None:
    """The list of a zip's members is read whole: it may not be large. Where its end is not found, zipfile says so."""
    tail = os.pread(file.fileno(), min(size, 66_000), max(0, size - 66_000))
    at = tail.rfind(b"PK\5\6")
    told = struct.unpack_from("<I", tail, at + 12)[0] if at >= 0 and at + 16 <= len(tail) else 0
    wide = tail.rfind(b"PK\6\6")
    if wide >= 0 and wide + 48 <= len(tail):
        told = struct.unpack_from("<Q", tail, wide + 40)[0]
    if told > _MOST_DIRECTORY_BYTES:
        raise UserError(f"{path} lists more files than a data set has", _ANEW)


class _Window(io.RawIOBase):
    """A part of a file, by its own offsets."""

    def __init__(self, number: int, start: int, length: int) -> None:
        super().__init__()
        self._number, self._start, self._length, self._at = number, start, length, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        length = max(0, min(len(buffer), self._length - self._at))
        data = os.pread(self._number, length, self._start + self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def require_free(out: Path, *, force: bool) -> None:
    """Nothing of value is in the way.

    Raises:
        UserError: something is.
    """
    from r2r_shared.exchange.manifest import MANIFEST

    if not out.name:
        raise UserError(f"“{out}” names nothing to write", "name a folder, or a file ending in .zip")
    if _ENDING.fullmatch(out.suffix) and not _is_zip(out):
        raise UserError(
            f"{out} would be a folder, and its name ends like a file's",
            f"write a folder, {out.with_suffix('')}, or one file, {out.with_suffix('.zip')}",
        )
    if not out.parent.is_dir():
        raise UserError(f"{out.parent} is no folder", "name a place in a folder that exists")
    if not os.path.lexists(out):
        return
    if not force:
        raise UserError(f"{out} is there already", "name another, or replace it with --force")
    ours = out.is_file() if _is_zip(out) else (out / MANIFEST).is_file()
    if out.is_symlink() or not ours:
        raise UserError(f"{out} is there, and is no data set", "name another")


@contextmanager
def written(out: Path) -> Generator[Path]:
    """A folder to write a data set into; at the end it is moved to `out`, or zipped there. On an error nothing stays.

    Raises:
        UserError: it cannot be written there.
    """
    folder = out.with_name(f".{out.name}.{os.getpid()}.part")
    packed = folder.with_suffix(".zip.part")
    try:
        folder.mkdir()
        yield folder
        if _is_zip(out):
            _pack(folder, packed)
            packed.replace(out)
        else:
            _move(folder, out)
    except OSError as error:
        raise UserError(
            f"{out} cannot be written: {error.strerror or error}", "check the space and permissions there"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            packed.unlink()


def _is_zip(out: Path) -> bool:
    return out.suffix.lower() == ".zip"


def _move(folder: Path, out: Path) -> None:
    if not out.exists():
        folder.replace(out)
        return
    old = folder.with_suffix(".old")
    out.replace(old)
    try:
        folder.replace(out)
    except OSError:
        old.replace(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _pack(folder: Path, packed: Path) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _DATE)
            member.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(member, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, _CHUNK)

"""What tells cheaply that the bytes at a place are as they were; and what they are, when that is not enough."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from r2r_shared.errors import PermanentError, Unavailable


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells cheaply that a film's bytes are as they were.

    Attributes:
        size_bytes: how many they are.
        mark: what changes with them. A file's time of change, nanoseconds; of an object in a bucket, which has no
            time that a copy could keep, 63 bits of the digest of its ETag.
    """

    size_bytes: int
    mark: int

    @staticmethod
    def of(path: Path) -> Stamp:
        """A regular file's stamp.

        Raises:
            OSError: there is none, or it is something else.
        """
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise FileNotFoundError(f"{path} is no file")
        return Stamp(found.st_size, found.st_mtime_ns)

    @staticmethod
    def of_object(size_bytes: int, version: str) -> Stamp:
        """An object's stamp, from its ETag or whatever else its store changes with its bytes."""
        return Stamp(size_bytes, int.from_bytes(hashlib.sha256(version.encode()).digest()[:8], "big") >> 1)


def digest(path: Path) -> bytes:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def check_unchanged(path: Path, stamp: Stamp) -> None:
    """A film that is written to while it is read is two films.

    Raises:
        PermanentError: the file is not as it was.
        Unavailable: its disk or share has gone meanwhile.
    """
    try:
        same = Stamp.of(path) == stamp
    except FileNotFoundError:
        same = False
    except OSError as error:
        raise Unavailable(f"{path} cannot be read any more: {error.strerror}", "see to its disk or share") from error
    if not same:
        raise PermanentError(f"{path} changed while it was being read: `r2r ingest` it again when it is whole")

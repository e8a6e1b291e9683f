"""Which file holds a film's bytes. A film is known by its content; a path is only where that was seen last."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from r2r_shared.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells cheaply that a file is as it was."""

    size_bytes: int
    mtime_ns: int

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


@dataclass(frozen=True, slots=True)
class FilmFile:
    """A film's digest, and the places where its bytes have been seen, the latest first."""

    sha256: bytes
    places: tuple[tuple[Path, Stamp], ...]

    def locate(self) -> tuple[Path, Stamp]:
        """A file that holds the film, with its stamp as it is now.

        A file of the same size but another time may be a copy: its bytes decide.

        Raises:
            PermanentError: none of the places is there, or all of them hold something else by now.
        """
        other: Path | None = None
        for path, known in self.places:
            try:
                found = Stamp.of(path)
                if found == known or (found.size_bytes == known.size_bytes and digest(path) == self.sha256):
                    return path, found
            except OSError:
                continue
            other = other or path
        if other is not None:
            raise PermanentError(
                f"{other} is no longer the film that was ingested: put that one back, or take the new one in "
                "with `r2r ingest`"
            )
        where = self.places[0][0] if self.places else "the film"
        raise PermanentError(
            f"{where} is not there for this worker: put films where CLI and workers both see them under one path"
        )


def digest(path: Path) -> bytes:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def check_unchanged(path: Path, stamp: Stamp) -> None:
    """A film that is written to while it is read is two films.

    Raises:
        PermanentError: the file is not as it was.
    """
    try:
        same = Stamp.of(path) == stamp
    except OSError:
        same = False
    if not same:
        raise PermanentError(f"{path} changed while it was being read: `r2r ingest` it again when it is whole")

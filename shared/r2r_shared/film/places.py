"""Places where a film's bytes may lie, as the database keeps them, and what they mean on this machine.

    /mnt/films/a.mp4             a file, under the same path for whoever is to read it
    root:archive/silent/a.mp4    a file under a directory that each machine mounts where it likes (R2R_FILM_ROOTS)
    s3://bucket/silent/a.mp4     an object in a bucket
    media:uploads/<sha256>/a.mp4 the media store's own copy (`r2r ingest --upload`)

No two can be confused: what begins with a slash is a path, and nothing else is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from r2r_shared.errors import PermanentError, Unavailable

BUCKET = "s3://"
_ROOT, _MEDIA = "root:", "media:"
UPLOADS = "uploads"
"""The folder of the media store that holds whole films."""

_NAME_LENGTH = 80


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file under the same path on every machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class InRoot:
    """A file under a directory with a name: where that is, each machine says for itself."""

    root: str
    rest: str

    def __str__(self) -> str:
        return f"{_ROOT}{self.root}/{self.rest}"

    def on(self, roots: Mapping[str, Path]) -> Path:
        """Where it lies on a machine with these roots.

        Raises:
            Unavailable: the machine has no such root; another may.
            PermanentError: a link leads out of it.
            OSError: a directory on the way may not be entered.
        """
        if self.root not in roots:
            has = f"it has {', '.join(sorted(roots))}" if roots else "it has none"
            raise Unavailable(
                f"this machine has no film root “{self.root}”: {has}",
                f"set R2R_FILM_ROOTS={self.root}=/its/place",
            )
        directory = roots[self.root].resolve()
        path = (directory / self.rest).resolve()
        if not path.is_relative_to(directory):
            raise PermanentError(f"{self} leads out of {directory}")
        return path


@dataclass(frozen=True, slots=True)
class InBucket:
    """An object."""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The media store's own copy, under this key."""

    key: str

    def __str__(self) -> str:
        return _MEDIA + self.key


Place = OnDisk | InRoot | InBucket | Uploaded


def parse(text: str) -> Place:
    """What a stored place means.

    Raises:
        ValueError: it is none, or it could lead out of where it says it is.
    """
    if "\0" in text:
        raise ValueError(f"not a place: {text!r}")
    if text.startswith("/"):
        return OnDisk(Path(text))
    if text.startswith(BUCKET):
        bucket, _, key = text.removeprefix(BUCKET).partition("/")
        bad = not key or key.endswith("/") or any(part in {".", ".."} for part in key.split("/"))
        # What follows ?versionId= would be read as another version of what stands before it.
        if bad or "?versionId=" in key or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", bucket):
            raise ValueError(f"not an object: {text!r}")
        return InBucket(text)
    if text.startswith(_MEDIA):
        key = text.removeprefix(_MEDIA)
        if not re.fullmatch(rf"{UPLOADS}/[0-9a-f]{{64}}/[A-Za-z0-9_-][A-Za-z0-9._-]*", key):
            raise ValueError(f"not an upload: {text!r}")
        return Uploaded(key)
    if text.startswith(_ROOT):
        root, _, rest = text.removeprefix(_ROOT).partition("/")
        parts = rest.split("/")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", root) or any(part in {"", ".", ".."} for part in parts):
            raise ValueError(f"not a place under a root: {text!r}")
        return InRoot(root, rest)
    raise ValueError(f"not a place: {text!r}")


def is_object(text: str) -> bool:
    """True for the address of a bucket, or of something in one."""
    return text.startswith(BUCKET)


def of_file(path: Path, roots: Mapping[str, Path]) -> OnDisk | InRoot:
    """How a file of this machine is kept: under the deepest root that holds it, else by its path."""
    found = [(name, directory) for name, directory in roots.items() if path != directory]
    found = [(name, directory) for name, directory in found if path.is_relative_to(directory)]
    if not found:
        return OnDisk(path)
    name, directory = max(found, key=lambda pair: (len(pair[1].parts), pair[0]))
    return InRoot(name, path.relative_to(directory).as_posix())


def texts_of(path: Path, roots: Mapping[str, Path]) -> list[str]:
    """Every form under which a file of this machine may be known: roots may have been named since."""
    under = [name for name, directory in roots.items() if path != directory and path.is_relative_to(directory)]
    return [str(path), *(str(InRoot(name, path.relative_to(roots[name]).as_posix())) for name in under)]


def upload_of(sha256: bytes, name: str) -> Uploaded:
    """Where the media store keeps a film: by its content; the name is for people who look into the store."""
    suffix = re.sub(r"[^A-Za-z0-9.]", "", PurePosixPath(name).suffix)[:8]
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", PurePosixPath(name).stem)[:_NAME_LENGTH].strip("_") or "film"
    return Uploaded(f"{upload_prefix(sha256.hex())}/{stem}{suffix if suffix != '.' else ''}")


def upload_prefix(sha256_hex: str) -> str:
    """The media store's folder for whole copies of a film."""
    return f"{UPLOADS}/{sha256_hex}"

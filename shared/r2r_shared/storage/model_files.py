"""Files of models: kept in the media store under their own digest, checked wherever they go."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from r2r_shared.errors import Cancelled, PermanentError, UserError
from r2r_shared.film.stamps import digest as digest_of

if TYPE_CHECKING:
    from r2r_shared.storage.media_store import MediaStore

HEADER_BYTES = 4 << 20
"""So long may a file's own description be; a ResNet-50's is 40 kB."""

_CHUNK_BYTES = 8 << 20


def key_of(digest: str) -> str:
    """Where a model's file lies in the media store: by its content (SHA-256 in hexadecimal)."""
    return f"models/{digest}.safetensors"


def cached(store: MediaStore, digest: str, home: Path, *, should_stop: Callable[[], bool] = lambda: False) -> Path:
    """This machine's copy of a model's file, fetched from the media store where it is missing or damaged.

    Any number of processes may ask at once: each writes a file of its own and moves it there whole.

    Raises:
        PermanentError: the media store has lost it, or has another file in its place.
        Unavailable: the store does not answer.
        UserError: there is no room for it.
        Cancelled: should_stop said so.
    """
    path = home / "models" / f"{digest}.safetensors"
    if path.is_file() and digest_of(path).hex() == digest:
        return path
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy(store, digest, path, should_stop=should_stop)
    except OSError as error:
        raise UserError(
            f"{path.parent} does not take a model's weights: {error.strerror}", "R2R_HOME names its place"
        ) from error
    return path


def copy(store: MediaStore, digest: str, target: Path, *, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Write a model's file to `target`, whole and with the digest it must have, or not at all.

    Raises:
        OSError: the target cannot be written.
        PermanentError, Unavailable, Cancelled: as `cached`.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.{os.urandom(4).hex()}.part")
    found = hashlib.sha256()
    try:
        with partial.open("wb") as file:
            for chunk in _chunks(store, key_of(digest)):
                if should_stop():
                    raise Cancelled("the job is over")
                found.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if found.hexdigest() != digest:
            raise PermanentError(
                f"the media store has another file in place of the model {digest[:12]}…: "
                "remove the model and import its file again"
            )
        partial.replace(target)
    finally:
        with suppress(OSError):
            partial.unlink()


def _chunks(store: MediaStore, key: str) -> Iterator[bytes]:
    try:
        found = store.look(key)
    except FileNotFoundError as error:
        raise PermanentError(
            f"the media store {store.url} has lost the model {key}: remove the model and import its file again"
        ) from error
    if not isinstance(found, Path):
        yield from found.chunks()
        return
    with found.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk


def check_header(path: Path) -> None:
    """Refuse what is no safetensors file, or claims too long a description, before anyone reads more of it.

    The format: eight bytes, little-endian, with the length of a JSON object, that object, the tensors.

    Raises:
        UserError: it is one of these, or cannot be read.
    """
    hint = "weights are never unpickled here: name a .safetensors file that r2r has exported or trained"
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(9)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", hint) from error
    length = struct.unpack("<Q", start[:8])[0] if len(start) == 9 else 0
    if start[8:] != b"{" or length + 8 > size:
        raise UserError(f"{path} is not a safetensors file", hint)
    if length > HEADER_BYTES:
        raise UserError(f"{path} describes itself in {length:,} bytes: {HEADER_BYTES:,} are taken at most", hint)

"""Files that a person asked for: whole or not at all, and never in the place of a film or a picture."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from r2r_shared.errors import UserError

MEDIA = {
    ".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".mxf", ".mpg", ".mpeg", ".m2v", ".vob", ".ts", ".m2ts",
    ".mts", ".wmv", ".asf", ".flv", ".ogv", ".ogg", ".3gp", ".dv", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp",
    ".gif", ".bmp", ".jp2", ".dng", ".wav", ".mp3",
}  # fmt: skip
"""Endings of what nobody can make again: a file that is there and has one is not written over with something else."""

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
"""What PNG and JPEG begin with: a picture of ours may take the place of an older one."""


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, as `write_bytes` does."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, as `write_all` does.

    Raises:
        UserError: it cannot be written there.
    """
    write_all([(path, data)])


def write_all(wanted: Sequence[tuple[Path, bytes]]) -> None:
    """Write files beside their places, then move all of them there.

    A link stays, and the file it leads to is replaced. What is no regular file (a device, a pipe) is written into.

    Raises:
        UserError: one cannot be written there; then none is moved, but where it is the moving that fails.
    """
    partials: list[tuple[Path, Path, Path]] = []  # as asked for, beside its place, its place
    path = Path()
    try:
        for path, data in wanted:
            _require_place(path, data)
            if not _is_stream(path):
                place = Path(os.path.realpath(path))
                partials.append((path, place.with_name(f".{place.name}.{os.getpid()}.part"), place))
                partials[-1][1].write_bytes(data)
        for path, data in wanted:
            if _is_stream(path):
                with path.open("ab") as file:
                    file.write(data)
        for path, partial, place in partials:  # noqa: B007  (a complaint names it)
            partial.replace(place)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}", "name a file in a directory that exists"
        ) from error
    finally:
        for _, partial, _ in partials:
            with contextlib.suppress(OSError):  # it was moved, or a place that takes no file need not let go of one
                partial.unlink()


def spare(film: Path, paths: Iterable[Path]) -> None:
    """See to it that none of the files to be written is the film that they are about.

    Raises:
        UserError: one is, by whatever name.
    """
    for path in paths:
        with contextlib.suppress(OSError):  # one of them is not there
            if film.samefile(path):
                raise UserError(f"{path} is the film itself, and is not written over", "name another file")


def _require_place(path: Path, data: bytes) -> None:
    if not path.name:
        raise UserError(f"“{path}” names no file to write", "name a file in a directory that exists")
    if str(path) == "-":
        raise UserError("“-” is no file", "/dev/stdout is standard output")
    place = Path(os.path.realpath(path))
    if place.suffix.lower() in MEDIA and place.is_file() and not data.startswith(_PICTURES):
        raise UserError(
            f"{path} is there already, and by its name a film or a picture: it is not written over",
            "name another file",
        )
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))


def _is_stream(path: Path) -> bool:
    """Whether a path leads to a device, a pipe, or what is open already (/dev/stdout > FILE)."""
    if os.path.abspath(path).startswith(("/dev/std", "/dev/fd/", "/proc/")):  # noqa: PTH100  (links are not followed)
        return True
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:  # it is not there yet, or whoever writes will meet the same
        return False

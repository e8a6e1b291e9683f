"""Files that a person asked for: whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from r2r_shared.errors import UserError


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, as `write_bytes` does."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file beside its place, then move it there.

    Raises:
        UserError: it cannot be written there.
    """
    write_all([(path, data)])


def write_all(wanted: Sequence[tuple[Path, bytes]]) -> None:
    """Write files beside their places, then move all of them there.

    Raises:
        UserError: one cannot be written there; then none is moved, but where it is the moving that fails.
    """
    partials = [path.with_name(f".{path.name}.{os.getpid()}.part") if path.name else path for path, _ in wanted]
    path = Path()
    try:
        for (path, data), partial in zip(wanted, partials, strict=True):
            if not path.name:
                raise UserError(f"“{path}” names no file to write", "name a file in a directory that exists")
            partial.write_bytes(data)
        for (path, _), partial in zip(wanted, partials, strict=True):
            partial.replace(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}", "name a file in a directory that exists"
        ) from error
    finally:
        for (path, _), partial in zip(wanted, partials, strict=True):
            if path.name:
                with contextlib.suppress(OSError):  # it was moved, or a place that takes no file need not let go of one
                    partial.unlink()

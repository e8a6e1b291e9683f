"""Files that a person asked for: whole or not at all."""

from __future__ import annotations

import contextlib
import os
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
    if not path.name:
        raise UserError(f"“{path}” names no file to write", "name a file in a directory that exists")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # a place that takes no file need not let go of one
            partial.unlink()
        raise UserError(
            f"{path} cannot be written: {error.strerror}", "name a file in a directory that exists"
        ) from error

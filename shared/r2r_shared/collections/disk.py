"""Looking for picture files without leaving the folder that was named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

PICTURES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"})
OTHER_PICTURES = frozenset(
    {".avif", ".cr2", ".cr3", ".dng", ".eps", ".heic", ".heif", ".jp2", ".jxl", ".nef", ".pdf", ".psd", ".raw", ".svg"}
)
"""Kinds of pictures that are not read; a person should hear of them rather than miss them."""
MISSING = "the picture file is missing"


def walk(root: Path, *, depth: int = 16) -> Iterator[Path]:
    """All files below `root`, in the order of their names; hidden ones and linked folders are passed by.

    Folders nested deeper than `depth` are not entered.

    Raises:
        OSError: `root` cannot be listed. A folder below it that cannot be is passed by.
    """
    with os.scandir(root) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.startswith(".") or entry.name in {"Thumbs.db", "__MACOSX", "@eaDir"}:
            continue
        if not entry.is_dir(follow_symlinks=False):
            yield root / entry.name
        elif depth > 0:
            yield from walk(root / entry.name, depth=depth - 1)


def exists(path: Path) -> bool:
    """True where something is there; False for a name longer than the file system allows."""
    try:
        return path.exists()
    except OSError:
        return False


def refused(path: Path, root: Path) -> tuple[str, str] | None:
    """Why a picture file may not be read (reason, detail), or None where it may. `root` is resolved.

    The target of a link counts, not the link: it must be a regular file inside `root`.
    """
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return MISSING, ""
    except (OSError, RuntimeError, ValueError) as exc:  # loops of links, names with a NUL, no permission
        return "the picture file cannot be reached", (getattr(exc, "strerror", "") or str(exc)).strip()
    if not target.is_relative_to(root):
        return "leads outside the collection's folder", ""
    if not stat.S_ISREG(mode):
        return "not a regular file", ""
    return None

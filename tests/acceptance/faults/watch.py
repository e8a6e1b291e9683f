"""A folder that wakes a test as soon as a file appears in it (Linux's inotify, by way of libc)."""

from __future__ import annotations

import ctypes
import os
import select
from pathlib import Path
from typing import Self

_CREATED = 0x100  # IN_CREATE


class Watch:
    """`with Watch(folder) as watch: watch.wait(0.1)`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        libc = ctypes.CDLL(None, use_errno=True)
        self._file = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert libc.inotify_add_watch(self._file, os.fsencode(self._folder), _CREATED) >= 0, ctypes.get_errno()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def wait(self, timeout_s: float) -> bool:
        """True as soon as a file appears; False where none does in time."""
        if not select.select([self._file], [], [], timeout_s)[0]:
            return False
        os.read(self._file, 1 << 16)
        return True

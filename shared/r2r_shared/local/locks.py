"""Advisory locks on files. The kernel frees them when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def locked(path: Path) -> Generator[TextIO]:
    """Hold `path` exclusively; waits for whoever holds it."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


@contextmanager
def in_use(path: Path) -> Generator[TextIO]:
    """Hold `path` together with any number of others; waits for whoever holds it exclusively."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield file


def last_user(file: TextIO) -> bool:
    """Give up one's share of `in_use`; True where no other is left, and then it is held exclusively.

    Of users who leave at the same moment exactly one is told so: a share is given up before the exclusive
    lock is asked for, so the last one to ask finds none of the others in its way.
    """
    return try_lock(file)


def try_lock(file: TextIO) -> bool:
    """Take an open file exclusively, now or not at all."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_locked(path: Path) -> bool:
    """True where someone holds `path` exclusively."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

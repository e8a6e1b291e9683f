"""`import r2r_shared as r2r`: the library's questions as functions, asked of one installation.

The first call opens it (this machine's own servers start within a second or two), and the end of the process, or
`close()`, closes it. What is asked at the same time from several threads is answered one after the other.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import threading
from contextlib import ExitStack
from typing import Any

from r2r_shared.reading.library import Library, library

_lock = threading.RLock()
_opened = ExitStack()
_library: Library | None = None


def current() -> Library:
    """The installation that the functions ask: opened now where it is not, or where its connection is gone."""
    global _library  # noqa: PLW0603  (a process reads one installation, as a command does)
    with _lock:
        if _library is not None and (_library.conn.closed or _library.conn.broken):
            close()
        if _library is None:
            _library = _opened.enter_context(library())
        return _library


def close() -> None:
    """Let go of the installation: its own servers stop where nobody else uses them. The next question opens it."""
    global _library  # noqa: PLW0603
    with _lock:
        _library = None
        _opened.close()


atexit.register(close)


def named(name: str) -> Any:
    """What `r2r_shared` has under a name: something of this package, or a question to the current library."""
    if name in _PARTS:
        return _PARTS[name]
    method = getattr(Library, name)

    @functools.wraps(method)
    def ask(*args: Any, **options: Any) -> Any:
        with _lock:
            return getattr(current(), name)(*args, **options)

    vars(ask)["__signature__"] = _without_self(method)  # what a notebook's help shows
    return ask


def _without_self(method: Any) -> inspect.Signature:
    whole = inspect.signature(method)
    return whole.replace(parameters=list(whole.parameters.values())[1:])


_PARTS = {"Library": Library, "library": library, "close": close}

"""A number of jobs to which something is done one after the other: how far that is, and how far it came."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from r2r_cli import render

EVERY_S = 5.0


class OneByOne:
    """Says every five seconds, and on Ctrl-C, of how many jobs something is done: "5,452 of 10,000 are cancelled".

    Raises:
        SystemExit: 130 after Ctrl-C within it.
    """

    def __init__(self, total: int, done: str, *, quiet: bool) -> None:
        self._total, self._done, self._quiet = total, done, quiet
        self._count = 0
        self._last = time.monotonic()

    def one(self) -> None:
        """It is done to one more."""
        self._count += 1
        if not self._quiet and time.monotonic() - self._last >= EVERY_S:
            self._last = time.monotonic()
            render.note(self._said())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            render.note(f"\nstopped: {self._said()}, the others are as they were")
            raise SystemExit(130) from None

    def _said(self) -> str:
        return f"{self._count:,} of {self._total:,} are {self._done}"

"""Messages for films that were queued: sent now and then, however many films come, and at the end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from typing import TYPE_CHECKING

from r2r_cli.jobs import waiting
from r2r_shared.errors import Unavailable

if TYPE_CHECKING:
    from r2r_cli.context import Session

SEND_EVERY_S = 1.0


class Sending:
    """Sends messages through the sweep: at once, then at most every second, and at the end."""

    def __init__(self, opened: Session) -> None:
        self._opened = opened
        self._last = float("-inf")
        self._due = False

    def now_and_then(self) -> None:
        """Something was queued. A broker that is away meanwhile holds nothing up: `at_last` asks again."""
        self._due = True
        if time.monotonic() - self._last < SEND_EVERY_S:
            return
        try:
            self.at_last()
        except Unavailable:
            self._due = True

    @contextlib.contextmanager
    def before_the_end(self) -> Generator[None]:
        """Send what is left where this ends the call."""
        try:
            yield
        except Unavailable:
            with contextlib.suppress(Unavailable):
                self.at_last()
            raise

    def at_last(self) -> None:
        """Send what is left.

        Raises:
            Unavailable: a server does not answer.
        """
        if self._due:
            waiting.sweep(self._opened)
            self._last, self._due = time.monotonic(), False

"""Asking again: a bounded number of times, ever later, and not all at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from r2r_shared.errors import NotFetched, TryAgain
from r2r_shared.fetching.pace import Pace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to ask, and how long to wait between: `first_s`, doubled each time up to `most_s`, give or take half.

    What differs from thread to thread is what keeps many of them from coming back at the same moment.
    """

    attempts: int = 4
    first_s: float = 1.0
    most_s: float = 30.0

    def after(self, attempt: int) -> float:
        """Seconds to wait after the nth attempt, from 1."""
        return min(self.first_s * 2.0 ** (attempt - 1), self.most_s) * random.uniform(0.5, 1.5)  # noqa: S311

    def persist(self, pace: Pace, attempt: Callable[[], T]) -> T:
        """What `attempt` returns, asked until it does not raise TryAgain. A busy server is left alone by everyone.

        Raises:
            NotFetched: not final: it raised TryAgain each time.
            Stopped: the command is ending.
        """
        for number in range(1, self.attempts + 1):
            try:
                return attempt()
            except TryAgain as failure:
                wait_s = self.after(number) if failure.wait_s is None else failure.wait_s
                last = number == self.attempts
                if failure.busy and not (last and failure.wait_s is None):  # what it asked for counts to the last
                    pace.hold(failure.busy, wait_s)
                if last:
                    times = f"{number} times" if number > 1 else "once"
                    detail = ", ".join(filter(None, (failure.detail, f"asked {times}")))
                    raise NotFetched(failure.reason, detail, final=False) from failure
                if not failure.busy:
                    pace.sleep(wait_s)
        raise AssertionError("no attempt at all")

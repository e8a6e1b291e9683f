"""Films that are being looked into: that takes a second or, for gigabytes, a minute, and no request waits for it."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from r2r_cli.web.complaints import Refused
from r2r_shared.errors import R2RError, UserError

log = logging.getLogger(__name__)

MOST_WAITING = 50
SHOWN_S = 600.0
_REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class Intake:
    """A film on its way to becoming rows.

    Attributes:
        state: looking, taken or refused.
        said: what became of it; hint: what to do about that.
    """

    id: int
    name: str
    state: str = "looking"
    said: str = ""
    hint: str = ""
    film_id: int | None = None
    ended: float = 0.0


Taken = tuple[int, str]
"""A film's id, and what became of it in words; none where a job is at it, which says how it goes on."""


class Intakes:
    """One film is looked into at a time; what became of the last ones is remembered for SHOWN_S seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._known: OrderedDict[int, Intake] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")

    def require_room(self) -> None:
        """Say so before a film is sent for nothing.

        Raises:
            Refused: too many wait already.
        """
        with self._lock:
            self._require_room()

    def begin(self, name: str, take: Callable[[], Taken], *, dropped: Callable[[], object] = lambda: None) -> Intake:
        """Have `take` run as soon as the films before are through; `dropped` instead, where it is not begun any more.

        Raises:
            Refused: too many wait already.
        """
        with self._lock:
            self._require_room()
            one = Intake(next(self._numbers), name)
            self._known[one.id] = one
            while len(self._known) > MOST_WAITING + _REMEMBERED:
                self._known.popitem(last=False)
        submitted = self._thread.submit(self._run, one, take)
        submitted.add_done_callback(lambda ended: dropped() if ended.cancelled() else None)
        return one

    def shown(self) -> list[Intake]:
        """Those that are under way, and those that ended a moment ago, in the order they were asked for."""
        now = self._clock()
        with self._lock:
            return [one for one in self._known.values() if one.state == "looking" or now - one.ended < SHOWN_S]

    def forget(self, number: int) -> None:
        """A reader has seen what became of one."""
        with self._lock:
            if number in self._known and self._known[number].state != "looking":
                del self._known[number]

    def close(self) -> None:
        """Let the one at hand end; those that wait are dropped: nothing of them is stored yet."""
        self._thread.shutdown(cancel_futures=True)

    def _require_room(self) -> None:
        if sum(one.state == "looking" for one in self._known.values()) >= MOST_WAITING:
            raise Refused(503, f"{MOST_WAITING} films wait to be looked into", "try again when they are", wait_s=30)

    def _run(self, one: Intake, take: Callable[[], Taken]) -> None:
        try:
            film_id, said = take()
            ended = replace(one, state="taken", said=said, film_id=film_id)
        except R2RError as error:
            hint = error.hint if isinstance(error, UserError) else ""
            ended = replace(one, state="refused", said=str(error), hint=hint)
        except Exception:
            log.exception("a film was not taken in")
            ended = replace(
                one, state="refused", said="something went wrong that nobody foresaw", hint="see the log of `r2r serve`"
            )
        with self._lock:
            if ended.said:
                self._known[one.id] = replace(ended, ended=self._clock())
            else:
                del self._known[one.id]

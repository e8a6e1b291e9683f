"""The one task: look at a segment and do what its row says. Safe to run any number of times."""
# Celery carries no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import errno
import logging
import time
import traceback
from collections.abc import Callable

from celery import current_task

from r2r_shared import names
from r2r_shared.errors import (
    AnalysisFailed,
    Cancelled,
    LeaseLost,
    PermanentError,
    TransientError,
    Unavailable,
    UserError,
)
from r2r_shared.operating import logs
from r2r_shared.queries import segments, setbacks
from r2r_shared.queries.setbacks import Failure, Reason
from r2r_shared.records import Lease
from r2r_workers import runtime
from r2r_workers.heartbeat import Heartbeat
from r2r_workers.tasks import evaluate, film, match, paintings, switch, train

log = logging.getLogger(__name__)

PAUSE_S = 1.0
"""Between two looks at a database that does not answer: hints would be gone through within seconds."""

LONGEST_PAUSE_S = 8.0
"""After a segment that was put off: a worker that is told to end waits for it."""

_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "insufficient memory",
    "can't start new thread",
)


class PutOffs:
    """How long this process pauses: the longer, the more segments it has put off without finishing one."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def one_more(self) -> float:
        """Seconds to wait now."""
        self._in_a_row += 1
        return min(2.0 ** (self._in_a_row - 1), LONGEST_PAUSE_S)

    def over(self) -> None:
        """A segment was finished."""
        self._in_a_row = 0


put_offs = PutOffs()

STEPS: dict[str, Callable[[Lease, Heartbeat], None]] = {
    names.FILM: film.analyse,
    names.KEYFRAMES: film.measure_again,
    names.MATCH: match.match_film,
    names.PICTURES: paintings.measure_batch,
    names.PICTURE: paintings.measure_picture,
    names.RANGES: paintings.refresh_ranges,
    names.SWITCH: switch.switch,
    names.EVALUATION: evaluate.evaluate,
    names.TRAINING: train.train,
}


def work(hint_id: int) -> None:
    """Lease the most urgent segment of a queue and see it through: done, failed, cancelled, or back in the queue.

    Args:
        hint_id: a segment of that queue.
    """
    try:
        with runtime.connection() as conn:
            held = segments.lease(
                conn,
                hint_id,
                worker=runtime.name(),
                lease_s=runtime.settings().lease_s,
                queue=_queue_of_message(),
            )
    except Unavailable as error:  # the hint is lost, and sent again by a sweep; the next one meets the same
        log.warning("nothing is leased: %s", error)
        time.sleep(PAUSE_S)
        return
    if held is None:  # others were quicker, or the message came twice
        return
    logs.tail.clear()
    with logs.about(job_id=held.job_id, film_id=held.film_id, segment_id=held.id, kind=held.kind, attempt=held.attempt):
        log.info("segment %s of job %s (%s), attempt %s: leased", held.id, held.job_id, held.kind, held.attempt)
        try:
            _see_through(held)
        except Unavailable as error:
            log.warning("segment %s is left to its lease's end: %s", held.id, error)


def _queue_of_message() -> str | None:
    """The queue that the message at hand came by; None where there is no message."""
    info: dict[str, str] = getattr(current_task.request, "delivery_info", None) or {} if current_task else {}
    return info.get("routing_key")


def _see_through(held: Lease) -> None:
    try:
        with Heartbeat(held, lease_s=runtime.settings().lease_s) as pulse:
            try:
                STEPS[held.kind](held, pulse)
            except LeaseLost:  # the row itself said so
                raise
            except Exception:
                pulse.check()  # the job cancelled or the lease lost is the better reason
                raise
    except LeaseLost as error:
        log.warning("%s: what was computed is thrown away", error)
    except Cancelled:
        log.info("segment %s: the job was cancelled", held.id)
        with runtime.connection() as conn:
            setbacks.give_up(conn, held)
    except Unavailable as error:
        _put_off(held, _with_remedy(error))
    except TransientError as error:
        _again(held, "decoder", str(error))
    except AnalysisFailed as error:
        _fail(held, "decoder", str(error))
    except (PermanentError, UserError) as error:
        _fail(held, "refused", _with_remedy(error))
    except Exception as error:
        if _out_of_memory(error):
            _again(held, "memory", f"memory ran out ({error})")
            return
        log.exception("segment %s", held.id)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        _again(held, "bug", f"{type(error).__name__}: {error} ({frame.name}, line {frame.lineno})")
    else:
        put_offs.over()
        log.info("segment %s: done", held.id)


def _with_remedy(error: Exception) -> str:
    return f"{error.message}; {error.hint}" if isinstance(error, UserError) and error.hint else str(error)


def _out_of_memory(error: Exception) -> bool:
    """Whether it was that, by whatever name: torch, OpenCV and the threads of Python say it in words alone."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    said = str(error).lower()
    return any(words in said for words in _NO_MEMORY)


def _fail(held: Lease, reason: Reason, error: str) -> None:
    """Trying again would not mend it."""
    log.error("segment %s failed: %s", held.id, error)
    with runtime.connection() as conn:
        setbacks.fail(conn, held, _failure(reason, error))


def _put_off(held: Lease, error: str) -> None:
    """A server or the store is away: the segment waits a while, and that is nobody's failure."""
    log.warning("segment %s is put off: %s", held.id, error)
    with runtime.connection() as conn:
        setbacks.put_off(conn, held, _failure("unavailable", error))
    # What this machine lacks, it lacks for the next segment, too: it must not be quicker at every hint than those
    # that could do the work.
    time.sleep(put_offs.one_more())


def _again(held: Lease, reason: Reason, error: str) -> None:
    """Back into the queue, the attempt counted; after too many it fails. The next sweep sends its message."""
    log.warning("segment %s goes back into the queue: %s", held.id, error)
    with runtime.connection() as conn:
        setbacks.hand_back(conn, held, _failure(reason, error), max_attempts=runtime.settings().max_attempts)


def _failure(reason: Reason, error: str) -> Failure:
    """For a row that people read: without a password that a driver may have quoted."""
    return Failure(reason, logs.clean(error), logs.tail.lines())

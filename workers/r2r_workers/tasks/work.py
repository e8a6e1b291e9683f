"""The one task: look at a segment and do what its row says. Safe to run any number of times."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from r2r_shared import names
from r2r_shared.errors import Cancelled, LeaseLost, PermanentError, TransientError, Unavailable, UserError
from r2r_shared.queries import segments, sweeping
from r2r_shared.records import Lease
from r2r_workers import runtime
from r2r_workers.heartbeat import Heartbeat
from r2r_workers.tasks import film, match, paintings

log = logging.getLogger(__name__)

STEPS: dict[str, Callable[[Lease, Heartbeat], None]] = {
    names.FILM: film.analyse,
    names.KEYFRAMES: film.measure_again,
    names.MATCH: match.match_film,
    names.PICTURES: paintings.measure_batch,
    names.PICTURE: paintings.measure_picture,
    names.RANGES: paintings.refresh_ranges,
}


def work(segment_id: int) -> None:
    """Lease a segment and see it through: done, failed, cancelled, or back in the queue."""
    settings = runtime.settings()
    with runtime.connection() as conn:
        held = segments.lease(
            conn, segment_id, worker=runtime.name(), lease_s=settings.lease_s, max_attempts=settings.max_attempts
        )
    if held is None:  # someone else's, finished, or cancelled
        return
    log.info("job %s segment %s (%s): attempt %s", held.job_id, held.id, held.kind, held.attempt)
    try:
        with Heartbeat(held, lease_s=settings.lease_s) as pulse:
            STEPS[held.kind](held, pulse)
    except LeaseLost as error:
        log.warning("%s: what was computed is thrown away", error)
    except Cancelled:
        with runtime.connection() as conn:
            segments.give_up(conn, held)
    except (TransientError, Unavailable) as error:
        _again(held, str(error))
    except (PermanentError, UserError) as error:
        reason = f"{error.message}; {error.hint}" if isinstance(error, UserError) and error.hint else str(error)
        log.error("segment %s failed: %s", held.id, reason)
        with runtime.connection() as conn:
            segments.fail(conn, held, error=reason)
    except Exception as error:
        log.exception("segment %s", held.id)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        _again(held, f"{type(error).__name__}: {error} ({frame.name}, line {frame.lineno})")


def _again(held: Lease, reason: str) -> None:
    """Back into the queue, the attempt counted; the sweep fails it when there were too many."""
    log.warning("segment %s goes back into the queue: %s", held.id, reason)
    settings = runtime.settings()
    with runtime.connection() as conn:
        segments.hand_back(conn, held, count_attempt=True, error=reason)
        messages = sweeping.sweep(
            conn, lease_s=settings.lease_s, max_attempts=settings.max_attempts, job_id=held.job_id
        )
    runtime.send(messages)

"""The last segment of an activation's round: the profile that was filled becomes the active one, or is filled on."""

from __future__ import annotations

import logging

from r2r_shared.queries import activation, segments
from r2r_shared.records import Lease
from r2r_workers import runtime
from r2r_workers.heartbeat import Heartbeat

log = logging.getLogger(__name__)


def switch(held: Lease, pulse: Heartbeat) -> None:
    """Make the job's profile the active one, unless something has come in that it has no numbers for yet."""
    pulse.stats = {"stage": "switch"}
    with runtime.connection() as conn, pulse.breaking_off(conn), conn.transaction():
        segments.bound_silence(conn)
        came_in = activation.switch(conn, held.job_id, held.profile_id)
        pulse.check()
        messages = segments.finish(conn, held, stats={"stage": "done"})
    if came_in:
        log.info(
            "%s paintings, %s keyframes and %s films have come in meanwhile",
            *(came_in.paintings, came_in.keyframes, came_in.films),
        )
    runtime.send(messages)

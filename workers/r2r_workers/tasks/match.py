"""The closing segment of an ingest: score the film's keyframes, then let queries see it."""

from __future__ import annotations

import time

from r2r_shared.queries import matches, segments, shots
from r2r_shared.records import Lease
from r2r_workers import runtime
from r2r_workers.heartbeat import Heartbeat


def match_film(held: Lease, pulse: Heartbeat) -> None:
    """Match a film's keyframes and show its new analysis, in one transaction: all of it is seen, or none."""
    assert held.film_id is not None
    pulse.stats = {"stage": "match"}
    began = time.perf_counter()
    analysed = bool(held.options.get("analyse", True))
    with runtime.connection() as conn, pulse.breaking_off(conn), conn.transaction():
        segments.bound_silence(conn)
        matches.match_film(
            conn,
            held.film_id,
            held.profile_id,
            k=runtime.settings().top_k,
            job_id=held.job_id if analysed else None,
        )
        pulse.check()
        unused = shots.show(conn, film_id=held.film_id, job_id=held.job_id) if analysed else []
        messages = segments.finish(
            conn, held, stats={"stage": "done", "match_s": round(time.perf_counter() - began, 3)}
        )
    for prefix in unused:
        runtime.store().delete_prefix(prefix)
    runtime.send(messages)

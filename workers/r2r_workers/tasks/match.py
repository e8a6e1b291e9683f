"""The closing segment of an ingest, or one of an activation: score a film's keyframes, then let queries see it."""

from __future__ import annotations

import time

from r2r_shared.queries import activation, films, matches, segments, shots
from r2r_shared.records import Lease
from r2r_workers import runtime
from r2r_workers.heartbeat import Heartbeat


def match_film(held: Lease, pulse: Heartbeat) -> None:
    """Match a film's keyframes and show its new analysis, in one transaction: all of it is seen, or none.

    Of an activation it is one segment of many, each with a film of its own; one that was removed meanwhile is left.
    Where the profile has been superseded meanwhile, the one that is active now is to measure the film, too.
    """
    pulse.stats = {"stage": "match"}
    began = time.perf_counter()
    analysed = bool(held.options.get("analyse", True))
    film_id = held.items[0] if held.items else held.film_id
    assert film_id is not None
    unused: list[str] = []
    with runtime.connection() as conn, pulse.breaking_off(conn), conn.transaction():
        segments.bound_silence(conn)
        if not held.items or films.is_there(conn, film_id):
            matches.match_film(
                conn,
                film_id,
                held.profile_id,
                k=runtime.settings().top_k,
                job_id=held.job_id if analysed else None,
            )
        pulse.check()
        if analysed:
            unused = shots.show(conn, film_id=film_id, job_id=held.job_id)
        messages = segments.finish(
            conn, held, stats={"stage": "done", "match_s": round(time.perf_counter() - began, 3)}
        )
        if held.film_id is not None:
            activation.catch_up_film(conn, film_id, held.profile_id)
    for prefix in unused:
        runtime.store().delete_prefix(prefix)
    runtime.send(messages)

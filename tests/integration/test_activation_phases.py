"""Jobs of several phases, whatever these are: none begins before all that stands before it is done."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from r2r_shared import db, names
from r2r_shared.queries import job_changes, jobs, segments, setbacks
from r2r_shared.queries.setbacks import Failure
from tests import synthetic

KINDS = (names.KEYFRAMES, names.MATCH)


@pytest.fixture
def profile_id(conn: db.Connection) -> int:
    found = synthetic.add_profile(conn)
    conn.commit()
    return found


def make(conn: db.Connection, profile_id: int, phases: Sequence[int]) -> int:
    job_id = jobs.create(conn, kind="activate", profile_id=profile_id)
    for number, phase in enumerate(phases):
        segments.add_batches(conn, job_id, KINDS[phase % len(KINDS)], [[number]], phase=phase)
    segments.release(conn, job_id)
    conn.commit()
    return job_id


def states(conn: db.Connection, job_id: int) -> list[tuple[int, int, str]]:
    found = conn.execute("SELECT id, phase, state FROM segments WHERE job_id = %s", (job_id,)).fetchall()
    conn.commit()
    return [(row[0], row[1], row[2]) for row in found]


@given(
    phases=st.lists(st.integers(0, 5), min_size=1, max_size=7),
    seed=st.integers(0, 2**16),
    troubles=st.lists(st.sampled_from(["cancel", "fail", "hand back"]), max_size=3),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_the_first_phase_that_is_not_done_is_worked_on(
    conn: db.Connection, profile_id: int, phases: list[int], seed: int, troubles: list[str]
) -> None:
    """Segments end in any order; in between the job is cancelled or fails, and is tried again."""
    chance = random.Random(seed)
    job_id = make(conn, profile_id, phases)
    done: set[int] = set()
    left = list(troubles)
    while jobs.get(conn, job_id).state != "done":
        rows = states(conn, job_id)
        first = min(phase for _, phase, state in rows if state != "done")
        assert {state for _, phase, state in rows if phase < first} <= {"done"}
        assert {state for _, phase, state in rows if phase > first} <= {"blocked"}
        waiting = [segment for segment, phase, state in rows if state == "queued"]
        assert waiting, "something can always be worked on"
        assert {segment for segment, _, state in rows if state == "done"} == done
        held = segments.lease(conn, chance.choice(waiting), worker="host:1/1")
        assert held is not None
        conn.commit()
        trouble = left.pop() if left and chance.random() < 0.5 else None
        if trouble == "hand back":
            setbacks.hand_back(conn, held, Failure("bug", "no"), max_attempts=9)
        elif trouble is not None:
            if trouble == "cancel":
                job_changes.cancel(conn, job_id)
                setbacks.give_up(conn, held)
            else:
                setbacks.fail(conn, held, Failure("refused", "no"))
            conn.commit()
            job_changes.retry(conn, job_id)
        else:
            with conn.transaction():
                sent = segments.finish(conn, held, stats={})
            done.add(held.id)
            queued = {segment for segment, _, state in states(conn, job_id) if state == "queued"}
            assert {message.segment_id for message in sent} in (set(), queued), "a phase is sent as a whole"
        conn.commit()

    assert done == {segment for segment, _, _ in states(conn, job_id)}


def test_of_a_phase_of_thousands_not_all_are_sent_at_once(conn: db.Connection, profile_id: int) -> None:
    """Redis stays small: sweeps send for the rest, as these are taken."""
    job_id = make(conn, profile_id, [0, *([1] * 300)])
    held = segments.lease(conn, states(conn, job_id)[0][0], worker="host:1/1")
    assert held is not None

    with conn.transaction():
        sent = segments.finish(conn, held, stats={})

    assert len(sent) == segments.SENT_AT_ONCE
    waiting = conn.execute(
        "SELECT count(*) FILTER (WHERE sent_at IS NULL), count(*) FROM segments WHERE job_id = %s AND state = 'queued'",
        (job_id,),
    ).fetchone()
    assert waiting == (300 - segments.SENT_AT_ONCE, 300)

"""Leases, fences, attempts, sweeps: the promises of DESIGN section 6, on real rows."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from r2r_shared import db, names
from r2r_shared.errors import Cancelled, LeaseLost, UserError
from r2r_shared.queries import jobs, profiles, segments, shots, sweeping
from r2r_shared.records import Box, FoundKeyframe, FoundShot, Lease
from tests import synthetic

LEASE_S = 30.0
ATTEMPTS = 3


@pytest.fixture
def profile_id(conn: db.Connection) -> int:
    found = profiles.ensure(
        conn,
        {
            "name": "test",
            "encoder": "e",
            "encoder_digest": "1",
            "depth": "d",
            "depth_digest": "1",
            "metrics_version": 1,
            "dim": 4,
        },
    ).id
    conn.commit()
    return found


@pytest.fixture
def job(conn: db.Connection, profile_id: int) -> int:
    """Two spans and a closing match."""
    job_id = jobs.create(conn, kind="match", profile_id=profile_id)
    segments.add_spans(conn, job_id, [(0, 100), (100, 250)])
    segments.add_closing(conn, job_id, names.MATCH)
    conn.commit()
    return job_id


def lease(conn: db.Connection, segment_id: int, worker: str = "a") -> Lease | None:
    return segments.lease(conn, segment_id, worker=worker, lease_s=LEASE_S, max_attempts=ATTEMPTS)


def parts(conn: db.Connection, job: int) -> list[segments.Segment]:
    return segments.listed(conn, job)


def silence(conn: db.Connection, segment_id: int, seconds: float = LEASE_S + 1) -> None:
    """As if the worker had last been heard of that long ago."""
    conn.execute(
        "UPDATE segments SET heartbeat_at = now() - make_interval(secs => %s), sent_at = now() - interval '1 hour' "
        "WHERE id = %s",
        (seconds, segment_id),
    )
    conn.commit()


def finish(conn: db.Connection, held: Lease, *, shots: int = 0) -> list[segments.Message]:
    with conn.transaction():
        return segments.finish(conn, held, stats={"shots": shots, "frames": 100})


def sweep(conn: db.Connection) -> list[segments.Message]:
    return sweeping.sweep(conn, lease_s=LEASE_S, max_attempts=ATTEMPTS)


def test_a_segment_has_one_holder(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]

    held = lease(conn, first.id, "a")
    refused = lease(conn, first.id, "b")

    assert held is not None
    assert held.attempt == 1
    assert refused is None
    assert jobs.get(conn, job).state == "running"


def test_two_workers_race_for_a_hundred_segments_and_none_is_taken_twice(
    database_url: str, conn: db.Connection, profile_id: int
) -> None:
    job_id = jobs.create(conn, kind="match", profile_id=profile_id)
    segments.add_spans(conn, job_id, [(n, n + 1) for n in range(100)])
    conn.commit()
    ids = [part.id for part in parts(conn, job_id)]
    taken: list[int] = []

    def work(name: str) -> None:
        with db.connect(database_url) as mine:
            for segment_id in ids:
                if lease(mine, segment_id, name) is not None:
                    taken.append(segment_id)
                mine.commit()

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == ids


def test_a_worker_that_lost_its_lease_cannot_finish(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]
    stalled = lease(conn, first.id, "a")
    assert stalled is not None
    silence(conn, first.id)
    second = lease(conn, first.id, "b")
    assert second is not None

    with pytest.raises(LeaseLost):
        finish(conn, stalled)
    with pytest.raises(LeaseLost):
        segments.beat(conn, stalled, progress=0.5, stats={})

    assert parts(conn, job)[0].attempt == 2
    finish(conn, second)
    assert parts(conn, job)[0].state == "done"


def test_a_heartbeat_of_null_counts_as_stale(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]
    assert lease(conn, first.id) is not None
    conn.execute("UPDATE segments SET heartbeat_at = NULL WHERE id = %s", (first.id,))

    assert lease(conn, first.id, "b") is not None


def test_a_lease_that_beats_is_not_taken(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]
    held = lease(conn, first.id)
    assert held is not None
    silence(conn, first.id, LEASE_S - 1)
    segments.beat(conn, held, progress=0.4, stats={"stage": "decode"})
    conn.commit()

    assert lease(conn, first.id, "b") is None
    assert parts(conn, job)[0].progress == pytest.approx(0.4)


def test_the_closing_segment_is_queued_by_the_last_and_ends_the_job(conn: db.Connection, job: int) -> None:
    one, two, closing = parts(conn, job)
    assert closing.state == "blocked"
    assert lease(conn, closing.id) is None

    held_one, held_two = lease(conn, one.id), lease(conn, two.id)
    assert held_one is not None
    assert held_two is not None
    assert finish(conn, held_one) == []
    after = finish(conn, held_two)
    assert [(m.segment_id, m.kind) for m in after] == [(closing.id, names.MATCH)]
    last = lease(conn, closing.id)
    assert last is not None
    assert finish(conn, last) == []

    done = jobs.get(conn, job)
    assert (done.state, done.segments_done) == ("done", 3)
    assert done.progress == pytest.approx(1.0)


SHOT = FoundShot(0, 1, 0.0, 0.04, "cut", None, (FoundKeyframe(0, 0.0, b"", 64, 36, Box(0, 0, 64, 36)),))


def test_two_workers_store_and_finish_at_once_and_one_of_them_queues_the_closing_segment(
    database_url: str, conn: db.Connection, profile_id: int
) -> None:
    """Each writes rows that refer to the job before it asks for the job: neither may wait for the other."""
    for _ in range(10):
        film_id, _, _ = synthetic.add_film(conn, profile_id, [])
        job_id = jobs.create(conn, kind="ingest", profile_id=profile_id, film_id=film_id)
        segments.add_spans(conn, job_id, [(0, 1), (1, 2)])
        segments.add_closing(conn, job_id, names.MATCH)
        conn.commit()
        held = [lease(conn, part.id) for part in parts(conn, job_id)[:2]]
        conn.commit()
        sent: list[segments.Message] = []
        failed: list[Exception] = []
        together = threading.Barrier(2)

        def end(mine: Lease, number: int) -> None:
            shot = replace(SHOT, start_frame=number, end_frame=number + 1)
            try:
                with db.connect(database_url) as own, own.transaction():
                    segments.hold(own, mine)
                    shots.write(
                        own,
                        film_id=film_id,  # noqa: B023
                        job_id=job_id,  # noqa: B023
                        segment_id=mine.id,
                        shots=[shot],
                        image_key=str,
                    )
                    together.wait()  # noqa: B023
                    sent.extend(segments.finish(own, mine, stats={}))  # noqa: B023
            except Exception as error:  # noqa: BLE001
                failed.append(error)  # noqa: B023

        threads = [threading.Thread(target=end, args=(one, number)) for number, one in enumerate(held)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failed == []
        assert len(sent) == 1
        conn.rollback()


def test_finishing_twice_is_refused_and_changes_nothing(conn: db.Connection, job: int) -> None:
    """A commit that was applied while its client saw an error is tried again: it must not count twice."""
    held = lease(conn, parts(conn, job)[0].id)
    assert held is not None
    finish(conn, held)

    with pytest.raises(LeaseLost):
        finish(conn, held)

    assert jobs.get(conn, job).segments_done == 1


def test_a_segment_out_of_attempts_fails_its_job_with_the_reason(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]
    for attempt in range(1, ATTEMPTS + 1):
        held = lease(conn, first.id, f"w{attempt}")
        assert held is not None
        assert held.attempt == attempt
        silence(conn, first.id)
    assert lease(conn, first.id) is None

    sweep(conn)

    ended = jobs.get(conn, job)
    assert ended.state == "failed"
    assert ended.error is not None
    assert "3 attempts" in ended.error
    assert "w3" in ended.error


def test_the_sweep_sends_again_what_lost_its_message_or_its_worker(conn: db.Connection, job: int) -> None:
    one, two, _ = parts(conn, job)

    assert sorted(m.segment_id for m in sweep(conn)) == [one.id, two.id]  # never sent
    assert sweep(conn) == []  # sent a moment ago
    assert lease(conn, one.id) is not None
    silence(conn, one.id)
    assert [m.segment_id for m in sweep(conn)] == [one.id]  # its worker died
    conn.execute("UPDATE segments SET sent_at = now() - interval '1 hour' WHERE id = %s", (two.id,))
    assert [m.segment_id for m in sweep(conn)] == [two.id]  # its message was lost


def test_handing_back_counts_the_attempt_only_where_something_went_wrong(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]
    held = lease(conn, first.id)
    assert held is not None
    segments.hand_back(conn, held, count_attempt=False)
    assert parts(conn, job)[0].attempt == 0

    held = lease(conn, first.id)
    assert held is not None
    segments.hand_back(conn, held, count_attempt=True, error="disk full")
    again = parts(conn, job)[0]
    assert (again.state, again.attempt, again.error) == ("queued", 1, "disk full")


def test_a_stopped_worker_s_segments_go_back_at_once(conn: db.Connection, job: int) -> None:
    one, two, _ = parts(conn, job)
    lease(conn, one.id, "here:12/3")
    lease(conn, two.id, "here:123/4")

    assert segments.hand_back_of(conn, "here:12/") == 1

    assert [part.state for part in parts(conn, job)[:2]] == ["queued", "running"]


def test_cancelling_ends_queued_work_at_once_and_running_work_with_its_heartbeat(conn: db.Connection, job: int) -> None:
    held = lease(conn, parts(conn, job)[0].id)
    assert held is not None

    assert jobs.cancel(conn, job) == "running"
    with pytest.raises(Cancelled):
        segments.beat(conn, held, progress=0.1, stats={})
    with pytest.raises(Cancelled):
        finish(conn, held)
    segments.give_up(conn, held)

    assert jobs.get(conn, job).state == "cancelled"
    assert lease(conn, parts(conn, job)[1].id) is None
    with pytest.raises(UserError, match="cancelled already"):
        jobs.cancel(conn, job)


def test_a_cancelled_job_whose_worker_died_is_ended_by_the_sweep(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]
    assert lease(conn, first.id) is not None
    jobs.cancel(conn, job)
    silence(conn, first.id)

    sweep(conn)

    assert jobs.get(conn, job).state == "cancelled"


def test_a_worker_that_stops_after_the_cancelling_ends_the_job_too(conn: db.Connection, job: int) -> None:
    """It noticed its own end before its next heartbeat told it of the job's."""
    held = lease(conn, parts(conn, job)[0].id, "here:12/3")
    assert held is not None
    assert jobs.cancel(conn, job) == "running"

    assert segments.hand_back_of(conn, "here:12/") == 1

    assert jobs.get(conn, job).state == "cancelled"
    assert {part.state for part in parts(conn, job)} == {"cancelled"}


def test_an_error_after_the_cancelling_ends_the_job_too(conn: db.Connection, job: int) -> None:
    held = lease(conn, parts(conn, job)[0].id)
    assert held is not None
    jobs.cancel(conn, job)

    segments.hand_back(conn, held, count_attempt=True, error="disk full")

    assert jobs.get(conn, job).state == "cancelled"


def test_what_is_left_of_a_failed_job_is_ended_by_the_sweep(conn: db.Connection, job: int) -> None:
    one, two, _ = parts(conn, job)
    held_one, held_two = lease(conn, one.id), lease(conn, two.id)
    assert held_one is not None
    assert held_two is not None
    segments.fail(conn, held_one, error="the film is damaged")

    sweep(conn)

    assert [part.state for part in parts(conn, job)] == ["failed", "cancelled", "cancelled"]
    with pytest.raises(LeaseLost):
        segments.beat(conn, held_two, progress=0.5, stats={})


def test_of_two_retries_at_once_one_is_told_of_the_other(
    database_url: str, conn: db.Connection, profile_id: int
) -> None:
    """Two failed jobs of one film, tried again by two people at the same moment."""
    film_id, _, _ = synthetic.add_film(conn, profile_id, [])
    failed: list[int] = []
    for _ in range(2):
        job_id = jobs.create(conn, kind="ingest", profile_id=profile_id, film_id=film_id)
        segments.add_spans(conn, job_id, [(0, 1)])
        conn.execute("UPDATE jobs SET state = 'failed' WHERE id = %s", (job_id,))
        failed.append(job_id)
    conn.commit()
    with db.connect(database_url) as other:
        jobs.retry(conn, failed[0])  # not committed yet: the other cannot see it
        said: list[str] = []

        def second() -> None:
            try:
                jobs.retry(other, failed[1])
            except UserError as error:
                said.append(error.message)

        thread = threading.Thread(target=second)
        thread.start()
        conn.commit()
        thread.join()

    assert len(said) == 1
    assert "already ingesting" in said[0]


def test_retry_does_only_what_is_missing(conn: db.Connection, job: int) -> None:
    one, two, closing = parts(conn, job)
    held_one, held_two = lease(conn, one.id), lease(conn, two.id)
    assert held_one is not None
    assert held_two is not None
    finish(conn, held_one)
    segments.fail(conn, held_two, error="the film is damaged")
    assert jobs.get(conn, job).state == "failed"

    jobs.retry(conn, job)

    states = {part.id: (part.state, part.attempt) for part in parts(conn, job)}
    assert states == {one.id: ("done", 1), two.id: ("queued", 0), closing.id: ("blocked", 0)}
    assert jobs.get(conn, job).state == "queued"
    with pytest.raises(UserError, match="is queued"):
        jobs.retry(conn, job)


def test_a_dead_client_in_mid_finish_leaves_the_segment_to_others(
    database_url: str, conn: db.Connection, job: int
) -> None:
    first = parts(conn, job)[0]
    held = lease(conn, first.id)
    assert held is not None
    conn.commit()
    victim: psycopg.Connection[Any] = db.connect(database_url)
    segments.finish(victim, held, stats={})
    pid = victim.info.backend_pid
    conn.execute("SELECT pg_terminate_backend(%s)", (pid,))
    with pytest.raises(psycopg.OperationalError):
        victim.commit()
    victim.close()

    assert parts(conn, job)[0].state == "running"
    silence(conn, first.id)
    assert lease(conn, first.id, "b") is not None


def test_retry_begins_again_where_a_later_ingest_has_replaced_the_shots(conn: db.Connection, job: int) -> None:
    """Else the film would be shown without the part that this job had finished."""
    one, two, _ = parts(conn, job)
    held_one, held_two = lease(conn, one.id), lease(conn, two.id)
    assert held_one is not None
    assert held_two is not None
    finish(conn, held_one, shots=3)  # and the three are not there any more
    segments.fail(conn, held_two, error="the film is damaged")

    jobs.retry(conn, job)

    assert [part.state for part in parts(conn, job)] == ["queued", "queued", "blocked"]


def test_the_sweep_keeps_few_messages_under_way_and_repeats_them_ever_more_rarely(
    conn: db.Connection, profile_id: int
) -> None:
    """Ten thousand queued films are rows; they must not become ten thousand messages a minute."""
    job_id = jobs.create(conn, kind="match", profile_id=profile_id)
    segments.add_spans(conn, job_id, [(n, n + 1) for n in range(1000)])
    conn.commit()

    assert len(sweep(conn)) == sweeping.SENT_AHEAD
    assert sweep(conn) == []
    conn.execute("UPDATE jobs SET created_at = now() - interval '100 s'")
    conn.execute("UPDATE segments SET sent_at = now() - interval '40 s' WHERE sent_at IS NOT NULL")
    assert sweep(conn) == []  # older than a lease, but it has been sent 60 s after the job was made
    conn.execute("UPDATE segments SET sent_at = now() - interval '301 s' WHERE sent_at IS NOT NULL")
    assert len(sweep(conn)) == sweeping.SENT_AHEAD


def test_cancelling_while_a_lease_is_taken_waits_for_nobody_for_ever(
    database_url: str, conn: db.Connection, profile_id: int
) -> None:
    for _ in range(20):
        job_id = jobs.create(conn, kind="match", profile_id=profile_id)
        segments.add_spans(conn, job_id, [(0, 1), (1, 2)])
        conn.commit()
        ids = [part.id for part in parts(conn, job_id)]
        conn.rollback()
        together = threading.Barrier(2)
        failed: list[Exception] = []

        def take() -> None:
            try:
                with db.connect(database_url) as own:
                    together.wait()  # noqa: B023
                    for segment_id in ids:  # noqa: B023
                        lease(own, segment_id)
                        own.commit()
            except Exception as error:  # noqa: BLE001
                failed.append(error)  # noqa: B023

        thread = threading.Thread(target=take)
        thread.start()
        together.wait()
        jobs.cancel(conn, job_id)
        conn.commit()
        thread.join()
        assert failed == []

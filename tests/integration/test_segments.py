"""Leases, fences, attempts, sweeps: the promises of DESIGN section 6, on real rows."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from r2r_shared import db, names
from r2r_shared.errors import Cancelled, LeaseLost, Unavailable, UserError
from r2r_shared.queries import job_changes, job_parts, jobs, profiles, segments, setbacks, shots, sweeping
from r2r_shared.queries.setbacks import Failure
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
    """The most urgent segment of that one's queue: in these tests that is the one itself, or the next."""
    return segments.lease(conn, segment_id, worker=worker, lease_s=LEASE_S)


def parts(conn: db.Connection, job: int) -> list[job_parts.Part]:
    return job_parts.listed(conn, job)


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


def sweep(conn: db.Connection, *, in_redis: int = 1000) -> list[segments.Message]:
    """Sweep while so many messages wait in each queue; by default none that was sent is missing."""
    return sweeping.sweep(conn, max_attempts=ATTEMPTS, depth_of=lambda queue: in_redis)


def test_a_segment_has_one_holder(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]

    held = lease(conn, first.id, "a")
    other = lease(conn, first.id, "b")  # the same message, delivered twice: it is worth a look at the queue
    third = lease(conn, first.id, "c")

    assert held is not None
    assert other is not None
    assert (held.id, held.attempt) == (first.id, 1)
    assert other.id == parts(conn, job)[1].id
    assert third is None
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
                if (held := lease(mine, segment_id, name)) is not None:
                    taken.append(held.id)
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
    sweep(conn)
    second = lease(conn, first.id, "b")
    assert second is not None
    assert second.id == first.id

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
    conn.commit()

    assert first.id in {message.segment_id for message in sweep(conn)}
    assert parts(conn, job)[0].state == "queued"


def test_a_lease_that_beats_is_not_taken(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]
    held = lease(conn, first.id)
    assert held is not None
    silence(conn, first.id, LEASE_S - 1)
    segments.beat(conn, held, progress=0.4, stats={"stage": "decode"})
    conn.commit()
    sweep(conn)

    assert parts(conn, job)[0].state == "running"
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
    assert after == [segments.Message(closing.id, names.CONTROL)]
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
        assert (held.id, held.attempt) == (first.id, attempt)
        silence(conn, first.id)
        sweep(conn)

    ended = jobs.get(conn, job)
    assert ended.state == "failed"
    assert ended.error is not None
    assert "3 attempts" in ended.error
    assert "w3" in ended.error
    rows = conn.execute("SELECT attempt, worker, reason FROM failures ORDER BY id").fetchall()
    assert rows == [(1, "w1", "silent"), (2, "w2", "silent"), (3, "w3", "silent")]


def test_the_last_words_of_a_killed_worker_are_kept(conn: db.Connection, job: int) -> None:
    held = lease(conn, parts(conn, job)[0].id)
    assert held is not None
    segments.beat(conn, held, progress=0.5, stats={}, log=["opening film.mp4", "frame 4711"])
    silence(conn, held.id)

    sweep(conn)

    kept = conn.execute("SELECT segment_id, attempt, log FROM failures").fetchall()
    assert kept == [(held.id, 1, ["opening film.mp4", "frame 4711"])]


def test_the_sweep_sends_again_what_lost_its_message_or_its_worker(conn: db.Connection, job: int) -> None:
    one, two, _ = parts(conn, job)

    assert sorted(m.segment_id for m in sweep(conn)) == [one.id, two.id]  # never sent
    assert sweep(conn, in_redis=0) == []  # sent a moment ago: they may be on their way
    assert lease(conn, one.id) is not None
    silence(conn, one.id)
    assert [m.segment_id for m in sweep(conn)] == [one.id]  # its worker died
    conn.execute("UPDATE segments SET sent_at = now() - interval '1 hour'")
    conn.commit()
    assert sweep(conn, in_redis=2) == []  # as many wait in Redis as were sent
    assert len(sweep(conn, in_redis=1)) == 1  # one was lost; which one does not matter
    conn.execute("UPDATE segments SET sent_at = now() - interval '1 hour'")
    conn.commit()
    assert sorted(m.segment_id for m in sweep(conn, in_redis=0)) == [one.id, two.id]  # Redis was wiped


WRONG = Failure("bug", "a mistake", ["the line before"])
AWAY = Failure("unavailable", "disk full")
DAMAGED = Failure("decoder", "the film is damaged")


def test_what_went_wrong_is_counted_and_kept(conn: db.Connection, job: int) -> None:
    held = lease(conn, parts(conn, job)[0].id, "here:1/2")
    assert held is not None

    setbacks.hand_back(conn, held, WRONG, max_attempts=ATTEMPTS)

    again = parts(conn, job)[0]
    assert (again.state, again.attempt, again.error) == ("queued", 1, "a mistake")
    kept = conn.execute("SELECT attempt, worker, reason, error, log FROM failures").fetchall()
    assert kept == [(1, "here:1/2", "bug", "a mistake", ["the line before"])]


def test_the_last_attempt_that_goes_wrong_fails_the_job(conn: db.Connection, job: int) -> None:
    for _ in range(ATTEMPTS):
        held = lease(conn, parts(conn, job)[0].id)
        assert held is not None
        setbacks.hand_back(conn, held, WRONG, max_attempts=ATTEMPTS)

    ended = jobs.get(conn, job)
    assert (ended.state, ended.error) == ("failed", "3 attempts; the last one: a mistake")


def test_a_store_that_is_away_costs_time_but_no_attempt(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]
    pauses: list[float] = []
    for _ in range(3):
        held = lease(conn, first.id)
        assert held is not None
        assert held.attempt == 1
        setbacks.put_off(conn, held, AWAY)
        row = conn.execute(
            "SELECT state, extract(epoch FROM not_before - now())::float8 FROM segments WHERE id = %s", (held.id,)
        ).fetchone()
        assert row is not None
        assert row[0] == "queued"
        pauses.append(row[1])
        taken = lease(conn, first.id)
        assert taken is None or taken.id != held.id, "it was leased before its time"
        conn.execute("UPDATE segments SET state = 'queued', attempt = 0, not_before = now() WHERE id = %s", (first.id,))
        conn.commit()

    assert pauses == pytest.approx([5, 10, 20], abs=0.5)
    assert sum(min(5 * 2**n, 300) for n in range(setbacks.MOST_WAITS)) > 3 * 86400


def test_a_store_that_stays_away_fails_the_job_in_the_end(conn: db.Connection, job: int) -> None:
    held = lease(conn, parts(conn, job)[0].id)
    assert held is not None
    conn.execute("UPDATE segments SET waits = %s WHERE id = %s", (setbacks.MOST_WAITS, held.id))

    setbacks.put_off(conn, held, AWAY)

    ended = jobs.get(conn, job)
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error.startswith("disk full; it was tried")


def test_what_one_host_lacks_another_may_have_at_once(conn: db.Connection, job: int) -> None:
    """A worker whose share is not mounted must not keep films from those that see them."""
    first = parts(conn, job)[0]
    held = lease(conn, first.id, "blind:1/2")
    assert held is not None
    setbacks.put_off(conn, held, AWAY)
    assert first.id in {message.segment_id for message in sweep(conn)}  # for the others

    again, elsewhere = lease(conn, first.id, "blind:1/3"), lease(conn, first.id, "sighted:1/2")

    assert again is None or again.id != first.id
    assert elsewhere is not None
    assert elsewhere.id == first.id


def test_a_lease_is_as_long_as_its_worker_says_not_as_who_sweeps_does(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]
    assert segments.lease(conn, first.id, worker="patient:1/2", lease_s=600) is not None
    silence(conn, first.id, 590)
    sweep(conn)
    assert parts(conn, job)[0].state == "running"
    silence(conn, first.id, 601)
    sweep(conn)
    assert parts(conn, job)[0].state == "queued"


def test_a_retry_at_the_moment_of_a_sweep_is_not_undone_by_it(database_url: str, conn: db.Connection, job: int) -> None:
    """The sweep has read that the job is loose; before it gets to the job's rows someone tries the job again."""
    held = lease(conn, parts(conn, job)[0].id)
    assert held is not None
    conn.commit()
    setbacks.fail(conn, held, DAMAGED)
    conn.commit()
    with db.connect(database_url) as person, db.connect(database_url, autocommit=True) as sweeper:
        person.execute("BEGIN")
        job_changes.retry(person, job)  # not committed: its rows are held
        done = threading.Thread(target=lambda: sweep(sweeper))
        done.start()
        time.sleep(0.3)
        person.execute("COMMIT")
        done.join()

    assert [part.state for part in parts(conn, job)] == ["queued", "queued", "blocked"]
    assert jobs.get(conn, job).state == "queued"


def test_a_row_put_back_as_its_job_is_cancelled_does_not_wait_for_ever(conn: db.Connection, job: int) -> None:
    """The worker looked before the person asked, and wrote after: the sweep ends what is left."""
    held = lease(conn, parts(conn, job)[0].id)
    assert held is not None
    job_changes.cancel(conn, job)
    conn.execute("UPDATE segments SET state = 'queued', worker = NULL WHERE id = %s", (held.id,))
    conn.commit()

    sweep(conn)

    assert {part.state for part in parts(conn, job)} == {"cancelled"}
    assert jobs.get(conn, job).state == "cancelled"
    assert sweep(conn) == []


def queue_film(conn: db.Connection, profile_id: int, *, length_s: float, priority: int = 0, spans: int = 2) -> int:
    job_id = jobs.create(conn, kind="match", profile_id=profile_id, effort_s=length_s, priority=priority)
    segments.add_spans(conn, job_id, [(n, n + 1) for n in range(spans)])
    conn.commit()
    return job_id


def order_of_leases(conn: db.Connection, hint_id: int) -> list[int]:
    """The jobs in the order in which free workers take their segments."""
    taken: list[int] = []
    while (held := lease(conn, hint_id)) is not None:
        conn.commit()
        taken.append(held.job_id)
    return taken


def test_a_short_film_is_not_stuck_behind_a_hundred_long_ones(conn: db.Connection, profile_id: int) -> None:
    long = [queue_film(conn, profile_id, length_s=7200, spans=1) for _ in range(100)]
    short = queue_film(conn, profile_id, length_s=300, spans=1)

    taken = order_of_leases(conn, parts(conn, short)[0].id)

    assert taken == [short, *long]


def test_a_long_film_is_not_overtaken_for_ever(conn: db.Connection, profile_id: int) -> None:
    long = queue_film(conn, profile_id, length_s=7200, spans=1)
    conn.execute("UPDATE jobs SET due_at = due_at - interval '20 hours'")  # it has waited ten times its length
    conn.execute("UPDATE segments SET due_at = due_at - interval '20 hours'")
    short = queue_film(conn, profile_id, length_s=300, spans=1)

    assert order_of_leases(conn, parts(conn, short)[0].id) == [long, short]


def test_a_film_that_is_begun_is_finished_before_the_next_of_its_length(conn: db.Connection, profile_id: int) -> None:
    films = [queue_film(conn, profile_id, length_s=7200, spans=3) for _ in range(3)]

    assert order_of_leases(conn, parts(conn, films[2])[0].id) == [film for film in films for _ in range(3)]


def test_priority_comes_before_all_else_and_may_be_changed(conn: db.Connection, profile_id: int) -> None:
    calm, urgent, hurried = (
        queue_film(conn, profile_id, length_s=300, priority=priority, spans=1) for priority in (0, 5, 0)
    )

    job_changes.prioritise(conn, hurried, 9)

    assert order_of_leases(conn, parts(conn, calm)[0].id) == [hurried, urgent, calm]
    assert jobs.get(conn, hurried).priority == 9
    conn.execute("UPDATE jobs SET state = 'done' WHERE id = %s", (calm,))
    with pytest.raises(UserError, match="is done already"):
        job_changes.prioritise(conn, calm, 9)


def test_a_message_takes_nothing_from_another_queue(conn: db.Connection, profile_id: int) -> None:
    film = queue_film(conn, profile_id, length_s=300, priority=9, spans=1)
    pictures = jobs.create(conn, kind="paintings", profile_id=profile_id)
    segments.add_batches(conn, pictures, names.PICTURES, [[1, 2]])
    conn.commit()

    assert order_of_leases(conn, parts(conn, pictures)[0].id) == [pictures]
    assert order_of_leases(conn, parts(conn, film)[0].id) == [film]


@pytest.mark.parametrize("kind", names.QUEUE_OF)
def test_the_schema_and_the_names_agree_on_the_queue_of_a_kind(conn: db.Connection, profile_id: int, kind: str) -> None:
    job_id = jobs.create(conn, kind="match", profile_id=profile_id)
    segments.add_batches(conn, job_id, kind, [[1]])

    assert conn.execute("SELECT queue FROM segments").fetchone() == (names.QUEUE_OF[kind],)


def test_a_stopped_worker_s_segments_go_back_at_once(conn: db.Connection, job: int) -> None:
    one, two, _ = parts(conn, job)
    lease(conn, one.id, "here:12/3")
    lease(conn, two.id, "here:123/4")

    assert setbacks.hand_back_of(conn, "here:12/") == 1

    assert [part.state for part in parts(conn, job)[:2]] == ["queued", "running"]


def test_cancelling_ends_queued_work_at_once_and_running_work_with_its_heartbeat(conn: db.Connection, job: int) -> None:
    held = lease(conn, parts(conn, job)[0].id)
    assert held is not None

    assert job_changes.cancel(conn, job) == "running"
    with pytest.raises(Cancelled):
        segments.beat(conn, held, progress=0.1, stats={})
    with pytest.raises(Cancelled):
        finish(conn, held)
    setbacks.give_up(conn, held)

    assert jobs.get(conn, job).state == "cancelled"
    assert lease(conn, parts(conn, job)[1].id) is None
    with pytest.raises(UserError, match="cancelled already"):
        job_changes.cancel(conn, job)


def test_a_cancelled_job_whose_worker_died_is_ended_by_the_sweep(conn: db.Connection, job: int) -> None:
    first = parts(conn, job)[0]
    assert lease(conn, first.id) is not None
    job_changes.cancel(conn, job)
    silence(conn, first.id)

    sweep(conn)

    assert jobs.get(conn, job).state == "cancelled"


def test_a_worker_that_stops_after_the_cancelling_ends_the_job_too(conn: db.Connection, job: int) -> None:
    """It noticed its own end before its next heartbeat told it of the job's."""
    held = lease(conn, parts(conn, job)[0].id, "here:12/3")
    assert held is not None
    assert job_changes.cancel(conn, job) == "running"

    assert setbacks.hand_back_of(conn, "here:12/") == 1

    assert jobs.get(conn, job).state == "cancelled"
    assert {part.state for part in parts(conn, job)} == {"cancelled"}


def test_an_error_after_the_cancelling_ends_the_job_too(conn: db.Connection, job: int) -> None:
    held = lease(conn, parts(conn, job)[0].id)
    assert held is not None
    job_changes.cancel(conn, job)

    setbacks.hand_back(conn, held, WRONG, max_attempts=ATTEMPTS)

    assert jobs.get(conn, job).state == "cancelled"


def test_what_is_left_of_a_failed_job_is_ended_by_the_sweep(conn: db.Connection, job: int) -> None:
    one, two, _ = parts(conn, job)
    held_one, held_two = lease(conn, one.id), lease(conn, two.id)
    assert held_one is not None
    assert held_two is not None
    setbacks.fail(conn, held_one, DAMAGED)

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
        job_changes.retry(conn, failed[0])  # not committed yet: the other cannot see it
        said: list[str] = []

        def second() -> None:
            try:
                job_changes.retry(other, failed[1])
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
    setbacks.fail(conn, held_two, DAMAGED)
    assert jobs.get(conn, job).state == "failed"

    job_changes.retry(conn, job)

    states = {part.id: (part.state, part.attempt) for part in parts(conn, job)}
    assert states == {one.id: ("done", 1), two.id: ("queued", 0), closing.id: ("blocked", 0)}
    assert jobs.get(conn, job).state == "queued"
    with pytest.raises(UserError, match="is queued"):
        job_changes.retry(conn, job)


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
    assert first.id in {message.segment_id for message in sweep(conn)}


def test_a_client_that_falls_silent_in_mid_finish_does_not_keep_the_row(
    database_url: str, conn: db.Connection, job: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped, or without power: its connection looks alive for hours, and a sweep skips the row that it has locked."""
    monkeypatch.setattr(segments, "STALLED_S", 1)
    held = lease(conn, parts(conn, job)[0].id)
    assert held is not None
    silence(conn, held.id)
    with db.connect(database_url) as stalled:
        segments.hold(stalled, held)
        sweep(conn)
        conn.commit()
        assert parts(conn, job)[0].state == "running", "while the row is locked"
        conn.commit()
        time.sleep(1.5)

        sweep(conn)

        assert parts(conn, job)[0].state == "queued"
        with pytest.raises(Unavailable, match="idle-in-transaction"), db.translated():
            stalled.execute("SELECT 1")


def test_retry_begins_again_where_a_later_ingest_has_replaced_the_shots(conn: db.Connection, job: int) -> None:
    """Else the film would be shown without the part that this job had finished."""
    one, two, _ = parts(conn, job)
    held_one, held_two = lease(conn, one.id), lease(conn, two.id)
    assert held_one is not None
    assert held_two is not None
    finish(conn, held_one, shots=3)  # and the three are not there any more
    setbacks.fail(conn, held_two, DAMAGED)

    job_changes.retry(conn, job)

    assert [part.state for part in parts(conn, job)] == ["queued", "queued", "blocked"]


def test_the_sweep_keeps_few_messages_under_way(conn: db.Connection, profile_id: int) -> None:
    """Ten thousand queued films are rows; they must not become ten thousand messages."""
    job_id = jobs.create(conn, kind="match", profile_id=profile_id)
    segments.add_spans(conn, job_id, [(n, n + 1) for n in range(1000)])
    conn.commit()

    first = sweep(conn)
    assert [m.segment_id for m in first] == [part.id for part in parts(conn, job_id)[: sweeping.SENT_AHEAD]]
    assert sweep(conn) == []
    for message in first[:10]:
        assert lease(conn, message.segment_id) is not None
    conn.commit()
    assert len(sweep(conn)) == 10  # as many as workers took


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
        job_changes.cancel(conn, job_id)
        conn.commit()
        thread.join()
        assert failed == []

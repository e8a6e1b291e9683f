"""A worker that cannot heartbeat stops itself, and one whose job is over breaks off what it computes."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from r2r_shared import db, names
from r2r_shared.errors import Cancelled, LeaseLost
from r2r_shared.queries import job_changes, job_parts, jobs, profiles, segments
from r2r_shared.records import Lease
from r2r_workers import heartbeat, runtime
from r2r_workers.heartbeat import Heartbeat


@pytest.fixture
def held(conn: db.Connection, database_url: str, broker_url: str, monkeypatch: pytest.MonkeyPatch) -> Lease:
    monkeypatch.setenv("R2R_DATABASE_URL", database_url)
    monkeypatch.setenv("R2R_BROKER_URL", broker_url)
    runtime.settings.cache_clear()
    described = {"name": "t", "encoder": "e", "encoder_digest": "1", "depth": "d", "depth_digest": "1"}
    profile = profiles.ensure(conn, {**described, "metrics_version": 1, "dim": 4})
    job = jobs.create(conn, kind="match", profile_id=profile.id)
    segments.add_batches(conn, job, names.MATCH, [[]])
    conn.commit()
    hint = job_parts.listed(conn, job)[0].id
    taken = segments.lease(conn, hint, worker="here:1/2", lease_s=2)
    conn.commit()
    assert taken is not None
    return taken


def test_a_worker_whose_database_hangs_stops_itself_before_its_lease_is_over(
    held: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No error and no answer: a cable that was pulled."""
    released = threading.Event()
    monkeypatch.setattr(heartbeat.segments, "beat", lambda *_, **__: released.wait(30))
    began = time.monotonic()
    with Heartbeat(held, lease_s=2) as pulse:
        while not pulse.stopped():
            assert time.monotonic() - began < 2, "another may hold the segment by now"
            time.sleep(0.02)
        with pytest.raises(LeaseLost, match="has not answered for a lease"):
            pulse.check()
        released.set()


def test_a_statement_of_minutes_is_broken_off_when_its_job_is_cancelled(held: Lease, conn: db.Connection) -> None:
    began = time.monotonic()
    with Heartbeat(held, lease_s=2) as pulse, runtime.connection() as working:
        threading.Timer(0.5, lambda: job_changes.cancel(conn, held.job_id)).start()
        with pytest.raises(psycopg.errors.QueryCanceled), pulse.breaking_off(working):
            working.execute("SELECT pg_sleep(60)")
        working.rollback()
        with pytest.raises(Cancelled):
            pulse.check()

    assert time.monotonic() - began < 10

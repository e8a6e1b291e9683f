"""Matching takes its time in one transaction: whoever cancels the job meanwhile need not wait for it."""

from __future__ import annotations

import threading
import time

import pytest

from r2r_shared import db, names
from r2r_shared.queries import job_changes, job_parts, jobs, segments
from r2r_shared.settings import Settings
from r2r_workers import runtime
from r2r_workers.tasks.work import work
from tests import synthetic


def test_cancelling_does_not_wait_for_a_match_under_way(
    settings: Settings, conn: db.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "settings", lambda: settings)
    assert settings.database_url is not None
    profile_id = synthetic.add_profile(conn)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [])
    job_id = jobs.create(conn, kind="ingest", profile_id=profile_id, film_id=film_id)
    segments.add_closing(conn, job_id, names.MATCH)
    conn.commit()
    segment_id = job_parts.listed(conn, job_id)[0].id
    conn.rollback()
    with db.connect(settings.database_url) as collection_changes:
        collection_changes.execute("SELECT FROM profiles WHERE id = %s FOR UPDATE", (profile_id,))
        matching = threading.Thread(target=work, args=(segment_id,))
        matching.start()  # and waits for the profile, in its transaction
        deadline = time.monotonic() + 20
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        while conn.execute(waiting).fetchone() != (1,):
            conn.rollback()
            assert time.monotonic() < deadline, "the match never began"
            time.sleep(0.05)
        conn.rollback()

        conn.execute("SET lock_timeout = '3s'")
        assert job_changes.cancel(conn, job_id) == "running"
        conn.commit()
    matching.join(timeout=30)

    assert jobs.get(conn, job_id).state == "cancelled"

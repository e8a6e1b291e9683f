"""A message for a segment that was deleted is still one look at the queue that it came by."""

from __future__ import annotations

from r2r_shared import db, names
from r2r_shared.queries import job_parts, jobs, segments
from tests import synthetic


def test_a_message_of_a_deleted_segment_takes_the_next_of_its_queue(conn: db.Connection) -> None:
    profile = synthetic.add_profile(conn)
    job = jobs.create(conn, kind="match", profile_id=profile)
    segments.add_spans(conn, job, [(0, 100)])
    conn.commit()
    never = job_parts.listed(conn, job)[0].id + 1000

    assert segments.lease(conn, never, worker="a") is None, "no queue is known"
    assert segments.lease(conn, never, worker="a", queue=names.PAINTINGS) is None, "another queue"
    held = segments.lease(conn, never, worker="a", queue=names.VIDEO)

    assert held is not None
    assert held.job_id == job

"""Having a worker measure a picture that somebody asks about, by the code that measures frames and paintings."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from r2r_cli.jobs import waiting
from r2r_shared import names
from r2r_shared.errors import UserError
from r2r_shared.queries import job_changes, job_parts, jobs, segments
from r2r_shared.records import Features

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.queries.jobs import Job


def measure(opened: Session, profile_id: int, jpeg: bytes, *, wait: Callable[[int], Job]) -> Features:
    """The picture's numbers under a profile. What is kept of it meanwhile goes when it is measured, or was given up.

    Args:
        wait: is given the job's id, and returns the job when it has ended; may raise instead.

    Raises:
        UserError: it could not be measured.
    """
    for forgotten, picture in jobs.forgotten(opened.conn):
        job_changes.remove(opened.conn, forgotten)
        opened.store.delete_prefix(picture)
    key = f"queries/{uuid.uuid4().hex}.jpg"  # two may ask about the same picture
    opened.store.put(key, jpeg)
    job_id = None
    try:
        with opened.conn.transaction():
            job_id = jobs.create(opened.conn, kind="match", profile_id=profile_id, options={"image": key}, priority=9)
            segments.add_batches(opened.conn, job_id, names.PICTURE, [[]])
        waiting.sweep(opened)
        ended = wait(job_id)
        if ended.state != "done":
            raise UserError(f"the picture could not be measured: {ended.error}", "r2r doctor")
        return Features(**job_parts.listed(opened.conn, job_id)[0].stats["features"])
    finally:
        if job_id is not None:
            job_changes.remove(opened.conn, job_id)
        opened.store.delete_prefix(key)

"""Cancel jobs, and stay until their workers have noticed: they read the flag with every heartbeat."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import typer

from r2r_cli import context, render
from r2r_cli.jobs import waiting
from r2r_cli.jobs.one_by_one import OneByOne
from r2r_shared.errors import Unavailable, UserError
from r2r_shared.queries import job_changes, job_counts, jobs
from r2r_shared.queries.job_counts import Ranges

if TYPE_CHECKING:
    from r2r_cli.context import Session

WAIT_S = 10.0
LISTED = 100


def these(job_ids: list[int], *, json: bool) -> bool:
    """Cancel the jobs that were named; False where one could not be.

    Raises:
        UserError: it was the only one.
    """
    with context.session() as opened:
        if len(set(job_ids)) == 1:
            job_changes.cancel(opened.conn, job_ids[0])
            cancelled, complaints = job_ids[:1], []
        else:
            cancelled, complaints = _cancel(opened, list(dict.fromkeys(job_ids)), quiet=json)
        left = _settle(opened, cancelled)
        _say(opened, cancelled, complaints, left, json=json, one=len(set(job_ids)) == 1)
    return not complaints


def all_in(states: tuple[str, ...], *, ask: bool, json: bool) -> bool:
    """Cancel every job in these states; what ended by itself meanwhile is no complaint."""
    with context.session() as opened:
        ids = job_counts.open_ids(opened.conn, states)
        if not ids and not json:
            render.note(f"no job is {' or '.join(states)}")
            return True
        if ids and ask and not typer.confirm(f"Cancel {len(ids):,} jobs?", err=True):
            return False
        cancelled, _ = _cancel(opened, ids, quiet=json)
        _say(opened, cancelled, [], _settle(opened, cancelled), json=json, one=False)
    return True


def _cancel(opened: Session, job_ids: list[int], *, quiet: bool) -> tuple[list[int], list[UserError]]:
    """Ask each job to end: those that were asked, and why others could not be."""
    cancelled: list[int] = []
    complaints: list[UserError] = []
    with OneByOne(len(job_ids), "cancelled", quiet=quiet) as going:
        for job_id in job_ids:
            try:
                job_changes.cancel(opened.conn, job_id)
                cancelled.append(job_id)
                going.one()
            except UserError as error:
                complaints.append(error)
    return cancelled, complaints


def _settle(opened: Session, job_ids: list[int]) -> list[tuple[int, str]]:
    """Wait until no worker is at these jobs any more; who still is after WAIT_S: (job id, worker)."""
    meant = Ranges.of(job_ids)
    deadline = time.monotonic() + WAIT_S
    while left := job_counts.cancelling(opened.conn, meant, limit=LISTED):
        if time.monotonic() > deadline:
            break
        with contextlib.suppress(Unavailable):  # it ends what a dead worker held; nothing need be sent for that
            waiting.sweep(opened)
        time.sleep(0.2)
    return left


def _say(
    opened: Session,
    cancelled: list[int],
    complaints: list[UserError],
    left: list[tuple[int, str]],
    *,
    json: bool,
    one: bool,
) -> None:
    if json:
        states = {job.id: job.state for job in jobs.several(opened.conn, cancelled[:LISTED])}
        rows: list[dict[str, Any]] = [
            {"job": job_id, "state": states.get(job_id, "removed")} for job_id in cancelled[:LISTED]
        ]
        errors = [{"error": error.message, "hint": error.hint} for error in complaints]
        render.print_json(rows[0] if one else {"jobs": rows, "cancelled": len(cancelled), "errors": errors})
        return
    for error in complaints:
        render.note(f"error: {error.message}\nhint:  {error.hint}")
    held = {job_id for job_id, _ in left}
    over = [job_id for job_id in cancelled if job_id not in held]
    if len(over) > LISTED:
        render.say(f"{len(over):,} jobs are cancelled")
    else:
        for job_id in over:
            render.say(f"job {job_id} is cancelled")
    lease = f"it ends with its lease, within {opened.settings.lease_s:.0f} s"
    for job_id, worker in left:
        render.note(f"job {job_id}: {worker} has not let go yet; if it is dead, {lease}")

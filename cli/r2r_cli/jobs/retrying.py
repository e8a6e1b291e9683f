"""Try failed or cancelled jobs again, and say what of them is done already."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from r2r_cli import context, render
from r2r_cli.jobs import waiting
from r2r_cli.jobs.job_progress import MOST_BARS
from r2r_cli.jobs.one_by_one import OneByOne
from r2r_shared.errors import UserError
from r2r_shared.queries import job_changes, job_counts, jobs
from r2r_shared.queries.job_counts import Ranges

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.queries.jobs import Job

LISTED = 100


def run(job_ids: list[int] | None, *, detach: bool, json: bool) -> bool:
    """Queue these jobs again, or all that failed; unless detached wait for them. False where one did not end well.

    Raises:
        UserError: the only one that was named cannot be tried again.
    """
    with context.session() as opened:
        wanted = list(dict.fromkeys(job_ids)) if job_ids else job_counts.failed_ids(opened.conn)
        queued, complaints = _queue(opened, wanted, alone=job_ids is not None and len(wanted) == 1, quiet=json)
        if not wanted and not json:
            render.note("no job has failed that was not asked for anew")
        try:
            well = _wait(opened, queued, complaints, one=len(job_ids or ()) == 1, detach=detach, json=json)
        except KeyboardInterrupt:
            render.note("\nstopped; nothing is lost: `r2r jobs watch` goes on where it was")
            raise SystemExit(130) from None
    return well and not complaints


def _queue(opened: Session, wanted: list[int], *, alone: bool, quiet: bool) -> tuple[list[int], list[UserError]]:
    queued: list[int] = []
    complaints: list[UserError] = []
    with OneByOne(len(wanted), "queued again", quiet=quiet) as going:
        for job_id in wanted:
            try:
                job_changes.retry(opened.conn, job_id)
            except UserError as error:
                if alone:
                    raise
                complaints.append(error)
                if not quiet and len(complaints) <= LISTED:
                    render.note(f"error: {error.message}\nhint:  {error.hint}")
                continue
            queued.append(job_id)
            going.one()
            if not quiet and len(queued) <= LISTED:
                job = jobs.get(opened.conn, job_id)
                render.note(f"job {job_id}: {job.segments_done} of {job.segments} segments are done already")
    if queued:
        waiting.sweep(opened)
    return queued, complaints


def _wait(
    opened: Session, queued: list[int], complaints: list[UserError], *, one: bool, detach: bool, json: bool
) -> bool:
    ended: list[Job] = []
    if len(queued) > MOST_BARS and not detach:
        counts = waiting.wait_for_many(opened, queued, noun="jobs", quiet=json)
        if not json:
            render.say(f"{counts.jobs:,} jobs: {counts.done:,} done, {counts.failed:,} failed")
        well = counts.done == counts.jobs
    elif queued and not detach:
        ended = waiting.wait_for_jobs(opened, queued, quiet=json)
        well = all(job.state == "done" for job in ended)
    else:
        well = True
    shown = ended or jobs.several(opened.conn, queued[:LISTED])
    if not json:
        for job in shown if len(queued) <= MOST_BARS else ():
            render.say(f"job {job.id}: {waiting.describe(job)}")
    elif one:
        render.print_json(asdict(shown[0]))
    else:
        counts = job_counts.count(opened.conn, Ranges.of(queued))
        errors = [{"error": error.message, "hint": error.hint} for error in complaints[:LISTED]]
        render.print_json({"jobs": [asdict(job) for job in shown], "counts": asdict(counts), "errors": errors})
    return well

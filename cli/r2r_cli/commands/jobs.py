"""r2r jobs: what was asked for, how far it is, and what became of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_shared.queries.job_parts import Part
    from r2r_shared.queries.jobs import Job

app = typer.Typer(help="List, watch, hurry, cancel and retry jobs.", no_args_is_help=True)
JobId = Annotated[int, typer.Argument(metavar="JOB", help="The job's number, as `r2r jobs list` shows it.")]
JobIds = Annotated[list[int] | None, typer.Argument(metavar="JOB…", help="Numbers, as `r2r jobs list` shows them.")]
STATES = ("queued", "running", "done", "failed", "cancelled")
LISTED = 100
"""Jobs that are named one by one; of more the number is said."""


@app.command("list")
def list_(
    state: Annotated[
        str | None, typer.Option(help="Only jobs that are queued, running, done, failed or cancelled.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
    json: options.Json = False,
) -> None:
    """List the jobs, the newest first.

    Example: r2r jobs list --state failed
    """
    if state not in (None, *STATES):
        raise typer.BadParameter(f"use {', '.join(STATES)}", param_hint="--state")
    from r2r_cli import context, render
    from r2r_shared.queries import job_counts, jobs

    with context.session() as opened:
        rows = jobs.listed(opened.conn, state=state, limit=limit)
        total = job_counts.total(opened.conn, state=state) if len(rows) == limit else len(rows)
    if json:
        render.print_json({"jobs": [_as_json(job) for job in rows], "total": total})
    elif not rows:
        render.note("no jobs" if state is None else f"no job is {state}")
    else:
        render.table(
            [">id", "kind", "about", "state", ">prio", ">segments", ">done", ">fps", ">left", "detail"],
            [_row(job) for job in rows],
        )
        if total > len(rows):
            render.note(f"{len(rows)} of {total:,} jobs; --limit shows more")


def _row(job: Job) -> tuple[Any, ...]:
    from r2r_cli import render
    from r2r_cli.jobs import job_progress

    fps, left = job_progress.fps_of(job), job_progress.left_s(job)
    return (
        job.id,
        job.kind,
        render.short(job.about, 40),
        "cancelling" if job.cancel_requested and job.state in ("queued", "running") else job.state,
        job.priority or "",
        f"{job.segments_done}/{job.segments}",
        f"{job.progress:.0%}",
        "" if fps is None else f"{fps:.0f}",
        "" if left is None else render.timecode(left),
        job_progress.describe(job),
    )


def _as_json(job: Job) -> dict[str, Any]:
    from r2r_cli.jobs import job_progress

    return asdict(job) | {"fps": job_progress.fps_of(job), "left_s": job_progress.left_s(job)}


@app.command()
def show(
    job: JobId,
    log: Annotated[
        bool, typer.Option("--log", help="With the last lines that each failed attempt's worker logged.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Show a job, each of its segments, and each attempt that did not end well.

    Example: r2r jobs show 7 --log
    """
    from r2r_cli import context, render
    from r2r_cli.jobs import waiting
    from r2r_shared.queries import job_parts, jobs

    with context.session() as opened:
        found = jobs.get(opened.conn, job)
        parts = job_parts.listed(opened.conn, job)
        failures = job_parts.failures(opened.conn, job)
    if json:
        shown = [asdict(part) | {"fps": part.fps, "left_s": part.left_s} for part in parts]
        tried = [asdict(failure) for failure in failures]
        render.print_json(_as_json(found) | {"parts": shown, "failures": tried})
        return
    hurry = f", priority {found.priority}" if found.priority else ""
    render.say(f"job {found.id}: {found.kind} of “{found.about}”{hurry}: {waiting.describe(found)}")
    render.table(
        [">segment", "kind", ">from", ">to", "state", ">tries", ">done", ">time", ">fps", ">left", "worker", "error"],
        [_part_row(part) for part in parts],
    )
    if failures:
        render.say("\nattempts that did not end well:")
        render.table(
            ["at", ">segment", ">try", "reason", "worker", "error"],
            [(f"{f.at:%Y-%m-%d %H:%M:%S}", f.segment, f.attempt, f.reason, f.worker, f.error) for f in failures],
        )
    if log:
        for failure in failures:
            render.say(f"\nsegment {failure.segment}, try {failure.attempt}, its worker's last lines:")
            for line in failure.log or ["(it logged nothing)"]:
                render.say(f"    {line}")


def _part_row(part: Part) -> tuple[Any, ...]:
    from r2r_cli import render
    from r2r_cli.jobs import job_progress

    return (
        part.id,
        part.kind,
        part.start_frame,
        part.end_frame,
        job_progress.stage_name(part.stage) if part.state == "running" else part.state,
        part.attempt,
        f"{part.progress:.0%}",
        "" if part.elapsed_s is None else render.timecode(part.elapsed_s),
        "" if part.fps is None else f"{part.fps:.0f}",
        "" if part.left_s is None else render.timecode(part.left_s),
        part.worker,
        part.error,
    )


@app.command()
def watch(job: JobId, json: options.Json = False) -> None:
    """Watch a job and its segments until it ends; on this machine's own stack this also works on it.

    Example: r2r jobs watch 7
    """
    from r2r_cli import context, render
    from r2r_cli.jobs import waiting
    from r2r_shared.queries import jobs

    with context.session() as opened:
        jobs.get(opened.conn, job)
        try:
            ended = waiting.wait_for_jobs(opened, [job], quiet=json, parts=True)[0]
        except KeyboardInterrupt:
            render.note("\nstopped watching; the job goes on where it was")
            raise SystemExit(130) from None
    if json:
        render.print_json(asdict(ended))
    else:
        render.say(f"job {ended.id}: {waiting.describe(ended)}")
    if ended.state != "done":
        raise typer.Exit(1)


@app.command()
def priority(
    job: JobId,
    number: Annotated[int, typer.Argument(metavar="N", min=0, max=9, help="0 to 9: 9 comes before all others.")],
    json: options.Json = False,
) -> None:
    """Let a queued or running job come sooner or later; what is being worked on is not interrupted.

    Example: r2r jobs priority 7 9
    """
    from r2r_cli import context, render
    from r2r_shared.queries import job_changes

    with context.session() as opened:
        job_changes.prioritise(opened.conn, job, number)
    if json:
        render.print_json({"job": job, "priority": number})
    else:
        render.say(f"job {job} has priority {number}")


@app.command()
def cancel(
    job: JobIds = None,
    state: Annotated[
        str | None, typer.Option(help="All jobs that are queued, or all that are running.", metavar="queued|running")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All jobs that are queued or running.")] = False,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Cancel jobs; nothing they found so far will be seen. Says when their workers have let go, within seconds.

    Example: r2r jobs cancel 7 8

    Example: r2r jobs cancel --state queued
    """
    if state not in (None, "queued", "running"):
        raise typer.BadParameter("use queued or running", param_hint="--state")
    if (state is not None) + every + bool(job) != 1:
        raise typer.BadParameter("name jobs, or --state, or --all", param_hint="JOB…")
    from r2r_cli.jobs import cancelling

    if job:
        well = cancelling.these(job, json=json)
    else:
        options.require_yes(yes=yes, json=json)
        well = cancelling.all_in((state,) if state is not None else ("queued", "running"), ask=not yes, json=json)
    if not well:
        raise typer.Exit(1)


@app.command()
def retry(
    job: JobIds = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="All jobs that failed, and were not asked for anew.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Queue the work and return.")] = False,
    json: options.Json = False,
) -> None:
    """Try failed or cancelled jobs again: a failed one goes on with what is missing, a cancelled one begins anew.

    Example: r2r jobs retry 7

    Example: r2r jobs retry --failed --detach
    """
    if failed == bool(job):
        raise typer.BadParameter("name jobs, or --failed", param_hint="JOB…")
    from r2r_cli.jobs import retrying

    if not retrying.run(job, detach=detach, json=json):
        raise typer.Exit(1)

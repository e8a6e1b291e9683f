"""r2r jobs: what was asked for, how far it is, and what became of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from r2r_cli import options

app = typer.Typer(help="List, watch, cancel and retry jobs.", no_args_is_help=True)
JobId = Annotated[int, typer.Argument(metavar="JOB", help="The job's number, as `r2r jobs list` shows it.")]


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
    if state not in (None, "queued", "running", "done", "failed", "cancelled"):
        raise typer.BadParameter("use queued, running, done, failed or cancelled", param_hint="--state")
    from r2r_cli import context, render, waiting
    from r2r_shared.queries import jobs

    with context.session() as opened:
        rows = jobs.listed(opened.conn, state=state, limit=limit)
    if json:
        render.print_json([asdict(job) for job in rows])
    elif not rows:
        render.note("no jobs" if state is None else f"no job is {state}")
    else:
        render.table(
            [">id", "kind", "about", "state", ">segments", "detail"],
            [
                (
                    j.id,
                    j.kind,
                    render.short(j.about, 40),
                    j.state,
                    f"{j.segments_done}/{j.segments}",
                    waiting.describe(j),
                )
                for j in rows
            ],
        )


@app.command()
def show(job: JobId, json: options.Json = False) -> None:
    """Show a job and each of its segments.

    Example: r2r jobs show 7
    """
    from r2r_cli import context, render, waiting
    from r2r_shared.queries import jobs, segments

    with context.session() as opened:
        found = jobs.get(opened.conn, job)
        parts = segments.listed(opened.conn, job)
    if json:
        render.print_json(asdict(found) | {"parts": [asdict(part) for part in parts]})
        return
    render.say(f"job {found.id}: {found.kind} of “{found.about}”: {waiting.describe(found)}")
    render.table(
        [">segment", "kind", ">from", ">to", "state", ">tries", ">done", "worker", "error"],
        [
            (
                part.id,
                part.kind,
                part.start_frame,
                part.end_frame,
                part.state,
                part.attempt,
                f"{part.progress:.0%}",
                part.worker,
                part.error,
            )
            for part in parts
        ],
    )


@app.command()
def watch(job: JobId, json: options.Json = False) -> None:
    """Watch a job until it ends; on this machine's own stack this also works on it.

    Example: r2r jobs watch 7
    """
    from r2r_cli import context, render, waiting
    from r2r_shared.queries import jobs

    with context.session() as opened:
        jobs.get(opened.conn, job)
        try:
            ended = waiting.wait_for_jobs(opened, [job], quiet=json)[0]
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
def cancel(job: JobId, json: options.Json = False) -> None:
    """Cancel a job; nothing it found so far will be seen.

    Example: r2r jobs cancel 7
    """
    from r2r_cli import context, render
    from r2r_shared.queries import jobs

    with context.session() as opened:
        state = jobs.cancel(opened.conn, job)
    if json:
        render.print_json({"job": job, "state": state})
    else:
        typer.echo(f"job {job} is cancelled" if state == "cancelled" else f"job {job} ends within seconds")


@app.command()
def retry(
    job: JobId,
    detach: Annotated[bool, typer.Option("--detach", help="Queue the work and return.")] = False,
    json: options.Json = False,
) -> None:
    """Try a failed or cancelled job again; what is done stays done.

    Example: r2r jobs retry 7
    """
    from r2r_cli import context, render, waiting
    from r2r_shared.queries import jobs

    with context.session() as opened:
        jobs.retry(opened.conn, job)
        waiting.send_job(opened, job)
        ended = jobs.get(opened.conn, job) if detach else waiting.wait_for_jobs(opened, [job], quiet=json)[0]
    if json:
        render.print_json(asdict(ended))
    else:
        render.say(f"job {ended.id}: {waiting.describe(ended)}")
    if not detach and ended.state != "done":
        raise typer.Exit(1)

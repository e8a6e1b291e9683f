"""Activating a profile from the call to its last line."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from r2r_cli import context, render
from r2r_cli.jobs import waiting
from r2r_shared.errors import NotFound, UserError
from r2r_shared.queries import activation, jobs, models, profiles

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.queries.activation import Asked
    from r2r_shared.queries.jobs import Job
    from r2r_shared.records import Profile


def run(name: str | None, *, leave_out: bool, detach: bool, priority: int, json: bool) -> bool:
    """Activate a profile, or the one before; False where its job did not end well.

    Args:
        name: None: the one that was active before.
        leave_out: go on without what came without a picture.

    Raises:
        UserError: there is no such profile, or another is being activated; or something came without a picture.
        SystemExit: 130 after Ctrl-C.
    """
    with context.session() as opened:
        profile = _before(opened) if name is None else _named(opened, name)
        old = profiles.active(opened.conn)
        asked = activation.ask(opened.conn, profile.id, priority=priority, leave_out=leave_out)
        if asked.left_out and not json:
            render.note(f"left out, for they came without pictures: {asked.left_out}")
        job: Job | None = None
        if asked.job_id is not None:
            if not json:
                _say_asked(profile, asked, old)
            waiting.sweep(opened)
            try:
                job = _ended(opened, asked.job_id, detach=detach, quiet=json)
            except KeyboardInterrupt:
                render.note(f"\nstopped waiting; the same command goes on, or r2r jobs watch {asked.job_id}")
                raise SystemExit(130) from None
        now = profiles.active(opened.conn)
    active = now is not None and now.id == profile.id
    if json:
        render.print_json(_as_json(profile, old, asked, job, active=active))
    elif job is None or job.state == "done":
        before = f"; before it was {old.name}: r2r models activate --back" if old and old.id != profile.id else ""
        render.say(f"{profile.name} is the active profile{before}" if active else f"{profile.name} is filled")
    elif job.state in ("failed", "cancelled"):
        render.note(f"error: job {job.id} {waiting.describe(job)}\nhint:  r2r jobs retry {job.id}")
    return job is None or job.state not in ("failed", "cancelled")


def _named(opened: Session, name: str) -> Profile:
    if name.endswith(".safetensors"):
        raise UserError(
            f"{name} is a file", f"bring it in first, so that every worker has it: r2r models import {name} --name NAME"
        )
    model = models.named(opened.conn, name)
    if model is not None:
        return profiles.get(opened.conn, model.profile_id)
    return profiles.ensure(opened.conn, context.describe(name), first_is_active=False)


def _before(opened: Session) -> Profile:
    found = profiles.before(opened.conn)
    if found is None:
        raise NotFound("no other profile was active before", "r2r models list shows those that there are")
    return found


def _say_asked(profile: Profile, asked: Asked, old: Profile | None) -> None:
    missing = asked.missing
    what = f"{missing.paintings:,} paintings and {missing.keyframes:,} keyframes to measure, {missing.films:,} films to"
    until = f"; until then everybody reads {old.name}" if old is not None and old.id != profile.id else ""
    joined = f"going on with job {asked.job_id}" if asked.joined else f"job {asked.job_id}"
    render.note(f"{profile.name}: {joined}: {what} match{until}")


def _ended(opened: Session, job_id: int, *, detach: bool, quiet: bool) -> Job:
    if not detach:
        return waiting.wait_for_jobs(opened, [job_id], quiet=quiet)[0]
    if not quiet:
        render.note(f"queued: r2r jobs watch {job_id}")
    return jobs.get(opened.conn, job_id)


def _as_json(profile: Profile, old: Profile | None, asked: Asked, job: Job | None, *, active: bool) -> dict[str, Any]:
    return {
        "profile": profile.name,
        "active": active,
        "before": None if old is None else old.name,
        "missing": asdict(asked.missing),
        "left_out": asdict(asked.left_out),
        "job": None if job is None else asdict(job),
    }

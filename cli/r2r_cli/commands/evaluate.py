"""r2r evaluate: what a model is worth, measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.queries.evaluations import Asked, Evaluation
    from r2r_shared.records import Profile

NOTHING = "none"


def evaluate(  # noqa: PLR0917
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="As `r2r models list` names it, or a .safetensors file.")
    ],
    beside: Annotated[
        str | None,
        typer.Option(help="The model it is compared with; none: nothing. Otherwise the hand-made descriptor."),
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option("--collection", help="Only its paintings; may be given several times.")
    ] = None,
    held_out: Annotated[
        float,
        typer.Option(min=0.01, max=1, help="Share of artists to test on, where the model does not say itself."),
    ] = 0.25,
    salt: Annotated[str, typer.Option(callback=options.utf8, help="Another salt holds out other artists.")] = "",
    frames: Annotated[int, typer.Option(min=0, max=2000, help="Film frames to render for each strength.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of all that is drawn.")] = 1,
    report: Annotated[Path | None, typer.Option(help="Write a page with every figure in it.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait: workers go on.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Measure anew what was measured before.")] = False,
    json: options.Json = False,
) -> None:
    """Measure a model on works by artists that it was not trained on, beside the hand-made descriptor.

    The paper's triplet test and its Figure 8; retrieval by artist and movement; hubness, before and after CSLS; and
    film frames that have to find their painting. What was measured before is shown again at once.

    Example: r2r evaluate starter --report starter.html
    """
    from r2r_cli import context, files, render
    from r2r_cli import report as page
    from r2r_cli.report import table
    from r2r_shared.queries import works
    from r2r_shared.queries.evaluations import Asked

    with context.session() as opened:
        stored = context.profile(opened)
        _require_paintings(opened, stored, collection or ())
        asked = Asked(
            model=_profile(opened, model).id,
            beside=_beside(opened, beside),
            collections=tuple(collection) if collection else None,
            held_out=held_out,
            salt=salt,
            seed=seed,
            frames=frames,
            works=works.digest(opened.conn, stored.id, collection or None),
        )
        done = None if again else _known(opened, stored, asked)
        if done is None:
            job_id = _job(opened, stored, asked)
            if detach:
                _say_detached(job_id, json=json)
                return
            done = _await(opened, job_id)
        elif not json:
            render.note(f"measured on {done.created_at:%d %B %Y at %H:%M}; --again measures anew")
    found = done.report | {"job": done.job_id, "evaluated_at": done.created_at.isoformat()}
    if report is not None:
        files.write_text(report, page.render(found))
        render.note(f"wrote {report}")
    if json:
        render.print_json(found)
    elif report is None:
        table.print_report(found)


def _require_paintings(opened: Session, stored: Profile, collections: Sequence[str]) -> None:
    """See to it that there are stored metrics of works that can be looked at, of these collections or of any.

    Raises:
        UserError: there are none, or all came without pictures; or no collection of that name.
    """
    from r2r_cli.triplets import loading
    from r2r_shared.errors import UserError
    from r2r_shared.queries import paintings

    for name in collections:
        paintings.collection_named(opened.conn, name)
    there = paintings.collections(opened.conn, profile_id=stored.id)
    if not any(row.measured for row in there if not collections or row.name in collections):
        raise UserError(
            f"no painting has been measured under the profile “{stored.name}”", "r2r paintings import ./my-paintings"
        )
    loading.require_pictures(opened, stored, collections)


def _profile(opened: Session, name: str) -> Profile:
    """The profile of a model of one's own, of a built-in one, or of a file; made where it is new, never active.

    Raises:
        UserError: it is none of these.
    """
    from r2r_cli import context
    from r2r_shared.queries import models, profiles

    own = models.named(opened.conn, name)
    if own is not None:
        return profiles.get(opened.conn, own.profile_id)
    path = Path(name).expanduser()
    # A worker looks from another directory.
    where = str(path.absolute()) if name.endswith(".safetensors") else name
    return profiles.ensure(opened.conn, context.describe(where), first_is_active=False)


def _beside(opened: Session, name: str | None) -> int | None:
    from r2r_cli import context

    if name == NOTHING:
        return None
    if name is None:
        name = next(str(row["name"]) for row in context.run_models("list") if row["encoder"] == "descriptor")
    return _profile(opened, name).id


def _known(opened: Session, stored: Profile, asked: Asked) -> Evaluation | None:
    """The same, measured before on the same paintings."""
    from r2r_shared.queries import evaluations

    return evaluations.same(opened.conn, stored.id, stored.revision, asked)


def _job(opened: Session, stored: Profile, asked: Asked) -> int:
    """The job that is at it already, else a new one, sent."""
    from r2r_cli.jobs import waiting
    from r2r_shared import names
    from r2r_shared.queries import evaluations, jobs, segments

    job_id = evaluations.open_job(opened.conn, stored.id, asked)
    if job_id is None:
        with opened.conn.transaction():
            job_id = jobs.create(opened.conn, kind="evaluate", profile_id=stored.id, options=asked.to_options())
            segments.add_batches(opened.conn, job_id, names.EVALUATION, [[]])
    waiting.sweep(opened)
    return job_id


def _say_detached(job_id: int, *, json: bool) -> None:
    from r2r_cli import render

    if json:
        render.print_json({"job": job_id})
    else:
        render.say(f"job {job_id}: r2r jobs watch {job_id}; when it is done, the same command shows what came out")


def _await(opened: Session, job_id: int) -> Evaluation:
    from r2r_cli.jobs import waiting
    from r2r_shared.errors import UserError
    from r2r_shared.queries import evaluations

    ended = waiting.wait_for_jobs(opened, [job_id])[0]
    done = evaluations.of_job(opened.conn, job_id)
    if ended.state != "done" or done is None:
        why = f": {' '.join(ended.error.split())}" if ended.error else ""
        raise UserError(f"the evaluation is {ended.state}{why}", f"r2r jobs show {job_id} --log")
    return done

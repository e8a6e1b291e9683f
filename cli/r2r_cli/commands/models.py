"""r2r models: the encoders and depth estimators behind a profile, and those that were trained or brought in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from r2r_cli import options

app = typer.Typer(help="List, compare, activate, import and export models.", no_args_is_help=True)
Profile = Annotated[str, typer.Argument(metavar="PROFILE", help="As `r2r models list` names it.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="A model of your own, as `r2r models list` names it.")]


@app.command("list")
def list_(json: options.Json = False) -> None:
    """List the profiles that can be used, your own models among them, and whether their weights are on this machine.

    Example: r2r models list
    """
    from r2r_cli import context, render
    from r2r_cli.modelling import showing

    with context.session() as opened:
        found = showing.rows(opened)
    if json:
        render.print_json(found)
    else:
        showing.print_rows(found)


@app.command()
def show(name: Profile, json: options.Json = False) -> None:
    """Show a model: its network, how it came about, its training, its evaluation, and what is measured with it.

    Example: r2r models show my-model
    """
    from r2r_cli import context, render
    from r2r_cli.modelling import showing

    with context.session() as opened:
        told = showing.one(opened, name)
    if json:
        render.print_json(told)
    else:
        showing.print_one(told)


@app.command()
def compare(
    one: Profile,
    other: Profile,
    film: Annotated[
        str | None, typer.Option(metavar="FILM", help="Only this film: a path, an id, or a piece of the title.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Compare two models: how alike their answers are for films that both have matched, and their evaluations.

    Example: r2r models compare starter my-model --film 3
    """
    from r2r_cli import context, render
    from r2r_cli.ingesting import intake
    from r2r_cli.modelling import showing

    with context.session() as opened:
        film_id = None if film is None else intake.find(opened, film)
        found = showing.side_by_side(opened, (one, other), film_id=film_id)
    if json:
        render.print_json(found)
    else:
        showing.print_side_by_side(found)


@app.command()
def activate(  # noqa: PLR0917
    name: Annotated[str | None, typer.Argument(metavar="PROFILE", help="As `r2r models list` names it.")] = None,
    back: Annotated[bool, typer.Option("--back", help="The profile that was active before.")] = False,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Go on without works that came without pictures.")
    ] = False,
    priority: options.Priority = 0,
    detach: Annotated[bool, typer.Option("--detach", help="Queue the work and return.")] = False,
    json: options.Json = False,
) -> None:
    """Use a profile for good: measure with it what is stored, match every film, then switch to it in one step.

    No film is decoded. Until the switch everybody reads the profile of before; where nothing is missing it is at once.
    Works that came without pictures (r2r import) cannot be measured: that is said first, and nothing is done, or they
    are left out. They keep what they came with, and have no numbers under the new profile.

    Example: r2r models activate my-model

    Example: r2r models activate --back
    """
    if back == (name is not None):
        raise typer.BadParameter("name a profile, or --back", param_hint="PROFILE")
    from r2r_cli.modelling import activating

    if not activating.run(name, leave_out=leave_out, detach=detach, priority=priority, json=json):
        raise typer.Exit(1)


@app.command()
def export(
    name: Model,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to: a name ending in .safetensors.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    json: options.Json = False,
) -> None:
    """Write a model to a file that another installation can import.

    Example: r2r models export my-model my-model.safetensors
    """
    from r2r_cli import context, render
    from r2r_cli.modelling import moving

    with context.session() as opened:
        model = moving.write_out(opened, name, file, force=force)
    if json:
        render.print_json({"name": model.name, "file": str(file), "digest": model.digest, "bytes": model.size_bytes})
    else:
        render.say(f"{model.name} is written to {file} ({model.size_bytes / 1e6:.1f} MB)")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .safetensors file of a model.")],
    name: Annotated[str, typer.Option("--name", help="Its name here: letters, digits, dots, - and _.")],
    json: options.Json = False,
) -> None:
    """Bring a model in. Nothing in the file is executed; every worker has it by way of the media store.

    Example: r2r models import my-model.safetensors --name my-model
    """
    from r2r_cli import context, render
    from r2r_cli.modelling import moving

    with context.session() as opened:
        model = moving.bring_in(opened, file, name)
    if json:
        render.print_json(asdict(model))
    else:
        render.say(f"{model.name}: {model.config['backbone']}, {model.size_bytes / 1e6:.1f} MB")
        render.note(f"use it: r2r models activate {model.name}")


@app.command()
def remove(name: Model, yes: options.Yes = False, json: options.Json = False) -> None:
    """Remove a model with all that was measured with it. Films and paintings stay.

    Example: r2r models remove my-model --yes
    """
    options.require_yes(yes=yes, json=json)
    from r2r_cli import context, render
    from r2r_shared import registering
    from r2r_shared.queries import models

    with context.session() as opened:
        models.get(opened.conn, name)
        if not yes:
            question = f"Remove the model {name} with all that was measured with it?"
            typer.confirm(render.printable(question), abort=True)
        gone = registering.remove(opened.conn, opened.store, name)
    if json:
        render.print_json({"removed": gone.name})
    else:
        render.say(f"removed the model {gone.name}")


@app.command()
def pull(name: Profile, json: options.Json = False) -> None:
    """Fetch a profile's weights from torchvision and the Hugging Face hub into their usual caches.

    Example: r2r models pull resnet50
    """
    from r2r_cli import context, render

    answer = context.run_models("pull", name)[-1]
    if json:
        render.print_json(answer)
    else:
        typer.echo(f"{name}: the weights are here; use them with R2R_PROFILE={name}")

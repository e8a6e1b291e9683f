"""r2r models: the encoders and depth estimators behind a profile."""

from __future__ import annotations

from typing import Annotated

import typer

from r2r_cli import options

app = typer.Typer(help="List and fetch models.", no_args_is_help=True)


@app.command("list")
def list_(json: options.Json = False) -> None:
    """List the profiles that can be used, and whether their weights are on this machine.

    Example: r2r models list
    """
    from r2r_cli import context, render
    from r2r_shared.queries import profiles

    known = context.run_models("list")
    with context.session() as opened:
        stored = profiles.listed(opened.conn)
    in_use = {profile.name: profile for profile in reversed(stored)}
    rows = [
        {**row, "stored": row["name"] in in_use, "active": row["name"] in in_use and in_use[row["name"]].active}
        for row in known
    ]
    if json:
        render.print_json(rows)
        return
    render.table(
        ["profile", "encoder", "depth", "weights here", "state"],
        [
            (
                row["name"],
                row["encoder"],
                row["depth"],
                "yes" if row["present"] else f"no: r2r models pull {row['name']}",
                "active" if row["active"] else ("in the database" if row["stored"] else ""),
            )
            for row in rows
        ],
    )
    render.note("use another for a command or a session: R2R_PROFILE=name")


@app.command()
def pull(
    name: Annotated[str, typer.Argument(metavar="PROFILE", help="As `r2r models list` names it.")],
    json: options.Json = False,
) -> None:
    """Fetch a profile's weights from torchvision and the Hugging Face hub into their usual caches.

    Example: r2r models pull resnet50
    """
    from r2r_cli import context, render

    answer = context.run_models("pull", name)[-1]
    if json:
        render.print_json(answer)
    else:
        typer.echo(f"{name}: the weights are here; use them with R2R_PROFILE={name}")

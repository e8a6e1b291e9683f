"""r2r db: the schema."""

from __future__ import annotations

import typer

from r2r_cli import options

app = typer.Typer(help="Look at and migrate the database.", no_args_is_help=True)


@app.command()
def migrate(json: options.Json = False) -> None:
    """Bring the schema up to date; safe to run at any time, by any number of people at once.

    Example: R2R_DATABASE_URL=postgresql://… r2r db migrate
    """
    from r2r_cli import context, render
    from r2r_shared import db
    from r2r_shared import migrate as migrations
    from r2r_shared.settings import Settings

    settings = Settings.from_env()
    if settings.database_url is not None:
        with db.translated():
            applied = migrations.apply(settings.database_url)
    else:
        with context.servers(settings):  # this machine's own stack is migrated whenever it opens
            applied = []
    if json:
        render.print_json({"applied": applied})
    else:
        typer.echo(f"applied {', '.join(applied)}" if applied else "nothing to do: the schema is up to date")


@app.command()
def status(json: options.Json = False) -> None:
    """Show where the database is and which migrations are pending.

    Example: r2r db status
    """
    from r2r_cli import context, render
    from r2r_shared import db
    from r2r_shared import migrate as migrations
    from r2r_shared.settings import Settings

    settings = Settings.from_env()
    if settings.database_url is not None:
        url = settings.database_url
        with db.translated():
            found = {"current": migrations.current(url), "pending": migrations.pending(url)}
    else:
        with context.servers(settings) as stack:
            url = stack.database_url
            found = {"current": migrations.current(url), "pending": migrations.pending(url)}
    found = {"database": db.describe(url), **found}
    if json:
        render.print_json(found)
    else:
        render.table(["", ""], [(key, ", ".join(v) if isinstance(v, list) else v) for key, v in found.items()])
    if found["pending"]:
        render.note("hint:  r2r db migrate")
        raise typer.Exit(1)

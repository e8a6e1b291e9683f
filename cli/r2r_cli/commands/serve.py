"""r2r serve: films, paintings and the catalogue in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(  # noqa: PLR0917  (a command is its options)
    host: Annotated[
        str, typer.Option(help="The address to listen on. Any but this machine's own needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")] = 8765,
    token: Annotated[
        str | None,
        typer.Option(
            help="What a visitor has to know. Better set as R2R_WEB_TOKEN: others on this machine can read a command.",
        ),
    ] = None,
    films: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="Films are taken from here and below; again for more. By default here."),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="A further name it is asked for by: that of a proxy in front of it."),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Serve films, paintings, search by a picture and the catalogue as web pages, until Ctrl-C.

    On this machine's own stack a worker runs as long as it does, so that films can be ingested from the page.

    Example: r2r serve --films ~/Films --open
    """
    from r2r_cli import context, render
    from r2r_cli.web import folders, running, serving
    from r2r_shared.settings import Settings

    settings = Settings.from_env()
    asked = serving.Serving(
        host=host,
        token=token or settings.web_token,
        folders=folders.resolve(films or [Path()]),
        upload_bytes=settings.upload_bytes,
        names=frozenset(one.lower() for one in name or ()),
    )
    with serving.listen(host, port) as bound, context.servers(settings) as stack:
        place = serving.url_of(bound, host)
        render.say(f"{place} shows the films; Ctrl-C ends it")
        try:
            running.run(settings, asked, stack, bound, browser=place if open_ else None)
        except KeyboardInterrupt:
            render.note("\nstopping")

"""r2r worker and r2r up: processes that stay."""

from __future__ import annotations

from typing import Annotated

import typer


def worker(
    queues: Annotated[
        str, typer.Option(help="Which queues to serve, by comma: control, video, paintings, train.")
    ] = "control,video,paintings",
    processes: Annotated[int | None, typer.Option(min=1, max=64, help="Pool children; by default R2R_WORKERS.")] = None,
) -> None:
    """Run a worker until it is told to stop. It leases segments and holds no state of its own.

    Example: r2r worker --queues video
    """
    from r2r_cli import context
    from r2r_shared import names
    from r2r_shared.local_worker import run_foreground

    unknown = [name for name in queues.split(",") if name not in names.QUEUES]
    if unknown:
        raise typer.BadParameter(
            f"no queue {', '.join(unknown)}; there are {', '.join(names.QUEUES)}", param_hint="--queues"
        )
    with context.session() as opened:
        code = run_foreground(
            opened.settings, opened.stack, queues=queues, processes=processes or opened.settings.workers
        )
    raise typer.Exit(code)


def up() -> None:
    """Hold this machine's own stack open, with a worker, until Ctrl-C.

    Example: r2r up
    """
    import time

    from r2r_cli import context, render
    from r2r_shared import broker
    from r2r_shared.local_worker import LocalWorker
    from r2r_shared.queries import segments

    with context.session() as opened:
        typer.echo(f"R2R_DATABASE_URL={opened.stack.database_url}")
        typer.echo(f"R2R_BROKER_URL={opened.stack.broker_url}")
        if not opened.stack.local:
            render.note("these servers are not ours to hold open; `r2r worker` serves them")
            return
        render.note("the stack is up; Ctrl-C ends it")
        app = broker.make_app(opened.settings, opened.stack.broker_url)
        local = LocalWorker(opened.settings, opened.stack)
        settings = opened.settings
        try:
            while True:
                local.ensure()
                broker.send_all(
                    app,
                    segments.sweep(opened.conn, lease_s=settings.lease_s, max_attempts=settings.max_attempts),
                )
                time.sleep(2)
        except KeyboardInterrupt:
            render.note("\nstopping")
        finally:
            local.stop()

"""r2r worker and r2r up: processes that stay."""

from __future__ import annotations

import os
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
    import subprocess
    import sys

    from r2r_cli import context
    from r2r_shared import names
    from r2r_shared.errors import UserError
    from r2r_shared.local_worker import EXIT_ANOTHER_HOLDS_THE_LOCK

    unknown = [name for name in queues.split(",") if name not in names.QUEUES]
    if unknown:
        raise typer.BadParameter(
            f"no queue {', '.join(unknown)}; there are {', '.join(names.QUEUES)}", param_hint="--queues"
        )
    with context.session() as opened:
        command = [sys.executable, "-m", "r2r_workers", f"--queues={queues}"]
        command.append(f"--processes={processes or opened.settings.workers}")
        if opened.stack.local:
            command.append("--local")
        child = subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, **opened.stack.environ()})
        while True:
            try:
                code = child.wait()
                break
            except KeyboardInterrupt:  # the worker has it, too, and ends when its work is done or handed back
                continue
    if code == EXIT_ANOTHER_HOLDS_THE_LOCK:
        raise UserError("this machine's own stack has a worker already", "one is enough; it serves every shell")
    raise typer.Exit(code)


def up() -> None:
    """Hold this machine's own stack open, with a worker, until Ctrl-C.

    Example: r2r up
    """
    import time

    from r2r_cli import context, render, waiting
    from r2r_shared import broker
    from r2r_shared.local_worker import LocalWorker

    with context.session() as opened:
        typer.echo(f"R2R_DATABASE_URL={opened.stack.database_url}")
        typer.echo(f"R2R_BROKER_URL={opened.stack.broker_url}")
        if not opened.stack.local:
            render.note("these servers are not ours to hold open; `r2r worker` serves them")
            return
        render.note("the stack is up, with a worker; Ctrl-C ends it")
        app = broker.make_app(opened.settings, opened.stack.broker_url)
        local = LocalWorker(opened.settings, opened.stack)
        try:
            while True:
                local.ensure()
                waiting.sweep(opened, app)
                time.sleep(waiting.SWEEP_S)
        except KeyboardInterrupt:
            render.note("\nstopping")
        finally:
            waiting.end_worker(opened, local)

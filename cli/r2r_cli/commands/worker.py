"""r2r worker and r2r up: processes that stay."""

from __future__ import annotations

import os
from typing import Annotated

import typer


def worker(
    queues: Annotated[
        str,
        typer.Option(
            help="Which queues to serve, by comma: control, video, paintings; or train, alone. One worker at least has "
            "to serve each of the first three; `--queues video` is for further machines that only decode films."
        ),
    ] = "control,video,paintings",
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Pool children; by default R2R_WORKERS, else one for each GPU or two cores."),
    ] = None,
) -> None:
    """Run a worker until it is told to stop. It leases segments and holds no state of its own.

    Example: r2r worker
    """
    import sys

    from r2r_cli import context
    from r2r_shared import names
    from r2r_shared.processes import MALLOC

    queues = ",".join(name.strip() for name in queues.split(","))
    unknown = [name for name in queues.split(",") if name not in names.QUEUES]
    if unknown:
        raise typer.BadParameter(
            f"no queue {', '.join(unknown)}; there are {', '.join(names.QUEUES)}", param_hint="--queues"
        )
    if names.TRAIN in queues.split(",") and queues != names.TRAIN:
        raise typer.BadParameter(
            "train has a worker of its own, on a Redis database of its own: start another with --queues train",
            param_hint="--queues",
        )
    with context.session() as opened:
        command = [sys.executable, "-m", "r2r_workers", f"--queues={queues}"]
        command += [] if processes is None else [f"--processes={processes}"]
        env = {**MALLOC, **os.environ, **opened.stack.environ()}
        if opened.stack.local:
            raise typer.Exit(_serve_local([*command, "--local"], env))
    os.execve(sys.executable, command, env)  # whoever started this command signals the worker itself


def _serve_local(command: list[str], env: dict[str, str]) -> int:
    """Run the worker as a child, because the servers stop with this process; pass on what it is told."""
    import signal
    import subprocess

    from r2r_shared.errors import UserError
    from r2r_shared.local.worker import EXIT_ANOTHER_HOLDS_THE_LOCK

    child = subprocess.Popen(command, stdin=subprocess.PIPE, env=env)

    def pass_on(number: int, _frame: object) -> None:
        del number
        child.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGHUP, pass_on)
    while True:
        try:
            code = child.wait()
            break
        except KeyboardInterrupt:  # the worker has it, too, and ends when its work is done or handed back
            continue
    if code == EXIT_ANOTHER_HOLDS_THE_LOCK:
        raise UserError("this machine's own stack has a worker already", "one is enough; it serves every shell")
    return code


def up() -> None:
    """Hold this machine's own stack open, with a worker, until Ctrl-C.

    Example: r2r up
    """
    import time

    from r2r_cli import context, render
    from r2r_cli.jobs import waiting
    from r2r_shared.local.worker import LocalWorker

    with context.session() as opened:
        typer.echo(f"R2R_DATABASE_URL={opened.stack.database_url}")
        typer.echo(f"R2R_BROKER_URL={opened.stack.broker_url}")
        typer.echo(f"R2R_MEDIA={opened.stack.media_url}")
        if not opened.stack.local:
            render.note("these servers are not ours to hold open; `r2r worker` serves them")
            return
        render.note("the stack is up, with a worker; Ctrl-C ends it")
        local = LocalWorker(opened.settings, opened.stack)
        try:
            while True:
                local.ensure()
                waiting.sweep(opened)
                time.sleep(waiting.SWEEP_S)
        except KeyboardInterrupt:
            render.note("\nstopping")
        finally:
            waiting.end_worker(opened, local)

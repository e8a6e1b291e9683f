"""r2r metrics: numbers for Prometheus."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from r2r_shared.settings import Settings

LISTEN = "127.0.0.1:9464"


def metrics(
    listen: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help="Where to listen; port 0 takes any that is free. Nobody is asked for a password: beyond this machine, "
            "let only Prometheus reach it.",
        ),
    ] = LISTEN,
) -> None:
    """Serve /metrics for Prometheus and /health (200 or 503), until Ctrl-C or SIGTERM.

    Everything is counted in the database, so it is true with every worker dead.

    Example: r2r metrics --listen 127.0.0.1:9464
    """
    from r2r_cli import context
    from r2r_shared.operating import logs
    from r2r_shared.settings import Settings

    host, port = _parse(listen)
    settings = Settings.from_env()
    logs.configure(settings)
    if settings.database_url is not None and settings.broker_url is not None:
        # Not looked at first: where a server is away, that is what there is to say.
        _serve(settings, settings.database_url, settings.broker_url, host, port)
    else:
        with context.servers(settings) as stack:
            _tell(settings, "the servers are this machine's own, and stay up as long as this command")
            _serve(settings, stack.database_url, stack.broker_url, host, port)


def _serve(settings: Settings, database_url: str, broker_url: str, host: str, port: int) -> None:
    from r2r_shared.operating.metrics_server import MetricsServer
    from r2r_shared.operating.watch import Watch

    server = MetricsServer(host, port, Watch(settings, database_url, broker_url))
    place = f"http://{f'[{host}]' if ':' in host else host}:{server.port}"
    _tell(settings, f"metrics at {place}/metrics, health at {place}/health; Ctrl-C ends it", as_result=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        _tell(settings, "stopping")
    finally:
        server.server_close()


def _tell(settings: Settings, line: str, *, as_result: bool = False) -> None:
    """A line to people, or an object among those of the log."""
    if settings.log == "json":
        logging.getLogger(__name__).info("%s", line)
    else:
        from r2r_cli import render

        (render.say if as_result else render.note)(line)


def _parse(listen: str) -> tuple[str, int]:
    """HOST:PORT; an IPv6 address in brackets.

    Raises:
        BadParameter: it is neither.
    """
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    bare_v6 = ":" in host and not listen.startswith("[")
    if not colon or not host or bare_v6 or not port.isdecimal() or int(port) > 65535:
        raise typer.BadParameter(f"{listen} is no HOST:PORT, such as {LISTEN} or [::1]:9464", param_hint="--listen")
    return host, int(port)

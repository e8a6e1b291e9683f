"""The site from its socket to its last request."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from r2r_cli.web import keeper, site
from r2r_cli.web.app import build
from r2r_cli.web.routes import ingest

if TYPE_CHECKING:
    from collections.abc import Generator

    from r2r_cli.web.serving import Serving
    from r2r_cli.web.site import Site
    from r2r_shared.local.stack import Stack
    from r2r_shared.settings import Settings

AT_ONCE = 500
"""Requests that are answered or wait for their turn; more are told to come again."""
GRACE_S = 5


def run(
    settings: Settings, serving: Serving, stack: Stack, bound: socket.socket, *, browser: str | None = None
) -> None:
    """Serve until a signal ends it.

    Args:
        browser: an address to open once it answers.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when what was at hand has been answered.
    """
    with site.opened(settings, serving, stack) as made, keeper.kept_alive(settings, stack, made.post):
        ingest.forget_scraps(made)
        if browser is not None:
            import webbrowser

            threading.Timer(0.5, webbrowser.open, (browser,)).start()
        server(made).run(sockets=[bound])


def server(made: Site) -> uvicorn.Server:
    """What answers requests: a fixed number at a time, with no headers that tell of itself."""
    config = uvicorn.Config(
        build(made),
        lifespan="off",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody could write the address that tries are counted by
        limit_concurrency=AT_ONCE,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_S,
    )
    return uvicorn.Server(config)


@contextmanager
def in_thread(made: Site, bound: socket.socket) -> Generator[None]:
    """The site served by a thread, for as long as the `with`: benchmarks and tests look at it from outside."""
    serving = server(made)
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [bound]}, name="site")
    thread.start()
    try:
        yield
    finally:
        serving.should_exit = True
        thread.join()

"""While the site is up, this machine's own servers and worker are, too: films that are ingested are worked on."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Generator

import psycopg

from r2r_cli.context import Session
from r2r_cli.jobs import waiting
from r2r_shared import db
from r2r_shared.broker import Post
from r2r_shared.errors import R2RError, Unavailable
from r2r_shared.local.stack import Stack
from r2r_shared.local.worker import LocalWorker
from r2r_shared.settings import Settings

log = logging.getLogger(__name__)


@contextlib.contextmanager
def kept_alive(settings: Settings, stack: Stack, post: Post) -> Generator[None]:
    """Within it a local stack has its worker and its sweeps, as under `r2r up`; a cluster has its own."""
    if not stack.local:
        yield
        return
    opened = Session(settings, stack, db.connect(stack.database_url, autocommit=True), post)
    stop = threading.Event()
    thread = threading.Thread(target=_keep, args=(opened, LocalWorker(settings, stack), stop), name="keeper")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        opened.conn.close()


def _keep(opened: Session, worker: LocalWorker, stop: threading.Event) -> None:
    complained = ""
    try:
        while not stop.is_set():
            try:
                worker.ensure()
                waiting.sweep(opened)
                complained = ""
            except (R2RError, psycopg.OperationalError) as error:
                if str(error) != complained:  # the same again says nothing new
                    complained = str(error)
                    log.warning("%s", error)
                with contextlib.suppress(Unavailable, psycopg.OperationalError):
                    opened.reconnect()
            except Exception:
                log.exception("this machine's worker was not looked after")
            stop.wait(waiting.SWEEP_S)
    finally:
        waiting.end_worker(opened, worker)

"""What a worker's main process and its children do when they begin."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import Any

from billiard.process import current_process
from celery.signals import celeryd_after_setup, setup_logging, worker_process_init, worker_ready
from celery.utils.log import LoggingProxy

from r2r_shared.errors import Unavailable
from r2r_shared.operating import logs
from r2r_shared.storage.media_store import MediaStore
from r2r_workers import facts, gpus, leaving, runtime, sweeper

log = logging.getLogger(__name__)


def install() -> None:
    """Connect to Celery's signals. In a spawned child, too: it imports its app anew."""
    setup_logging.connect(begin_log)
    celeryd_after_setup.connect(quiet_children)
    worker_ready.connect(begin)
    worker_process_init.connect(begin_child)
    facts.install()


def begin_log(**_: object) -> None:
    """Instead of Celery's own logging, in the main process and in each child; what libraries print is a line, too."""
    logs.configure(runtime.settings())
    sys.stdout = sys.stderr = LoggingProxy(logging.getLogger("celery.redirected"), logging.WARNING)


def quiet_children(**_: object) -> None:
    """Until a child has our logging, billiard writes in a form of its own, at a level that it is told by Celery."""
    os.environ["_MP_FORK_LOGLEVEL_"] = str(logging.WARNING)


def begin(sender: Any, **_: object) -> None:
    """A worker that serves a queue also sees to it that nothing in it is forgotten.

    Args:
        sender: Celery's consumer.
    """
    try:
        MediaStore(runtime.settings().media_root).make()
    except Unavailable as error:
        log.warning("%s", error)
    leaving.install(sender.app.conf.worker_soft_shutdown_timeout)
    sweeper.start()


def begin_child(**_: object) -> None:
    """One child, one GPU or one share of the cores; its models are loaded while it waits for its first segment."""
    gpus.take(getattr(current_process(), "index", 0), runtime.settings())
    import cv2

    cv2.setNumThreads(1)  # OpenCV's own pool would fight with the decoder's threads
    threading.Thread(target=runtime.warm, name="warm", daemon=True).start()

"""What a worker's main process and its children do when they begin."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import Any

from billiard.process import current_process
from celery.signals import (
    celeryd_after_setup,
    setup_logging,
    worker_before_create_process,
    worker_process_init,
    worker_ready,
)
from celery.utils.log import LoggingProxy

from r2r_shared.errors import Unavailable
from r2r_shared.operating import logs
from r2r_shared.storage.media_store import MediaStore
from r2r_workers import facts, gpus, leaving, runtime, sweeper

log = logging.getLogger(__name__)

_NO_TRACKER_WARNING = "ignore:semaphore_tracker:UserWarning"
"""billiard's tracker, a process of its own that unlinks semaphores once nobody is left, warns of each that the worker
did not unlink itself, in plain lines on our stderr. A worker ends with os._exit (leaving.py) or is killed, so there
always are some: that is what the tracker is for."""


def install(*, training: bool = False) -> None:
    """Connect to Celery's signals. In a spawned child, too: it imports its app anew."""
    setup_logging.connect(begin_log)
    celeryd_after_setup.connect(set_up)
    worker_ready.connect(begin)
    worker_process_init.connect(begin_training_child if training else begin_child)
    facts.install()


def begin_log(**_: object) -> None:
    """Instead of Celery's own logging, in the main process and in each child; what libraries print is a line, too."""
    logs.configure(runtime.settings())
    sys.stdout = sys.stderr = LoggingProxy(logging.getLogger("celery.redirected"), logging.WARNING)


def set_up(conf: Any, **_: object) -> None:
    """Before the first child: what billiard writes by itself is silenced, and we are told to end in our own way.

    Until a child has our logging, billiard writes in a form of its own, at a level that it is told by Celery. Celery's
    way out, as long as it is in place, says so in a plain line.

    Args:
        conf: the app's.
    """
    os.environ["_MP_FORK_LOGLEVEL_"] = str(logging.WARNING)
    if _NO_TRACKER_WARNING not in sys.warnoptions:
        sys.warnoptions.append(_NO_TRACKER_WARNING)  # billiard hands them on to what it starts

    def leave_our_way(**_: object) -> None:
        leaving.install(conf.worker_soft_shutdown_timeout)
        worker_before_create_process.disconnect(leave_our_way)

    worker_before_create_process.connect(leave_our_way, weak=False)


def begin(**_: object) -> None:
    """A worker that serves a queue also sees to it that nothing in it is forgotten."""
    try:
        MediaStore(runtime.settings().media_root).make()
    except Unavailable as error:
        log.warning("%s", error)
    sweeper.start()


def begin_child(**_: object) -> None:
    """One child, one GPU or one share of the cores; its models are loaded while it waits for its first segment."""
    gpus.take(getattr(current_process(), "index", 0), runtime.settings())
    import cv2

    cv2.setNumThreads(1)  # OpenCV's own pool would fight with the decoder's threads
    threading.Thread(target=runtime.warm, name="warm", daemon=True).start()


def begin_training_child(**_: object) -> None:
    """A training takes all GPUs and cores, in processes of its own; nothing is loaded before it is known what."""
    import cv2

    cv2.setNumThreads(1)

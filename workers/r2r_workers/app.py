"""The Celery app: `celery -A r2r_workers.app worker`. Importing it reads the environment; it is an entry point."""

from __future__ import annotations

from celery.signals import worker_process_init, worker_ready

from r2r_shared import names
from r2r_workers import idle_end, runtime, sweeper
from r2r_workers.tasks.work import work

app = runtime.app()
app.conf.include = [__name__]  # a spawned child has an app of its own, and imports the task into it
app.task(name=names.WORK)(work)


@worker_ready.connect
def begin(**_: object) -> None:
    """A worker that serves a queue also sees to it that nothing in it is forgotten."""
    idle_end.install()
    sweeper.start()


@worker_process_init.connect
def bound_threads(**_: object) -> None:
    """One child, one share of the cores: OpenCV's own pool would fight with the decoder's threads."""
    import cv2

    cv2.setNumThreads(1)

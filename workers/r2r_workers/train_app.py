"""The Celery app of the queue `train`, whose Redis database and time limits are its own: see r2r_shared.broker."""

from __future__ import annotations

from r2r_shared import names
from r2r_workers import lifecycle, runtime
from r2r_workers.tasks.work import work

lifecycle.install(training=True)
app = runtime.make_app(training=True)
app.conf.include = [__name__]
app.task(name=names.WORK)(work)

"""The Celery app of films and paintings: `celery -A r2r_workers.app worker`.

Importing it reads the environment; it is an entry point. `train_app` is the other one.
"""

from __future__ import annotations

from r2r_shared import names
from r2r_workers import lifecycle, runtime
from r2r_workers.tasks.work import work

lifecycle.install()
app = runtime.make_app(training=False)
app.conf.include = [__name__]  # a spawned child has an app of its own, and imports the task into it
app.task(name=names.WORK)(work)

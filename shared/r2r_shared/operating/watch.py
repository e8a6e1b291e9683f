"""Looks at the servers for `r2r metrics`, at most every few seconds however often it is asked."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import psycopg
from prometheus_client.registry import Collector

from r2r_shared import broker, broker_address, db, names
from r2r_shared.broker import Post
from r2r_shared.errors import UserError
from r2r_shared.operating import health
from r2r_shared.operating.checks import Check
from r2r_shared.operating.exposition import Look, Rising, metrics
from r2r_shared.queries import gauges

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from r2r_shared.queries.gauges import Gauges
    from r2r_shared.settings import Settings

log = logging.getLogger(__name__)

KEEP_S = 4.0
"""How long a look is shown again. Prometheus asks every 15 s; whoever asks more often loads the database no more."""


class Watch(Collector):
    """A collector for Prometheus' registry. Any number of threads may ask; one of them looks, the others wait for it.

    Args:
        keep_s: how long a look is shown again.
    """

    def __init__(self, settings: Settings, database_url: str, broker_url: str, *, keep_s: float = KEEP_S) -> None:
        self._settings = settings
        self._database_url = database_url
        self._broker_url = broker_url
        self._keep_s = keep_s
        self._post = Post(settings, broker_url)
        self._rising = Rising()
        self._looking, self._checking = threading.Lock(), threading.Lock()
        self._metrics: tuple[float, Sequence[Metric]] = (float("-inf"), ())
        self._checks: tuple[float, Sequence[Check]] = (float("-inf"), ())
        self._complaints: dict[str, str] = {}

    def describe(self) -> list[Metric]:
        """Nothing: to be registered is no reason to look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics of a look that is a few seconds old at most."""
        with self._looking:
            if time.monotonic() - self._metrics[0] >= self._keep_s:
                began = time.perf_counter()
                rows = self._rows()
                look = Look(rows, took_s=time.perf_counter() - began, depths=self._depths())
                self._metrics = time.monotonic(), list(metrics(look, self._rising))
            shown = self._metrics[1]
        yield from shown

    def checks(self) -> Sequence[Check]:
        """What `r2r health` says, a few seconds old at most."""
        with self._checking:
            if time.monotonic() - self._checks[0] >= self._keep_s:
                found = list(health.servers(self._database_url, self._broker_url, local=self._settings.local))
                self._checks = time.monotonic(), found
            return self._checks[1]

    def _rows(self) -> Gauges | None:
        try:
            with db.translated(), health.connect(self._database_url) as conn:
                found = gauges.read(conn)
        except UserError as error:
            return self._complain("database", error.message)
        except psycopg.Error as error:  # no tables yet, or others than this release knows
            return self._complain("database", (str(error).splitlines() or [type(error).__name__])[0])
        self._complaints.pop("database", None)
        return found

    def _depths(self) -> dict[str, int] | None:
        depths: dict[str, int] = {}
        try:
            broker.check(self._broker_url)  # bounded in time; Celery's own would try for ever
            for queue in names.QUEUES:
                if queue != names.TRAIN or self._training():
                    depths[queue] = self._post.depth(queue)
        except UserError as error:
            return self._complain("broker", error.message)
        self._complaints.pop("broker", None)
        return depths

    def _training(self) -> bool:
        """Whether training has a Redis database that can be named, and that answers."""
        try:
            broker.check(broker_address.of_training(self._broker_url, named=self._settings.train_broker_url))
        except UserError as error:
            self._complain("training's broker", error.message)
            return False
        self._complaints.pop("training's broker", None)
        return True

    def _complain(self, what: str, why: str) -> None:
        """Say it once, not at every look."""
        if self._complaints.get(what) != why:
            self._complaints[what] = why
            log.warning("%s: %s", what, why)

"""`r2r doctor --remote`: ask every worker what it is and sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from r2r_shared import broker, db
from r2r_shared.errors import UserError
from r2r_shared.local.stack import open_stack
from r2r_shared.operating import asking, health
from r2r_shared.operating.checks import Check
from r2r_shared.operating.doctor_verdicts import Facts, judge
from r2r_shared.queries import profiles
from r2r_shared.storage.media_store import MediaStore

if TYPE_CHECKING:
    from celery import Celery

    from r2r_shared.records import Profile
    from r2r_shared.settings import Settings

START = "start `r2r worker` on a machine that sees the films, with the same R2R_ variables as here"


@dataclass(slots=True)
class Remote:
    """An examination. `workers`, what each said, is filled while `checks` is walked through."""

    settings: Settings
    workers: dict[str, Facts] = field(default_factory=dict[str, Facts])

    def checks(self) -> Iterator[Check]:
        """The servers, then each worker. This machine's own servers are started for it where none are configured."""
        with ExitStack() as servers:
            try:
                database_url, broker_url = self._addresses(servers)
            except UserError as error:
                yield Check("local servers", "fail", error.message, error.hint)
                return
            found = list(health.servers(database_url, broker_url, local=self.settings.local))
            yield from found
            if any(check.verdict == "fail" for check in found):
                return
            try:
                yield from self._workers(database_url, broker_url)
            except UserError as error:
                yield Check("workers", "fail", error.message, error.hint)

    def _addresses(self, servers: ExitStack) -> tuple[str, str]:
        if self.settings.local:
            self.settings.make_home()
            servers.enter_context(open_stack(self.settings))
        return health.addresses(self.settings)

    def _workers(self, database_url: str, broker_url: str) -> Iterator[Check]:
        apps = [broker.make_app(self.settings, broker_url)]
        with suppress(UserError):  # where no database for training can be named, nobody trains
            apps.append(broker.make_app(self.settings, broker_url, training=True))
        with db.translated(), health.connect(database_url) as conn:
            name = self.settings.profile
            profile = profiles.active(conn) if name is None else profiles.named(conn, name)
        store, probe = MediaStore(self.settings.media_root), f"doctor-{uuid4().hex}"
        try:
            store.put(asking.probe_key(probe, "asker"), probe.encode())
            for app in apps:
                self._ask(app, store, probe, profile)
        finally:
            with suppress(UserError):
                store.delete_prefix(probe)
        if not self.workers:
            yield Check("workers", "fail", "none answers", START)
        for worker, facts in sorted(self.workers.items()):
            yield from judge(worker, facts, self.settings, profile)

    def _ask(self, app: Celery, store: MediaStore, probe: str, profile: Profile | None) -> None:
        queues = asking.queues_by_worker(app)
        told = asking.facts(app, sorted(queues), probe=probe, profile_id=profile and profile.id)
        silent: Facts = {"error": f"it says nothing of itself within {asking.FACTS_WAIT_S:.0f} s"}
        for worker, served in queues.items():
            facts = {"queues": sorted(served)} | told.get(worker, silent)
            if "error" not in facts:
                facts["wrote"] = _holds(store, asking.probe_key(probe, worker), probe)
            self.workers[worker] = facts


def _holds(store: MediaStore, key: str, probe: str) -> bool:
    """Whether a worker's own object has come through to here."""
    with suppress(FileNotFoundError, UserError):
        return store.get(key) == probe.encode()
    return False

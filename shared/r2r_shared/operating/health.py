"""Is it alive: what an orchestrator asks each container every few seconds. Loads little, waits little, starts nothing.

Without a question of its own, whether the servers answer and the schema is the one this release knows. A worker or a
beat is asked for alone: restarting it would not mend a database that is away.
"""
# Celery and kombu carry no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import make_conninfo

from r2r_shared import broker, broker_address, db, migrate
from r2r_shared.errors import Unavailable, UserError
from r2r_shared.local.stack import LocalStack
from r2r_shared.operating.checks import Check, look
from r2r_shared.queries import gauges

if TYPE_CHECKING:
    from celery import Celery

    from r2r_shared.settings import Settings

BEAT_S = 60.0
"""A beat that has not swept for so long does not."""
_UP = "r2r up starts this machine's own stack and holds it open"
_CONNECT_S = 3
_PING_S = 1.0


def addresses(settings: Settings) -> tuple[str, str]:
    """The database's and the broker's address, of this machine's own stack where none are configured.

    Raises:
        UserError: this machine has no stack of its own yet. None is made.
    """
    if settings.database_url is not None and settings.broker_url is not None:
        return settings.database_url, settings.broker_url
    if not (settings.home / "run").is_dir():
        raise UserError(f"there is no stack in {settings.home}", "r2r up holds one open; R2R_DATABASE_URL names others")
    local = LocalStack.at(settings.home)
    return local.postgres.url(), local.redis.url()


def connect(database_url: str) -> db.Connection:
    """A connection in autocommit, or the complaint within three seconds.

    Raises:
        UserError, Unavailable: as `db.connect`.
    """
    db.describe(database_url)  # where it does not parse, this says so without quoting it
    return db.connect(make_conninfo(database_url, connect_timeout=str(_CONNECT_S)), autocommit=True)


def servers(database_url: str, broker_url: str, *, local: bool) -> Iterator[Check]:
    """Whether the database answers, its schema is current, and the broker answers.

    Args:
        local: whether they are this machine's own, which only stand while a command uses them.
    """
    database = look("database", _with_remedy(lambda: _database(database_url), local=local))
    yield database
    if database.verdict == "ok":
        yield look("schema", lambda: _schema(database_url))
    yield look("broker", _with_remedy(lambda: _broker(broker_url), local=local))


def worker(settings: Settings, broker_url: str) -> Check:
    """Whether a worker of this host answers, of films or of training."""
    return look("worker", _with_remedy(lambda: _worker(settings, broker_url), local=settings.local))


def beat(database_url: str, *, local: bool) -> Check:
    """Whether a beat of this host has swept lately."""
    return look("beat", _with_remedy(lambda: _beat(database_url), local=local))


def _with_remedy(at: Callable[[], Check], *, local: bool) -> Callable[[], Check]:
    """The same look, with the remedy of this machine's own servers where those do not answer."""

    def ours() -> Check:
        try:
            return at()
        except Unavailable as error:
            raise Unavailable(error.message, _UP if local else error.hint) from error

    return ours


def _database(url: str) -> Check:
    with connect(url) as conn:
        version = conn.execute("SELECT current_setting('server_version')").fetchone() or ("?",)
    return Check("database", "ok", f"Postgres {version[0]} at {db.describe(url)}")


def _schema(url: str) -> Check:
    if waiting := migrate.pending(make_conninfo(url, connect_timeout=str(_CONNECT_S))):
        return Check("schema", "fail", f"waiting: {', '.join(waiting)}", "r2r db migrate")
    return Check("schema", "ok", f"at {migrate.versions()[-1]}")


def _broker(url: str) -> Check:
    return Check("broker", "ok", f"Redis {broker.check(url)} at {broker_address.describe(url)}")


def _worker(settings: Settings, broker_url: str) -> Check:
    host = socket.gethostname()
    broker.check(broker_url)  # bounded in time; Celery's own would try for ever
    apps = [broker.make_app(settings, broker_url)]
    with suppress(UserError):  # where no database for training can be named, nobody trains
        apps.append(broker.make_app(settings, broker_url, training=True))
    found: queue.Queue[str | None] = queue.Queue()  # threads that nobody waits for: the first answer will do
    for app in apps:
        threading.Thread(target=_put_ping, args=(app, host, found), daemon=True).start()
    for _ in apps:
        if (name := found.get()) is not None:
            return Check("worker", "ok", f"{name} answers")
    return Check("worker", "fail", f"no worker of {host} answers", "look at its log, or start `r2r worker` there")


def _put_ping(app: Celery, host: str, found: queue.Queue[str | None]) -> None:
    """Put the first worker of `host` that answers, or None where none does within a second."""
    answers: Any = None
    try:
        answers = app.control.broadcast(
            "ping", reply=True, timeout=_PING_S, limit=1, pattern=f"*@{host}", matcher="glob"
        )
    except broker.connection_errors():
        pass
    finally:
        found.put(next(iter(answers[0])) if answers else None)


def _beat(url: str) -> Check:
    host = socket.gethostname()
    with connect(url) as conn:
        age_s = gauges.sweeps(conn).get(host)
    if age_s is None:
        return Check("beat", "fail", f"no beat of {host} has ever swept", "start `r2r beat` there")
    if age_s > BEAT_S:
        return Check(
            "beat", "fail", f"the beat of {host} last swept {age_s:.0f} s ago", "look at its log; start it again"
        )
    return Check("beat", "ok", f"swept {age_s:.0f} s ago")

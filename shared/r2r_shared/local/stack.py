"""The servers a command works with: the ones the settings name, else this machine's own.

Several shells may use the local servers at once. Each holds a share of one lock file for as long as it does;
whoever leaves and finds nobody else there stops them. The kernel gives up a dead process's share, so a
`kill -9` neither stops another's servers nor leaves a count that is wrong.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from r2r_shared import broker, db, migrate
from r2r_shared.errors import UserError
from r2r_shared.processes import private_directory
from r2r_shared.settings import Settings

if TYPE_CHECKING:
    from r2r_shared.local.postgres import LocalPostgres
    from r2r_shared.local.redis import LocalRedis

_SOCKET_DIRECTORY_BYTES = 85  # a socket's path has 103 bytes on macOS, 107 on Linux; ".s.PGSQL.5432.lock" has 18


@dataclass(frozen=True, slots=True)
class Stack:
    """Servers that answer.

    Attributes:
        local: True where they are this machine's own.
    """

    database_url: str
    broker_url: str
    media_url: str
    home: Path
    local: bool

    def environ(self) -> dict[str, str]:
        """What a child process needs in its environment to use the same servers and the same store."""
        return {
            "R2R_DATABASE_URL": self.database_url,
            "R2R_BROKER_URL": self.broker_url,
            "R2R_MEDIA": self.media_url,
            "R2R_HOME": str(self.home),
        }


@contextmanager
def open_stack(settings: Settings) -> Generator[Stack]:
    """Servers that answer, with a schema that is up to date, for the length of the `with`.

    Raises:
        Unavailable: a server does not answer or does not start.
        UserError: a configured database waits for a migration, or is newer than this release.
    """
    if settings.database_url is not None and settings.broker_url is not None:
        yield _configured(settings, settings.database_url, settings.broker_url)
        return
    from r2r_shared.local import locks

    local = LocalStack.at(settings.home)
    with locks.in_use(local.run / "use.lock") as share:
        try:
            local.revive()
            migrate.apply(local.postgres.url())
            yield Stack(local.postgres.url(), local.redis.url(), settings.media_root, settings.home, local=True)
        finally:
            if locks.last_user(share):
                local.stop()


@dataclass(frozen=True, slots=True)
class LocalStack:
    """The embedded servers of one home."""

    postgres: LocalPostgres
    redis: LocalRedis
    run: Path

    @staticmethod
    def at(home: Path) -> LocalStack:
        """Describe the servers of `home` and make their directories; starts nothing."""
        from r2r_shared.local.postgres import LocalPostgres
        from r2r_shared.local.redis import LocalRedis

        # A home that was there before may be a group's: only what is ours inside it is shut.
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        logs, run = private_directory(home / "logs"), private_directory(home / "run")
        sockets = socket_directory(home)
        return LocalStack(
            LocalPostgres(home / "postgres", sockets, logs / "postgres.log"),
            LocalRedis(private_directory(home / "redis"), sockets, logs / "redis.log"),
            run,
        )

    def revive(self) -> None:
        """Start what does not answer; costs two milliseconds where both do.

        For a command that works for hours: a server that was killed meanwhile comes back, and nothing that
        was finished is lost.
        """
        from r2r_shared.local import locks

        if self.postgres.answers() and self.redis.answers():
            return
        with locks.locked(self.run / "start.lock"):
            self.postgres.start()
            self.redis.start()

    def stop(self) -> None:
        """Stop both. The caller holds the use lock exclusively: nobody is there, and newcomers wait."""
        self.redis.stop()
        self.postgres.stop()


def socket_directory(home: Path) -> Path:
    """Where the sockets of `home` lie: in `run`, or, where that path is too long, under /tmp.

    Raises:
        UserError: the place under /tmp belongs to someone else.
    """
    usual = home / "run"
    if len(os.fsencode(usual)) <= _SOCKET_DIRECTORY_BYTES:
        return usual
    # Not tempfile's choice: two shells with different TMPDIRs have to meet.
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    short = Path("/tmp") / f"r2r-{os.geteuid()}-{name}"  # noqa: S108  (checked below)
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise UserError(
            f"{short} is not a private directory of yours, and the sockets of {home} belong there",
            "remove it, or set R2R_HOME to a shorter path",
        )
    return short


def _configured(settings: Settings, database_url: str, broker_url: str) -> Stack:
    if waiting := migrate.pending(database_url):
        raise UserError(
            f"the database {db.describe(database_url)} waits for {len(waiting)} migration(s): {', '.join(waiting)}",
            "run `r2r db migrate`",
        )
    broker.check(broker_url)
    return Stack(database_url, broker_url, settings.media_root, settings.home, local=False)

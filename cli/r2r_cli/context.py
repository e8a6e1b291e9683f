"""What a command works with: settings, servers that answer, a connection, the profile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from r2r_cli import render
from r2r_shared import db
from r2r_shared.broker import Post
from r2r_shared.collections.text import storable
from r2r_shared.errors import UserError
from r2r_shared.local.stack import LocalStack, open_stack
from r2r_shared.queries import models, profiles
from r2r_shared.settings import Settings
from r2r_shared.storage.media_store import MediaStore

if TYPE_CHECKING:
    from psycopg import Connection

    from r2r_shared.local.stack import Stack
    from r2r_shared.records import Profile


@dataclass(slots=True)
class Session:
    """An open stack and a connection to it, in autocommit: transactions are opened where they are meant."""

    settings: Settings
    stack: Stack
    conn: Connection[Any]
    _post: Post | None = None

    def reconnect(self) -> None:
        """After a server went away: start this machine's own again, and take a new connection.

        Raises:
            Unavailable: it does not come back.
        """
        self.conn.close()
        if self.stack.local:
            LocalStack.at(self.settings.home).revive()
        self.conn = db.connect(self.stack.database_url, autocommit=True)

    @property
    def post(self) -> Post:
        """For sending; made once, by the commands that send."""
        if self._post is None:
            self._post = Post(self.settings, self.stack.broker_url)
        return self._post

    @property
    def store(self) -> MediaStore:
        return MediaStore(self.settings.media_root)


@contextmanager
def servers(settings: Settings) -> Generator[Stack]:
    """The stack that the settings name, this machine's own where they name none.

    Raises:
        UserError: it is not there, may not be used, or does not take what it was given.
    """
    if settings.local:
        settings.make_home()
    with db.translated(), _fitting(), open_stack(settings) as stack:
        yield stack


@contextmanager
def _fitting() -> Generator[None]:
    """What a person wrote and no database can hold, said in one line."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise UserError(
            f"“{storable(str(error.object))}” is not text in UTF-8", "write it in UTF-8, or use the number"
        ) from error
    except psycopg.DataError as error:
        reason = (str(error).strip().splitlines() or ["it says nothing more"])[0]
        raise UserError(f"the database does not take this: {reason}", "a number that is too large?") from error


@contextmanager
def session() -> Generator[Session]:
    """Open the stack and a connection to it."""
    settings = Settings.from_env()
    with servers(settings) as stack:
        opened = Session(settings, stack, db.connect(stack.database_url, autocommit=True))
        try:
            yield opened
        finally:
            opened.conn.close()


def profile(opened: Session) -> Profile:
    """The profile whose numbers to show: the one that was named, else the active one.

    Where there is none yet it is made: the one that was named, else the starter models, which is said aloud.
    """
    name = opened.settings.profile
    found = profiles.active(opened.conn) if name is None else profiles.named(opened.conn, name)
    if found is not None:
        return found
    if name is None:
        render.note("using the starter models, which need no download; `r2r models list` shows better ones")
    return profiles.ensure(opened.conn, describe(name or "starter"))


def profile_to_measure(opened: Session) -> Profile:
    """The profile to make new numbers under: as `profile`, but of the models as they are on this machine now.

    Models that have changed under their name, by a new release or another file, make another profile. It takes
    the old one's place, and what was measured before is measured again when it is imported or ingested again.
    Those that were trained or imported here do not: a name stands for one file.
    """
    before = profile(opened)
    now = profiles.ensure(opened.conn, described(opened, before))
    if now.id == before.id:
        return now
    if before.active:
        profiles.activate(opened.conn, now.id)
    render.note(
        f"the models of “{now.name}” have changed: their numbers are kept apart from the old ones. Import the "
        "paintings and ingest the films again; no film is decoded twice"
    )
    return profiles.get(opened.conn, now.id)


def described(opened: Session, known: Profile) -> dict[str, Any]:
    """What a profile that is in the database is made of now."""
    if models.of_profile(opened.conn, known.id) is not None:
        return asdict(known)
    return describe(known.name)


def describe(name: str) -> dict[str, Any]:
    """Ask the worker package what a profile is made of: only it may import the models."""
    return run_models("describe", name)[-1]


def run_models(*args: str) -> list[dict[str, Any]]:
    """Run `python -m r2r_workers.models …` and return the JSON lines it prints.

    Raises:
        UserError: it said what is wrong.
    """
    return run_worker("r2r_workers.models", *args)


def run_worker(module: str, *args: str) -> list[dict[str, Any]]:
    """Run a tool of the worker package in a process of its own and return the JSON lines it prints.

    Raises:
        UserError: it said what is wrong.
    """
    command = [sys.executable, "-m", module, *args]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0:
        said: dict[str, Any] = lines[-1] if lines else {}
        raise UserError(
            str(said.get("error", f"{module} ended with code {done.returncode}")),
            str(said.get("hint", "r2r doctor")),
        )
    return lines

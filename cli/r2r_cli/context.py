"""What a command works with: settings, servers that answer, a connection, the profile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from r2r_cli import render
from r2r_shared import db
from r2r_shared.errors import UserError
from r2r_shared.local_stack import open_stack
from r2r_shared.media_store import MediaStore
from r2r_shared.queries import profiles
from r2r_shared.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection

    from r2r_shared.local_stack import Stack
    from r2r_shared.records import Profile


@dataclass(frozen=True, slots=True)
class Session:
    """An open stack and a connection to it, in autocommit: transactions are opened where they are meant."""

    settings: Settings
    stack: Stack
    conn: Connection[Any]

    @property
    def store(self) -> MediaStore:
        return MediaStore(self.settings.media_root)


@contextmanager
def session() -> Generator[Session]:
    """Open the stack that the settings name, this machine's own where they name none."""
    settings = Settings.from_env()
    with (
        open_stack(settings) as stack,
        db.translated(),
        db.connect(stack.database_url, autocommit=True) as conn,
    ):
        yield Session(settings, stack, conn)


def profile(opened: Session) -> Profile:
    """The profile to use: the one that was named, else the active one, else the starter models, said aloud."""
    named = opened.settings.profile
    if named is not None:
        return profiles.named(opened.conn, named) or profiles.ensure(opened.conn, describe(named))
    found = profiles.active(opened.conn)
    if found is not None:
        return found
    found = profiles.ensure(opened.conn, describe("starter"))
    render.note("using the starter models, which need no download; `r2r models list` shows better ones")
    return found


def describe(name: str) -> dict[str, Any]:
    """Ask the worker package what a profile is made of: only it may import the models."""
    return run_models("describe", name)[-1]


def run_models(*args: str) -> list[dict[str, Any]]:
    """Run `python -m r2r_workers.models …` and return the JSON lines it prints.

    Raises:
        UserError: it said what is wrong.
    """
    command = [sys.executable, "-m", "r2r_workers.models", *args]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0:
        said: dict[str, Any] = lines[-1] if lines else {}
        raise UserError(
            str(said.get("error", f"the model tool ended with code {done.returncode}")),
            str(said.get("hint", "r2r doctor")),
        )
    return lines

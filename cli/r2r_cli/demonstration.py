"""The demo: the commands a newcomer would type, run one after the other, on a film whose truth is known."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import typer

from r2r_shared.errors import UserError
from r2r_shared.local.stack import open_stack
from r2r_shared.settings import Settings


def run(out: Path, *, seed: int, seconds: float, quiet: bool) -> dict[str, Any]:
    """Paint, film, import, ingest, show, compare. Returns the comparison with the truth."""
    out = out.resolve()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out} cannot be a directory: {error.strerror}", "name another with --out") from error
    paintings, film, truth = out / "paintings", out / "demo.mp4", out / "demo.truth.json"
    page, timeline = out / "timeline.html", out / "timeline.json"
    env = {name: value for name, value in os.environ.items() if not name.startswith("R2R_")}
    env["R2R_HOME"] = str(out / "home")
    steps = _Steps(env, quiet)

    steps.say("1  painting a collection (invented movements, artists and titles)")
    steps.make("paint", str(paintings), "--seed", str(seed))
    steps.say("2  rendering a film from some of it")
    steps.make("film", str(paintings), str(film), "--seed", str(seed), "--seconds", str(seconds))
    with _stack(env):
        steps.say("3  importing the collection")
        steps.r2r("paintings", "import", str(paintings), "--collection", "demo")
        steps.say("4  ingesting the film")
        steps.r2r("ingest", str(film), "--title", "Demo", "--force")
        steps.say("5  who it echoes")
        steps.r2r("timeline", str(film), "--html", str(page))
        timeline.write_text(steps.r2r_json("timeline", str(film)), encoding="utf-8")
        steps.r2r("timeline", str(film))
    steps.say("6  against the truth")
    report = steps.check(timeline, truth)
    steps.say(f"\nopen the page: {page}")
    return report | {"page": str(page)}


@contextlib.contextmanager
def _stack(env: dict[str, str]) -> Generator[None]:
    """The demo's own servers, held open so that each command does not start them anew."""
    with open_stack(Settings.from_env(env)):
        yield


class _Steps:
    def __init__(self, env: dict[str, str], quiet: bool) -> None:
        self._env = env
        self._quiet = quiet

    def say(self, text: str) -> None:
        if not self._quiet:
            typer.echo(f"\n{text}")

    def make(self, *args: str) -> None:
        """Paint or film: only the worker package may import what draws."""
        self._run([sys.executable, "-m", "r2r_workers.demo", *args])

    def r2r(self, *args: str) -> None:
        """Run a command as a person would, and show what was typed."""
        if not self._quiet:
            typer.secho(f"$ r2r {shlex.join(args)}", dim=True)
        self._run([sys.executable, "-m", "r2r_cli.main", *args])

    def r2r_json(self, *args: str) -> str:
        """Run a command for its JSON."""
        return self._captured([sys.executable, "-m", "r2r_cli.main", *args, "--json"])

    def check(self, timeline: Path, truth: Path) -> dict[str, Any]:
        """Compare what was found with what was filmed."""
        command = [sys.executable, "-m", "r2r_workers.demo", "check", str(timeline), str(truth)]
        if not self._quiet:
            self._run(command)
        return json.loads(self._captured([*command, "--json"]).splitlines()[-1])

    def _run(self, command: list[str]) -> None:
        sys.stdout.flush()
        done = subprocess.run(command, env=self._env, check=False, stdout=subprocess.DEVNULL if self._quiet else None)
        self._ended(command, done.returncode)

    def _captured(self, command: list[str]) -> str:
        done = subprocess.run(command, env=self._env, check=False, stdout=subprocess.PIPE, text=True)
        self._ended(command, done.returncode)
        return done.stdout

    def _ended(self, command: list[str], code: int) -> None:
        if code == 130:
            raise KeyboardInterrupt
        if code != 0:
            raise UserError(f"`{shlex.join(command[2:])}` ended with code {code}", "its own words are above")

"""How far an export or import of a data set is: a bar on a terminal, a line every five seconds on a pipe; and how much
of something it was, in words."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from r2r_cli import render

_EVERY_S = 5.0
OnStep = Callable[[str, int, int], None]


def counted(count: int, what: str) -> str:
    """`1 film`, `2 films`, `2 matches`: a number of rows of a table of that name."""
    one = {"matches": "match"}.get(what, what.removesuffix("s"))
    return f"{count:,} {one if count == 1 else what}"


def they_are(count: int, what: str) -> str:
    """`1 film is`, `2 films are`: the beginning of what is said of them."""
    return f"{counted(count, what)} {'is' if count == 1 else 'are'}"


@contextmanager
def shown(*, quiet: bool) -> Generator[OnStep]:
    """Yields what is to be called with what is done, how much, and of how much: 0 where that is not known."""
    if quiet:
        yield lambda what, done, total: None
    elif sys.stderr.isatty():
        with _bar() as on_step:
            yield on_step
    else:
        yield _lines()


@contextmanager
def _bar() -> Generator[OnStep]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=5, transient=True) as progress:
        task = progress.add_task("", total=None)

        def on_step(what: str, done: int, total: int) -> None:
            said = what if total else f"{what} {done:,}"
            progress.update(task, description=said, completed=done, total=total or None)

        yield on_step


def _lines() -> OnStep:
    last = time.monotonic()

    def on_step(what: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            render.note(f"{what}: {100 * done // total} %" if total else f"{what}: {done:,}")

    return on_step

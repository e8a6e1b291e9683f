"""How far an import is: a bar on a terminal, a line every five seconds on a pipe, nothing where JSON is wanted."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from r2r_cli import render

if TYPE_CHECKING:
    from r2r_shared.collections.detect import Source

_EVERY_S = 5.0


@contextmanager
def shown(source: Source, *, quiet: bool) -> Generator[Callable[[int], None]]:
    """Yields what is to be called with the number of entries seen so far."""
    if quiet:
        yield lambda seen: None
    elif sys.stderr.isatty():
        with _bar(source) as on_progress:
            yield on_progress
    else:
        render.note(f"reading {source.path} ({source.format})")
        yield _lines()


@contextmanager
def _bar(source: Source) -> Generator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    total = sum(1 for _ in source.records())  # no picture is opened for that: milliseconds a thousand
    columns = (TextColumn("reading pictures"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=5) as progress:
        task = progress.add_task("", total=total)
        yield lambda seen: progress.update(task, completed=seen)


def _lines() -> Callable[[int], None]:
    last = time.monotonic()

    def on_progress(seen: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            render.note(f"{seen} pictures read")

    return on_progress

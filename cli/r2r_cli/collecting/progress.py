"""How far an import or a fetch is: a bar on a terminal, a line every five seconds on a pipe, nothing for JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from r2r_cli import render

if TYPE_CHECKING:
    from r2r_shared.collections.detect import Source
    from r2r_shared.fetching.run import Progress

_EVERY_S = 5.0


@contextmanager
def of_import(source: Source, *, quiet: bool) -> Generator[Callable[[int], None]]:
    """Yields what is to be called with the number of entries seen so far."""
    if quiet:
        yield lambda seen: None
    elif sys.stderr.isatty():
        with _bar(source) as on_progress:
            yield on_progress
    else:
        render.note(f"reading {source.address or source.path} ({source.format})")
        yield _lines("works" if source.is_museum else "pictures")


@contextmanager
def _bar(source: Source) -> Generator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    # Of pictures on this disk the entries are counted first: milliseconds a thousand. A museum's half million are not.
    total = None if source.is_museum else sum(1 for _ in source.records())
    what = "reading works" if source.is_museum else "reading pictures"
    columns = (TextColumn(what), BarColumn(bar_width=24), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=5) as progress:
        task = progress.add_task("", total=total)
        yield lambda seen: progress.update(task, completed=seen)


def _lines(what: str) -> Callable[[int], None]:
    last = time.monotonic()

    def on_progress(seen: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            render.note(f"{seen} {what} read")

    return on_progress


@contextmanager
def of_fetch(rate: float, *, quiet: bool) -> Generator[Callable[[Progress], None]]:
    """Yields what is to be called with how far a fetch is."""
    if quiet:
        yield lambda progress: None
    elif sys.stderr.isatty():
        with _fetch_bar() as on_progress:
            yield on_progress
    else:
        render.note(f"fetching pictures, at most {rate:g} requests a second to one server (--rate)")
        yield _fetch_lines()


def _said(progress: Progress, began: float) -> str:
    """ "120 of 3,000 works, 3 without a picture, 1.0 a second"."""
    rate = progress.through / max(time.monotonic() - began, 1e-3)
    missed = f", {progress.missed:,} without a picture" if progress.missed else ""
    return f"{progress.through:,} of {progress.works:,} works{missed}, {rate:.1f} a second"


def _fetch_lines() -> Callable[[Progress], None]:
    began = last = time.monotonic()

    def on_progress(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            render.note(_said(progress, began))

    return on_progress


@contextmanager
def _fetch_bar() -> Generator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("fetching"), BarColumn(bar_width=24), TextColumn("{task.description}"), TimeRemainingColumn())
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=5) as bar:
        task = bar.add_task("", total=None)
        yield lambda progress: bar.update(
            task, description=_said(progress, began), total=progress.works, completed=progress.through
        )

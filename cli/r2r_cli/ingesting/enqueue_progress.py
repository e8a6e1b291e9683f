"""How far the taking in of films is: a bar on a terminal, a line every five seconds on a pipe."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from r2r_cli import render
from r2r_shared.errors import UserError

if TYPE_CHECKING:
    from r2r_cli.ingesting.asked import Call

EVERY_S = 5.0


class Shown(Protocol):
    """Where lines about films go, and how far they are."""

    def note(self, text: str) -> None: ...
    def through(self, films: int) -> None: ...


class Total:
    """How many films a call asks for, counted beside the work: None until that is known."""

    def __init__(self, call: Call) -> None:
        self.films: int | None = None
        if not call.remote:  # to list a bucket twice is not worth it
            threading.Thread(target=self._count, args=(call,), name="count", daemon=True).start()

    def _count(self, call: Call) -> None:
        with contextlib.suppress(UserError, OSError):  # whoever takes them in meets the same, and says it
            self.films = call.count()


@contextmanager
def shown(call: Call, *, quiet: bool) -> Generator[Shown]:
    """Yields what is told of each film."""
    if quiet:
        yield _Silent()
    elif sys.stderr.isatty():
        bar = _Bar(Total(call))
        with bar.progress:
            yield bar
    else:
        yield _Lines(Total(call))


def describe(films: int, total: int | None, elapsed_s: float) -> str:
    """ "1,200 of 10,000 films, 41 a second, 3:30 left"."""
    said = [f"{films:,} films" if total is None else f"{films:,} of {total:,} films"]
    if films and elapsed_s > 1:
        rate = films / elapsed_s
        said.append(f"{rate:.0f} a second" if rate >= 1.5 else f"{rate * 60:.0f} a minute")
        if total is not None and total > films:
            said.append(f"{render.timecode((total - films) / rate)} left")
    return ", ".join(said)


class _Silent:
    def note(self, text: str) -> None:
        pass

    def through(self, films: int) -> None:
        pass


class _Lines:
    def __init__(self, total: Total) -> None:
        self._total = total
        self._began = self._last = time.monotonic()

    def note(self, text: str) -> None:
        render.note(text)

    def through(self, films: int) -> None:
        now = time.monotonic()
        if now - self._last >= EVERY_S:
            self._last = now
            render.note(describe(films, self._total.films, now - self._began))


class _Bar:
    def __init__(self, total: Total) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._total = total
        self._began = time.monotonic()
        self._console = Console(stderr=True)
        columns = (TextColumn("looking into films"), BarColumn(bar_width=24), TextColumn("{task.fields[said]}"))
        self.progress = Progress(*columns, console=self._console, refresh_per_second=5, transient=True)
        self._task = self.progress.add_task("", total=None, said="")

    def note(self, text: str) -> None:
        from rich.text import Text

        self._console.print(Text("\n".join(map(render.printable, text.split("\n")))), soft_wrap=True)

    def through(self, films: int) -> None:
        total = self._total.films
        said = describe(films, total, time.monotonic() - self._began)
        self.progress.update(self._task, completed=films, total=total, said=said)

"""What commands print: tables, notes, JSON. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer


def note(text: str) -> None:
    """One line about what is going on."""
    typer.echo(text, err=True)


def print_json(value: Any) -> None:
    """The one JSON document of a `--json` command."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """A table; on a pipe its columns take the width they need, so that nothing is cut off."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        number = name.startswith(">")
        drawn.add_column(name.lstrip(">"), justify="right" if number else "left", no_wrap=number)
    for row in rows:
        drawn.add_row(*(Text("" if value is None else str(value)) for value in row))
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(drawn)


def timecode(seconds: float) -> str:
    """1:02:03 or 2:03."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def short(text: str, width: int) -> str:
    """At most `width` characters."""
    return text if len(text) <= width else text[: width - 1] + "…"

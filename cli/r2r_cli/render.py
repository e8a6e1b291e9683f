"""What commands print: tables, notes, JSON. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer

from r2r_shared.exports import text as texts

UNKNOWN = "not known"
"""What stands for a movement or an artist that nobody wrote down."""

# Control characters, line separators, changes of writing direction, and halves of letters (bytes that are no text).
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PIPE_COLUMNS = 100_000
"""Wider than any table: on a pipe nothing is folded or cut off."""


def printable(text: str) -> str:
    """One line without what would steer a terminal: names of files and titles come from anywhere."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def say(text: str) -> None:
    """One line or more of a result."""
    typer.echo("\n".join(map(printable, text.split("\n"))))


def note(text: str) -> None:
    """One line or more about what is going on."""
    typer.echo("\n".join(map(printable, text.split("\n"))), err=True)


def print_json(value: Any, *, indent: int | None = 2) -> None:
    r"""The one JSON document of a `--json` command. What would steer a terminal is written as \u and four digits."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    sys.stdout.write(_STEERING.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text))
    sys.stdout.write("\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """A table: folded to a terminal's width; on a pipe its columns are as wide as what stands in them."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        number = name.startswith(">")
        drawn.add_column(name.lstrip(">"), justify="right" if number else "left", no_wrap=number)
    for row in rows:
        drawn.add_row(*(Text("" if value is None else printable(str(value))) for value in row))
    console = Console() if sys.stdout.isatty() else Console(width=_PIPE_COLUMNS)
    console.print(drawn)


def timecode(seconds: float) -> str:
    """1:02:03 or 2:03."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def short(text: str, width: int) -> str:
    """At most `width` characters."""
    return text if len(text) <= width else text[: width - 1] + "…"


harmless = texts.harmless
"""What every value that goes into a spreadsheet passes through."""

"""Wrong calls, said without what would steer a terminal: `r2r timeline *` hands over whatever files are called.

With --json they are one JSON document, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from typer.core import TyperGroup


class Group(TyperGroup):
    """The app's root: every command is parsed within one of these two."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        with _printable():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _printable():
            return super().invoke(ctx)


@contextmanager
def _printable() -> Generator[None]:
    """The library quotes an unknown option and a superfluous argument as they came."""
    try:
        yield
    except Exception as error:
        said = getattr(error, "message", None)
        whole: Callable[[], str] | None = getattr(error, "format_message", None)
        if isinstance(said, str) and whole is not None:  # its exceptions: where they lie has changed
            from r2r_cli.render import printable

            error.__dict__["message"] = printable(said)
            complain_in_json(whole(), _hint(error))
        raise


def complain_in_json(message: str, hint: str) -> None:
    """Where --json was asked for, what went wrong as the one document on stdout."""
    if "--json" in sys.argv:
        from r2r_cli.render import print_json

        print_json({"error": message, "hint": hint}, indent=None)


def _hint(error: Exception) -> str:
    path = getattr(getattr(error, "ctx", None), "command_path", "r2r")
    return f"{path} --help"

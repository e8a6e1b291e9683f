"""Wrong calls, said without what would steer a terminal: `r2r timeline *` hands over whatever files are called."""

from __future__ import annotations

from collections.abc import Generator
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
        if isinstance(said, str) and hasattr(error, "format_message"):  # its exceptions: where they lie has changed
            from r2r_cli.render import printable

            error.__dict__["message"] = printable(said)
        raise

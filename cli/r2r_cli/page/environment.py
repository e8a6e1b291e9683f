"""How the pages' templates are read: everything is escaped, and what is not there is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2


def environment(folder: Path, filters: Mapping[str, Callable[..., Any]]) -> jinja2.Environment:
    """The templates of a folder, with filters of their own."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    known: dict[str, Callable[..., Any]] = made.filters  # pyright: ignore[reportUnknownMemberType]
    known |= filters
    return made

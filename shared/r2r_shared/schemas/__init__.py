"""JSON Schemas of what commands print with `--json`: contracts, tested against real output."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def timeline() -> dict[str, Any]:
    """The schema (draft 2020-12) of `r2r timeline --json`. Do not change what it returns."""
    return json.loads(resources.files(__name__).joinpath("timeline.schema.json").read_text(encoding="utf-8"))


@cache
def evaluation() -> dict[str, Any]:
    """The schema (draft 2020-12) of `r2r evaluate --json`. Do not change what it returns."""
    return json.loads(resources.files(__name__).joinpath("evaluation.schema.json").read_text(encoding="utf-8"))


@cache
def catalogue() -> dict[str, Any]:
    """The schema (draft 2020-12) of what `r2r catalogue … --json` prints. Do not change what it returns."""
    return json.loads(resources.files(__name__).joinpath("catalogue.schema.json").read_text(encoding="utf-8"))

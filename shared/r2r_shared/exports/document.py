"""The document of schemas/timeline.schema.json, as `timeline --json` prints it, with its citation."""

from __future__ import annotations

import json
from typing import Any, cast

from r2r_shared.citation import Citation
from r2r_shared.exports import Choices


def write(found: dict[str, Any], citation: Citation, choices: Choices) -> bytes:
    """One JSON document, UTF-8: a line for each shot and each row of the influence, so that an editor can show it."""
    del choices
    whole = found | {"citation": citation.to_json()}
    members = ",\n".join(f"{_text(name)}: {_lines(value)}" for name, value in whole.items())
    return f"{{\n{members}\n}}\n".encode()


def _lines(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return _text(value)
    return "[\n" + ",\n".join(map(_text, cast("list[Any]", value))) + "\n]"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

"""JSON Lines: what the whole is about, then each shot, then each row of the influence; `kind` says which."""

from __future__ import annotations

import json
from typing import Any

from r2r_shared.citation import Citation
from r2r_shared.exports import Choices


def write(found: dict[str, Any], citation: Citation, choices: Choices) -> bytes:
    """One object a line, UTF-8."""
    del choices
    about = {"citation": citation.to_json(), "film": found["film"], "profile": found["profile"]}
    lines = [
        {"kind": "timeline"} | about,
        *({"kind": "shot"} | shot for shot in found["shots"]),
        *({"kind": "influence"} | row for row in found["influence"]),
    ]
    # In JSON a line end inside a text is written \n; U+2028 is not, and some readers take it for one.
    text = "\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines)
    return (text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085") + "\n").encode()

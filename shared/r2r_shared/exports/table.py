"""CSV (RFC 4180), harmless to spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import Any

from r2r_shared.citation import Citation
from r2r_shared.exports import Choices, rows
from r2r_shared.exports.text import harmless


def write(found: dict[str, Any], citation: Citation, choices: Choices) -> bytes:
    """One row per shot and painting; a shot without matches has one row with those columns empty."""
    del choices
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(rows.head(found))
    out.writerows([harmless(value) for value in row] for row in rows.of(found, citation))
    return text.getvalue().encode()

"""Parquet: the table of the CSV with types; film, profile and citation in the schema's metadata, under `r2r`."""

from __future__ import annotations

import importlib
import io
import json
from typing import Any

from r2r_shared.citation import Citation
from r2r_shared.exports import Choices, rows

_WHOLE = {
    "shot", "start_frame", "end_frame", "rank", "painting_id", "year_from", "year_to", "metrics_version",
    "collection_revision", "film_year",
}  # fmt: skip
_TEXT = {
    "transition", "blank", "file", "title", "artist", "movement", *rows.MUSEUM, "film_sha256", *rows.CITED, *rows.LAST
} - _WHOLE  # fmt: skip


def write(found: dict[str, Any], citation: Citation, choices: Choices) -> bytes:
    """One row per shot and painting, as in the CSV; what is empty there is null here."""
    del choices
    pa: Any = importlib.import_module("pyarrow")
    pq: Any = importlib.import_module("pyarrow.parquet")

    def kind(name: str) -> Any:
        if name in _WHOLE:
            return pa.int64()
        if name in _TEXT:
            return pa.string()
        return pa.bool_() if name == "convincing" else pa.float64()

    names = rows.head(found)
    about = {"citation": citation.to_json(), "film": found["film"], "profile": found["profile"]}
    schema = pa.schema([(name, kind(name)) for name in names], metadata={"r2r": json.dumps(about, ensure_ascii=False)})
    listed = list(rows.of(found, citation))
    columns: list[Any] = list(zip(*listed, strict=True)) if listed else [[] for _ in names]
    arrays = [pa.array(column, kind(name)) for column, name in zip(columns, names, strict=True)]
    table = pa.Table.from_arrays(arrays, schema=schema)
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()

"""pyarrow, where it is installed, and the tables of a data set as its schemas."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from r2r_shared.errors import UserError
from r2r_shared.exchange.format import EMBEDDING, FORMAT, VERSION, Column, Table


@dataclass(frozen=True, slots=True)
class Arrow:
    """The modules of pyarrow that are used; it has no types."""

    pa: Any
    pq: Any
    pc: Any


def load() -> Arrow:
    """Import pyarrow.

    Raises:
        UserError: it is not installed.
    """
    try:
        return Arrow(*(importlib.import_module(name) for name in ("pyarrow", "pyarrow.parquet", "pyarrow.compute")))
    except ModuleNotFoundError as error:
        raise UserError(
            "data sets are Parquet files, and pyarrow is not installed", "pip install 'reel-to-real[exchange]'"
        ) from error


def schema(arrow: Arrow, table: Table, *, dim: int, note: str = "") -> Any:
    """The Parquet schema of a table: types, nullability, and in each field's metadata its meaning and unit.

    Args:
        dim: the profile's, the length of embeddings.
        note: goes into the schema's metadata: the citation.
    """
    fields: list[Any] = []
    for column in table.columns:
        about = {"about": column.about} | ({"unit": column.unit} if column.unit else {})
        field = arrow.pa.field(column.name, _type(arrow.pa, column, dim), nullable=column.nullable, metadata=about)
        fields.append(field)
    metadata = {"format": f"{FORMAT} {VERSION}", "table": table.name, "about": table.about}
    return arrow.pa.schema(fields, metadata=metadata | ({"citation": note} if note else {}))


def width(column: Column, dim: int) -> int:
    """The length of a vector."""
    return dim if column.length == EMBEDDING else column.length


def _type(pa: Any, column: Column, dim: int) -> Any:
    match column.kind:
        case "int16" | "int32" | "int64" | "float64":
            return getattr(pa, column.kind)()
        case "text" | "json" | "hex":
            return pa.string()
        case "bytes":
            return pa.binary()
        case "floats":
            return pa.list_(pa.field("element", pa.float64(), nullable=False))
        case "vector":
            return pa.list_(pa.field("element", pa.float32(), nullable=False), width(column, dim))
        case "ints":
            return pa.list_(pa.field("element", pa.int32(), nullable=False), width(column, dim))

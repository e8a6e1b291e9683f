"""Tables of numbers alone, packed for Postgres's binary COPY by NumPy: every row is as long as the others.

The form is that of the PostgreSQL documentation, COPY, “Binary Format”; a vector is pgvector's vector_send, an array
array_send of one dimension.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.exchange import arrow as arrows
from r2r_shared.exchange.format import MATCHES, Column, Table

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # no flags, no extension
TRAILER = b"\xff\xff"

_NUMBERS = {"int16": ">i2", "int32": ">i4", "int64": ">i8", "float64": ">f8"}
_FLOAT4_OID = 700


def can_pack(table: Table) -> bool:
    """Whether a table holds nothing but numbers and vectors, none of them missing."""
    return all((column.kind in _NUMBERS or column.kind == "vector") and not column.nullable for column in table.columns)


def pack(table: Table, batch: Any, *, dim: int) -> bytes:
    """A checked record batch's rows, as COPY takes them between HEADER and TRAILER."""
    form = [("fields", ">i2")]
    for column in table.columns:
        form += [(f"{column.name} length", ">i4"), (column.name, _form(table, column, dim))]
    rows = np.zeros(batch.num_rows, np.dtype(form))
    rows["fields"] = len(table.columns)
    for place, column in enumerate(table.columns):
        rows[f"{column.name} length"] = rows.dtype[column.name].itemsize
        array = batch.column(place)
        if column.kind == "vector":
            values = array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), -1)
            _fill_vector(rows[column.name], values, is_array=table is MATCHES)
        else:
            rows[column.name] = array.to_numpy(zero_copy_only=False)
    return rows.tobytes()


def _form(table: Table, column: Column, dim: int) -> Any:
    if column.kind != "vector":
        return _NUMBERS[column.kind]
    length = arrows.width(column, dim)
    if table is MATCHES:  # real[]
        elements = np.dtype([("length", ">i4"), ("value", ">f4")])
        return np.dtype([("head", ">i4", (5,)), ("elements", elements, (length,))])
    return np.dtype([("dim", ">i2"), ("unused", ">i2"), ("values", ">f4", (length,))])


def _fill_vector(field: NDArray[Any], values: NDArray[np.float32], *, is_array: bool) -> None:
    if is_array:
        field["head"] = (1, 0, _FLOAT4_OID, values.shape[1], 1)  # dimensions, no nulls, of real; length, lower bound
        field["elements"]["length"] = 4
        field["elements"]["value"] = values
    else:
        field["dim"] = values.shape[1]
        field["values"] = values

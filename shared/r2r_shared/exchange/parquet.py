"""Tables as Parquet files: written in batches as the database gives rows, read in batches that were checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from r2r_shared.errors import UserError
from r2r_shared.exchange import arrow as arrows
from r2r_shared.exchange import checks
from r2r_shared.exchange.arrow import Arrow
from r2r_shared.exchange.format import Column, Table
from r2r_shared.exchange.manifest import TableFile
from r2r_shared.exchange.place import Place

BATCH_BYTES = 8 << 20
"""About so much is in memory at a time, of one table."""

MOST_GROUP_ROWS = 1 << 17
MOST_CHUNK_BYTES = 256 << 20
"""Of a row group a column may unpack to so much."""

_MOST_BATCH, _LEAST_BATCH = 16_384, 64
_CHUNK = 1 << 20
_DAMAGED = "it was changed or made by another program: have it exported again by `r2r export`"


def rows_per_batch(table: Table, dim: int) -> int:
    """How many of its rows make BATCH_BYTES."""
    row = sum(_bytes_of(column, dim) for column in table.columns)
    return min(_MOST_BATCH, max(_LEAST_BATCH, BATCH_BYTES // row))


def _bytes_of(column: Column, dim: int) -> int:
    match column.kind:
        case "vector" | "ints":
            return 4 * arrows.width(column, dim)
        case "bytes":
            return 65_536  # a long film's index
        case "json":
            return 512
        case "floats":
            return 8 * column.longest
        case _:
            return 32


class TableWriter:
    """Writes one table's file; in a `with`, at whose end the file is whole."""

    def __init__(self, arrow: Arrow, folder: Path, table: Table, *, dim: int, note: str) -> None:
        self._arrow, self._table, self._dim = arrow, table, dim
        self._schema = arrows.schema(arrow, table, dim=dim, note=note)
        self._path = folder / table.file
        texts = [column.name for column in table.columns if column.kind in ("text", "hex", "json")]
        self._writer = arrow.pq.ParquetWriter(
            str(self._path), self._schema, compression="zstd", use_dictionary=texts, write_page_checksum=True
        )
        self.rows = 0

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows as the database gives them: one row group.

        Raises:
            UserError: a value is none that a data set may hold.
        """
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        arrays = [
            self._array(column, values, self._schema.field(column.name).type)
            for column, values in zip(self._table.columns, columns, strict=True)
        ]
        batch = self._arrow.pa.record_batch(arrays, schema=self._schema)
        try:
            checks.check(self._arrow, self._table, batch)  # what we write, we read
        except UserError as error:
            raise UserError(
                f"a value of this installation cannot go into a data set: {error.message}",
                "measure or import that work anew, or leave it out: r2r export --help",
            ) from error
        self._writer.write_batch(batch)
        self.rows += len(rows)

    def _array(self, column: Column, values: Sequence[Any], kind: Any) -> Any:
        pa = self._arrow.pa
        match column.kind:
            case "vector" | "ints":
                shape = (len(values), arrows.width(column, self._dim))
                stacked = np.asarray([_plain(value) for value in values], _DTYPES[column.kind])
                if stacked.shape != shape:
                    raise ValueError(f"{self._table.name}.{column.name} has shape {stacked.shape}, not {shape}")
                return pa.FixedSizeListArray.from_arrays(pa.array(stacked.reshape(-1)), type=kind)
            case "hex":
                return pa.array([bytes(value).hex() for value in values], kind)
            case "json":
                return pa.array([json.dumps(value, ensure_ascii=False) for value in values], kind)
            case _:
                return pa.array(values, kind)

    def finish(self) -> TableFile:
        """What the manifest says of the file; after the `with`."""
        with self._path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return TableFile(self.rows, file.tell(), digest)


_DTYPES = {"vector": np.float32, "ints": np.int32}


def _plain(value: Any) -> Any:
    """A vector of pgvector's as an array."""
    return value.to_numpy() if hasattr(value, "to_numpy") else value


def verify(place: Place, table: Table, said: TableFile) -> Iterator[int]:
    """Compare a file's size and digest with what the manifest says; yields the bytes read, step by step.

    Raises:
        UserError: it is another.
    """
    size = place.size(table.file)
    if size != said.bytes:
        raise UserError(f"{table.file} has {size:,} bytes, not {said.bytes:,}", _SENT_BADLY)
    found = hashlib.sha256()
    left = size
    with place.open(table.file) as file:
        while left and (data := file.read(min(_CHUNK, left))):
            found.update(data)
            left -= len(data)
            yield len(data)
    if found.hexdigest() != said.sha256:
        raise UserError(f"{table.file} is not the file that was exported: its SHA-256 differs", _SENT_BADLY)


_SENT_BADLY = "it was damaged or changed on its way: get the data set anew"


def batches(arrow: Arrow, place: Place, table: Table, said: TableFile, *, dim: int) -> Iterator[Any]:
    """A table's rows as checked record batches of about BATCH_BYTES.

    Raises:
        UserError: it is no such table, not as long as the manifest says, or a value in it cannot be.
    """
    with place.open(table.file) as file:
        try:
            source = _opened(arrow, file)
            _check_form(source, table, said, arrows.schema(arrow, table, dim=dim))
            for batch in source.iter_batches(batch_size=rows_per_batch(table, dim)):
                batch.validate(full=True)
                checks.check(arrow, table, batch)
                yield batch
        except (arrow.pa.ArrowException, OSError, UnicodeError, MemoryError) as error:
            raise UserError(f"{table.file} cannot be read: {_first_line(error)}", _DAMAGED) from error


def _opened(arrow: Arrow, file: Any) -> Any:
    return arrow.pq.ParquetFile(
        arrow.pa.PythonFile(file, mode="r"),
        buffer_size=_CHUNK,
        pre_buffer=False,
        thrift_string_size_limit=16 << 20,
        thrift_container_size_limit=1 << 20,
        page_checksum_verification=True,
    )


def _check_form(source: Any, table: Table, said: TableFile, expected: Any) -> None:
    if not source.schema_arrow.equals(expected):
        raise UserError(f"{table.file} has other columns than a data set's {table.name}", _DAMAGED)
    about = source.metadata
    if about.num_rows != said.rows:
        raise UserError(f"{table.file} has {about.num_rows:,} rows, the manifest says {said.rows:,}", _DAMAGED)
    for number in range(about.num_row_groups):
        group = about.row_group(number)
        chunks = (group.column(place).total_uncompressed_size for place in range(group.num_columns))
        if group.num_rows > MOST_GROUP_ROWS or max(chunks, default=0) > MOST_CHUNK_BYTES:
            raise UserError(f"{table.file} unpacks to more than a data set may", _DAMAGED)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def rows_of(table: Table, batch: Any) -> Iterable[tuple[Any, ...]]:
    """A checked batch's rows as the database takes them: digests as bytes, texts tidied. Of a table without vectors."""
    columns = [_values(table, column, batch.column(place)) for place, column in enumerate(table.columns)]
    return zip(*columns, strict=True)


def _values(table: Table, column: Column, array: Any) -> Sequence[Any]:
    match column.kind:
        case "hex":
            return [bytes.fromhex(value) for value in array.to_pylist()]
        case "text":
            return checks.tidy(table, column, array.to_pylist())
        case _:
            return array.to_pylist()

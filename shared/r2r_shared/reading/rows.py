"""Rows of an answer: frozen records in a tuple, and a data frame where pandas or polars is there."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from types import UnionType
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar, cast, get_args, get_type_hints, overload

from r2r_shared.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

T = TypeVar("T")
K = TypeVar("K")
_SHOWN = 20  # rows that a notebook prints of an answer


class Rows(tuple[T, ...]):
    """Frozen records of one kind, in order. A tuple, a slice of which is one too, and two ways into a data frame.

    A record's fields are the columns. A field that is itself a record becomes as many columns, its name before theirs
    (`painting_title`); lists and mappings are written as JSON, digests in hexadecimal. A frame of no records has the
    same columns, of the same types, as one of many.
    """

    _kind: type[T]

    @staticmethod
    def of(kind: type[K], records: Iterable[K]) -> Rows[K]:
        """The records, all of that kind."""
        rows = Rows[K](records)
        rows._kind = kind
        return rows

    @overload
    def __getitem__(self, at: SupportsIndex, /) -> T: ...
    @overload
    def __getitem__(self, at: slice, /) -> Rows[T]: ...
    def __getitem__(self, at: SupportsIndex | slice, /) -> T | Rows[T]:
        if isinstance(at, slice):
            return Rows.of(self._kind, super().__getitem__(at))
        return super().__getitem__(at)

    def columns(self) -> dict[str, list[Any]]:
        """Column → its values, one for each record."""
        flat = [flattened(record) for record in self]
        return {name: [row[name] for row in flat] for name in column_types(self._kind)}

    def to_pandas(self) -> pd.DataFrame:
        """A pandas DataFrame. Text, whole numbers and truths, which may be missing, are of pandas' nullable types.

        Raises:
            UserError: pandas is not installed.
        """
        pandas = _required("pandas")
        types, values = column_types(self._kind), self.columns()
        # Column by column: a frame that guesses takes nothing for numbers, and rounds long ones beside a missing one.
        return pandas.DataFrame({name: pandas.Series(values[name], dtype=_PANDAS[types[name]]) for name in types})

    def to_polars(self) -> pl.DataFrame:
        """A polars DataFrame.

        Raises:
            UserError: polars is not installed.
        """
        polars = _required("polars")
        types = {int: polars.Int64, float: polars.Float64, bool: polars.Boolean, str: polars.String}
        utc = polars.Datetime(time_unit="us", time_zone="UTC")
        schema = {name: utc if kind is datetime else types[kind] for name, kind in column_types(self._kind).items()}
        values = self.columns()
        for name, kind in schema.items():
            if kind == utc:
                values[name] = [one and one.astimezone(UTC) for one in values[name]]
        return polars.DataFrame(values, schema=schema)

    def _repr_html_(self) -> str:
        """What a notebook shows: the first rows as a table."""
        from html import escape

        shown = self[:_SHOWN].columns()
        head = "".join(f"<th>{escape(name)}</th>" for name in shown)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(_short(value))}</td>' for value in row)}</tr>"
            for row in zip(*shown.values(), strict=True)
        )
        more = f"<p>{len(self):,} rows, the first {_SHOWN} shown</p>" if len(self) > _SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def column_types(kind: type) -> dict[str, type]:
    """A kind of record's columns, and what each holds where it holds anything: int, float, bool, str or datetime."""
    found: dict[str, type] = {}
    for name, annotated in get_type_hints(kind).items():
        if name.startswith("_"):
            continue
        one = _without_none(annotated)
        if _is_record(one):
            found |= {f"{name}_{column}": held for column, held in column_types(one).items()}
        else:
            found[name] = one if one in (int, float, bool, datetime) else str
    return found


def _without_none(annotated: Any) -> Any:
    """What an annotation says beside None: `int | None` is an int."""
    held = [one for one in get_args(annotated) if one is not type(None)]
    return held[0] if len(held) == 1 and isinstance(annotated, UnionType) else annotated


def flattened(record: object, before: str = "") -> dict[str, Any]:
    """A record's fields as columns of plain values."""
    row: dict[str, Any] = {}
    for name, value in _fields(record).items():
        if _is_record(value):
            row |= flattened(value, f"{before}{name}_")
        else:
            row[before + name] = _plain(value)
    return row


def _fields(record: object) -> dict[str, Any]:
    if isinstance(record, tuple):  # a NamedTuple
        return cast("Any", record)._asdict()
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(cast("Any", record))}


def _is_record(value: object) -> bool:
    return dataclasses.is_dataclass(value) or hasattr(value, "_asdict")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_as_json)
    return value


def _as_json(value: object) -> Any:
    return flattened(value) if _is_record(value) else str(value)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    text = "" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


_PANDAS = {int: "Int64", bool: "boolean", float: "float64", str: "string", datetime: "datetime64[us, UTC]"}


def _required(library: str) -> Any:
    """A library that is no part of an installation."""
    import importlib

    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        raise UserError(f"{library} is not installed", f"pip install {library}") from error

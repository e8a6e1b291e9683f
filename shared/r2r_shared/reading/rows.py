"""Rows of an answer: frozen records in a tuple, and a data frame where pandas or polars is there."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from r2r_shared.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

T_co = TypeVar("T_co", covariant=True)
_SHOWN = 20  # rows that a notebook prints of an answer


class Rows(tuple[T_co, ...]):
    """Frozen records of one kind, in order. A tuple in every respect, and two ways into a data frame.

    A record's fields are the columns. A field that is itself a record becomes as many columns, its name before theirs
    (`painting_title`); lists and mappings are written as JSON, digests in hexadecimal.
    """

    __slots__ = ()

    def columns(self) -> dict[str, list[Any]]:
        """Column → its values, one for each record; empty where there is no record."""
        flat = [flattened(record) for record in self]
        return {name: [row[name] for row in flat] for name in (flat[0] if flat else ())}

    def to_pandas(self) -> pd.DataFrame:
        """A pandas DataFrame.

        Raises:
            UserError: pandas is not installed.
        """
        return _required("pandas")(self.columns())

    def to_polars(self) -> pl.DataFrame:
        """A polars DataFrame.

        Raises:
            UserError: polars is not installed.
        """
        return _required("polars")(self.columns(), infer_schema_length=None)

    def _repr_html_(self) -> str:
        """What a notebook shows: the first rows as a table."""
        from html import escape

        shown = Rows(self[:_SHOWN]).columns()
        head = "".join(f"<th>{escape(name)}</th>" for name in shown)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(_short(value))}</td>' for value in row)}</tr>"
            for row in zip(*shown.values(), strict=True)
        )
        more = f"<p>{len(self):,} rows, the first {_SHOWN} shown</p>" if len(self) > _SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


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


def _required(library: str) -> Callable[..., Any]:
    """The DataFrame of a library that is no part of an installation."""
    import importlib

    try:
        return importlib.import_module(library).DataFrame
    except ModuleNotFoundError as error:
        raise UserError(f"{library} is not installed", f"pip install {library}") from error

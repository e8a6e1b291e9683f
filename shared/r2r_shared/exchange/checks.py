"""What a stranger's values must be like before the database sees them. What joins rows it is asked: exchange_stage."""

from __future__ import annotations

import json
import posixpath
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from r2r_shared.collections.addresses import web_address
from r2r_shared.collections.text import clean
from r2r_shared.errors import UserError
from r2r_shared.exchange.arrow import Arrow
from r2r_shared.exchange.format import EMBEDDING, MATCHES, Column, Table
from r2r_shared.score import DEFAULT, VISUAL_SHARE

SAME_SCORE = 1e-5
"""Scores that differ by less are one: distances are summed in float32, in an order that is each processor's own."""

_NOT_UNIT = 1e-3
_HINT = "a data set that `r2r export` wrote, and nobody changed, has no such value"
_NUMBERS = frozenset({"int16", "int32", "int64", "float64"})
_FILE_NAMES = frozenset({("paintings", "file"), ("films", "file")})
_HEX = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(r"https?://[^/]")


def check(arrow: Arrow, table: Table, batch: Any) -> None:
    """See to it that each value of a batch can be what its column says.

    Raises:
        UserError: one cannot; it names the file, the column and what is wrong.
    """
    for place, column in enumerate(table.columns):
        array = batch.column(place)
        if array.null_count and not column.nullable:
            _refuse(table, column, "a value is missing")
        match column.kind:
            case "vector" | "ints":
                _check_numbers(arrow, table, column, array.flatten())
                if column.kind == "vector" and column.length == EMBEDDING:
                    _check_lengths(table, column, array)
            case "floats":
                if (arrow.pc.max(arrow.pc.list_value_length(array)).as_py() or 0) > column.longest:
                    _refuse(table, column, f"a list is longer than {column.longest:,}")
                _check_numbers(arrow, table, column, array.flatten())
            case "bytes":
                if (arrow.pc.max(arrow.pc.binary_length(array)).as_py() or 0) > column.longest:
                    _refuse(table, column, f"a value is longer than {column.longest:,} bytes")
            case kind if kind in _NUMBERS:
                _check_numbers(arrow, table, column, array)
            case _:
                _check_texts(arrow, table, column, array)
    if table is MATCHES:
        _check_scores(batch)


def _check_lengths(table: Table, column: Column, array: Any) -> None:
    if len(array):
        vectors = array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), -1).astype(np.float64)
        if np.abs(np.linalg.norm(vectors, axis=1) - 1).max() > _NOT_UNIT:
            _refuse(table, column, "an embedding is not of unit length")


def _check_scores(batch: Any) -> None:
    """A score is what its own parts make it, under the default weights."""
    found = {name: batch.column(MATCHES.names.index(name)) for name in ("score", "visual", "semantic", "metrics")}
    score, visual, semantic = (found[name].to_numpy(zero_copy_only=False) for name in ("score", "visual", "semantic"))
    metrics = found["metrics"].flatten().to_numpy(zero_copy_only=False).reshape(len(score), -1)
    if np.any(np.abs(score - VISUAL_SHARE * visual - (1 - VISUAL_SHARE) * semantic) > SAME_SCORE):
        _refuse(MATCHES, MATCHES.columns[MATCHES.names.index("score")], "a score is not the mean of V_r and S_a")
    if np.any(np.abs(semantic - metrics @ np.asarray(DEFAULT.values())) > SAME_SCORE):
        _refuse(MATCHES, MATCHES.columns[MATCHES.names.index("semantic")], "S_a is not the weighted sum of the metrics")


def _check_numbers(arrow: Arrow, table: Table, column: Column, array: Any) -> None:
    pc = arrow.pc
    if array.null_count and column.kind not in _NUMBERS:
        _refuse(table, column, "a value is missing")
    if arrow.pa.types.is_floating(array.type) and pc.all(pc.is_finite(array)).as_py() is False:
        _refuse(table, column, "a number is not finite")
    if column.least is None and column.most is None:
        return
    bounds = pc.min_max(array).as_py()
    if bounds["min"] is None:
        return
    if column.least is not None and bounds["min"] < column.least:
        _refuse(table, column, f"{bounds['min']} is less than {column.least:g}")
    if column.most is not None and bounds["max"] > column.most:
        _refuse(table, column, f"{bounds['max']} is more than {column.most:g}")


def _check_texts(arrow: Arrow, table: Table, column: Column, array: Any) -> None:
    pc = arrow.pc
    if (pc.max(pc.utf8_length(array)).as_py() or 0) > column.longest:
        _refuse(table, column, f"a text is longer than {column.longest:,} characters")
    if column.words:
        known = pc.is_in(array, value_set=arrow.pa.array(column.words))
        if pc.all(pc.or_(known, pc.is_null(array))).as_py() is False:
            _refuse(table, column, f"a word is none of {', '.join(column.words)}")
    if column.kind == "hex" and not all(_HEX.fullmatch(value) for value in array.to_pylist()):
        _refuse(table, column, "a digest is none")
    if column.kind == "json":
        for value in array.to_pylist():
            _check_json(table, column, value)


def _check_json(table: Table, column: Column, text: str) -> None:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        _refuse(table, column, "a text is no JSON")
    if not isinstance(value, dict):
        _refuse(table, column, "a text is no JSON object")


def tidy(table: Table, column: Column, values: Sequence[str | None]) -> list[str | None]:
    """Texts as the rest of r2r has them: one line, normal form C, no control characters.

    Raises:
        UserError: the name of a file leads out of its folder; or nothing is left where something must be said.
    """
    if (table.name, column.name) in _FILE_NAMES:
        for value in values:
            _check_file_name(table, column, value or "")
        return list(values)
    if (table.name, column.name) == ("paintings", "page"):  # a link that others will follow
        return [None if value is None else web_address(value) for value in values]
    found = [None if value is None else _tidied(value) for value in values]
    if column.filled and not all(found):
        _refuse(table, column, "a text is empty")
    return found


def _tidied(value: str) -> str:
    """`clean`, which goes through a text letter by letter, only where something is to be done."""
    if value.isprintable() and "  " not in value and (value.isascii() or unicodedata.is_normalized("NFC", value)):
        return value.strip()
    return clean(value)


def _check_file_name(table: Table, column: Column, name: str) -> None:
    plain = posixpath.normpath(name)
    inside = plain == name and "/" not in name if table.name == "films" else not f"{plain}/".startswith(("../", "/"))
    if _ADDRESS.match(name) and table.name == "paintings":  # what a manifest names by where its picture is
        inside = True
    if not inside or plain == "." or "\0" in name:
        _refuse(table, column, f"“{clean(name)}” is no name of a file in its folder")


def _refuse(table: Table, column: Column, reason: str) -> NoReturn:
    raise UserError(f"{table.file}, column {column.name}: {reason}", _HINT)

"""Features: the numbers of paintings and keyframes, written by binary COPY and read back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from pgvector import Vector
from psycopg import Connection, sql

from r2r_shared.queries import profiles
from r2r_shared.records import Features

_COLUMNS = ("dc", "avg_dof", "max_dof", "min_dof", "saturation", "balance", "shadow", "contrast", "embedding")
_TYPES = ("vector", "float8", "float8", "float8", "float8", "float8", "vector", "float8", "vector")
_PAINTINGS = ("painting_features", "painting_id")
_KEYFRAMES = ("keyframe_features", "keyframe_id")


def write_paintings(conn: Connection[Any], *, profile_id: int, rows: Sequence[tuple[int, Features]]) -> None:
    """Store (painting id, features) pairs under a profile; what was stored for these paintings is replaced.

    In the caller's transaction. `ranges.refresh` is to follow once a collection's last batch is in.

    Raises:
        ValueError: a vector has the wrong length, or a number is not finite.
    """
    _write(conn, _PAINTINGS, profile_id, rows)


def write_keyframes(conn: Connection[Any], *, profile_id: int, rows: Sequence[tuple[int, Features]]) -> None:
    """Store (keyframe id, features) pairs under a profile, as `write_paintings` does."""
    _write(conn, _KEYFRAMES, profile_id, rows)


def of_paintings(conn: Connection[Any], *, profile_id: int, ids: Sequence[int]) -> dict[int, Features]:
    """Stored features by painting id; paintings without any are left out."""
    return _read(conn, _PAINTINGS, profile_id, ids)


def of_keyframes(conn: Connection[Any], *, profile_id: int, ids: Sequence[int]) -> dict[int, Features]:
    """Stored features by keyframe id; keyframes without any are left out."""
    return _read(conn, _KEYFRAMES, profile_id, ids)


def _write(
    conn: Connection[Any], table: tuple[str, str], profile_id: int, rows: Sequence[tuple[int, Features]]
) -> None:
    dim = profiles.get(conn, profile_id).dim
    values = [(profile_id, owner, *_checked(features, dim)) for owner, features in rows]
    names = {"table": sql.Identifier(table[0]), "owner": sql.Identifier(table[1])}
    delete = sql.SQL("DELETE FROM {table} WHERE profile_id = %s AND {owner} = ANY(%s)").format(**names)
    copy_in = sql.SQL("COPY {table} (profile_id, {owner}, {columns}) FROM STDIN (FORMAT BINARY)").format(
        **names, columns=sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    )
    with conn.transaction():
        conn.execute(delete, (profile_id, [owner for owner, _ in rows]))
        with conn.cursor().copy(copy_in) as copy:
            copy.set_types(["int8", "int8", *_TYPES])
            for value in values:
                copy.write_row(value)


def _checked(features: Features, dim: int) -> list[float | np.ndarray]:
    lengths = {"dc": 9, "shadow": 9, "embedding": dim}
    row: list[float | np.ndarray] = []
    for column in _COLUMNS:
        value = getattr(features, column)
        if column not in lengths:
            if not math.isfinite(value):
                raise ValueError(f"{column} is {value}")
            row.append(float(value))
            continue
        vector = np.asarray(value, dtype=np.float32)
        if vector.shape != (lengths[column],):
            raise ValueError(f"{column} has shape {vector.shape}, not ({lengths[column]},)")
        if not np.isfinite(vector).all():
            raise ValueError(f"{column} holds a number that is not finite")
        row.append(vector)
    return row


def _read(conn: Connection[Any], table: tuple[str, str], profile_id: int, ids: Sequence[int]) -> dict[int, Features]:
    query = sql.SQL("SELECT {owner}, {columns} FROM {table} WHERE profile_id = %s AND {owner} = ANY(%s)").format(
        table=sql.Identifier(table[0]),
        owner=sql.Identifier(table[1]),
        columns=sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)),
    )
    rows = conn.execute(query, (profile_id, list(ids))).fetchall()
    return {owner: Features(**dict(zip(_COLUMNS, map(_plain, values), strict=True))) for owner, *values in rows}


def _plain(value: float | Vector) -> Any:
    return tuple(value.to_list()) if isinstance(value, Vector) else value

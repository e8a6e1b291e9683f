"""A data set's rows into temporary tables of the database, each looked at on its way, and all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import chain
from typing import Any

from psycopg import Connection

from r2r_shared.errors import UserError
from r2r_shared.exchange import films, packed, parquet, pictures
from r2r_shared.exchange.arrow import Arrow
from r2r_shared.exchange.checks import SAME_SCORE
from r2r_shared.exchange.format import FILMS, PICTURES, TABLES, Table
from r2r_shared.exchange.manifest import MANIFEST, SUMS, Manifest
from r2r_shared.exchange.place import Place
from r2r_shared.queries import exchange_recount, exchange_stage
from r2r_shared.records import METRICS

_HINT = "it was changed or made by another program: have it exported again by `r2r export`"


def stage(
    arrow: Arrow, conn: Connection[Any], source: Place, said: Manifest, on_step: Callable[[str, int, int], None]
) -> None:
    """Every row into a temporary table; in the caller's transaction.

    Raises:
        UserError: a value cannot be, or the rows do not belong together, or to the manifest.
    """
    exchange_stage.create(conn)
    dim, total, done = said.profile.dim, sum(file.rows for file in said.files.values()), 0

    def batches(table: Table) -> Iterator[Any]:
        nonlocal done
        for batch in parquet.batches(arrow, source, table, said.files[table.name], dim=dim):
            yield batch
            done += batch.num_rows
            on_step("read", done, total)

    for table in TABLES:
        if packed.can_pack(table):
            parts = (packed.pack(table, batch, dim=dim) for batch in batches(table))
            exchange_stage.copy_packed(conn, table.name, table.names, chain([packed.HEADER], parts, [packed.TRAILER]))
            continue
        rows = (parquet.rows_of(table, batch) for batch in batches(table))
        if table is FILMS:
            rows = map(films.checked, rows)
        exchange_stage.copy(conn, table.name, table.names, [_TYPES[one.kind] for one in table.columns], rows)
    exchange_stage.analyse(conn)
    if (complaint := exchange_stage.complaint(conn, metrics=METRICS)) is not None:
        raise UserError(complaint, _HINT)
    films.check_times(conn)
    if not exchange_stage.is_profile(conn, asdict(said.profile)):
        raise UserError(f"profiles.parquet is not of the profile that {MANIFEST} names", _HINT)
    if exchange_stage.fingerprint(conn) != said.fingerprint:
        raise UserError(f"painting_features.parquet does not have the fingerprint that {MANIFEST} names", _HINT)


def check_matches(conn: Connection[Any]) -> bool:
    """Compute some of the staged matches again; whether they are the best there are, too.

    Of a collection that was half measured when it was exported they are not, and nobody has changed it.

    Raises:
        UserError: they are not what the numbers give.
    """
    ranges = exchange_recount.ranges(conn)
    if not ranges:
        return True
    exchange_recount.sample(conn)
    if not exchange_recount.are_true(conn, ranges, within=SAME_SCORE):
        raise UserError("the data set's matches are not what its numbers give", _HINT)
    return exchange_recount.are_best(conn, ranges, within=SAME_SCORE)


_TYPES = {
    **{"int16": "int2", "int32": "int4", "int64": "int8", "float64": "float8", "text": "text", "json": "text"},
    **{"hex": "bytea", "bytes": "bytea", "ints": "int4[]", "floats": "float8[]"},
}
"""Of the columns of tables that are not packed, as Postgres calls them."""


def check_pictures(
    conn: Connection[Any], source: Place, said: Manifest, on_step: Callable[[str, int, int], None]
) -> None:
    """Read every picture that is to come along, as `pictures.read` does, before any is stored."""
    total = said.files[PICTURES.name].rows
    for number, (kind, row, size, sha256) in enumerate(exchange_stage.pictures(conn), start=1):
        pictures.read(source, kind, row, size=size, sha256=sha256)
        on_step("pictures verified", number, total)


def unread(source: Place) -> Iterator[str]:
    """What lies beside the data set's own files, the first of it: it is not looked at."""
    own = {MANIFEST, SUMS, *(table.file for table in TABLES)}
    strangers = (name for name in source.names() if name not in own and not name.startswith(f"{PICTURES.name}/"))
    for _, name in zip(range(10), strangers, strict=False):
        yield name

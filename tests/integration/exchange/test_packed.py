"""Numbers of every size go through Parquet and binary COPY as they are."""

from __future__ import annotations

import struct
import threading
from pathlib import Path

import numpy as np
import psycopg
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from r2r_shared import db
from r2r_shared.exchange import arrow as arrows
from r2r_shared.exchange import bringing_in, packed, parquet, place
from r2r_shared.exchange.format import MATCHES, MOST_DEPTH, PAINTING_FEATURES, TABLES
from r2r_shared.queries import exchange_stage
from tests import data_sets
from tests.data_sets import Installation

DIM = 3
BYTES = st.floats(-0.0, 255)
DEPTHS = st.floats(-MOST_DEPTH, MOST_DEPTH)
NINE = st.lists(st.floats(-0.0, 255, width=32), min_size=9, max_size=9)
LENGTHS = st.floats(0.9995, 1.0005)
UNITS = st.permutations([0.0, -0.0, 1.0]) | LENGTHS.map(lambda length: [0.6 * length, -0.8 * length, 1e-30])

FEATURES = st.tuples(*(NINE, DEPTHS, DEPTHS, DEPTHS, BYTES, BYTES, NINE, BYTES, UNITS))


@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(FEATURES, max_size=5))
def test_features_arrive_to_the_last_bit(conn: psycopg.Connection, tmp_path: Path, rows: list[tuple]):
    numbered = [(number, *row) for number, row in enumerate(rows)]
    arrow = arrows.load()
    with parquet.TableWriter(arrow, tmp_path, PAINTING_FEATURES, dim=DIM, note="") as out:
        out.write(numbered)
    with conn.transaction(force_rollback=True), place.opened(tmp_path) as source:
        exchange_stage.create(conn)
        batches = parquet.batches(arrow, source, PAINTING_FEATURES, out.finish(), dim=DIM)
        parts = [packed.pack(PAINTING_FEATURES, batch, dim=DIM) for batch in batches]
        exchange_stage.copy_packed(
            conn, PAINTING_FEATURES.name, PAINTING_FEATURES.names, [packed.HEADER, *parts, packed.TRAILER]
        )
        found = conn.execute("SELECT * FROM in_painting_features ORDER BY painting_id", binary=True).fetchall()

    assert list(map(bits, found)) == list(map(bits, numbered))


def bits(row: tuple) -> list[bytes]:
    """A row's values as bytes: −0 is not 0."""
    plain = [value.to_numpy() if hasattr(value, "to_numpy") else value for value in row]
    return [
        struct.pack("<d", value) if isinstance(value, float | int) else np.asarray(value, np.float32).tobytes()
        for value in plain
    ]


def test_the_tables_that_are_packed_are_the_large_ones_without_text():
    assert {table.name for table in TABLES if packed.can_pack(table)} == {
        "painting_features",
        "painting_nearness",
        "keyframe_features",
        "matches",
    }
    assert packed.can_pack(MATCHES)


def test_two_imports_of_one_data_set_at_once_come_to_the_same(
    here: Installation, there: Installation, second_database_url: str, tmp_path: Path
):
    here.export(tmp_path / "set", data_sets.fill(here.conn))
    found: list[bringing_in.Imported] = []

    def bring_in() -> None:
        with db.connect(second_database_url, autocommit=True) as conn:
            found.append(bringing_in.import_(conn, there.store, tmp_path / "set"))

    threads = [threading.Thread(target=bring_in) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.films.added for one in found) == [0, 0, 2]
    assert sorted(one.changed for one in found) == [False, False, True]
    assert there.content() == here.content()
    assert there.counts()["data_sets"] == 1

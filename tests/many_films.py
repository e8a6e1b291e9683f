"""Many films for little: one tiny film, told apart by a box that players skip; or rows alone."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from psycopg import Connection

from tests.unit.media_films import coded_film


def write_films(directory: Path, count: int, *, frames: int = 12) -> list[Path]:
    """`count` films of `frames` frames with bytes of their own, in folders of a hundred."""
    directory.mkdir(parents=True, exist_ok=True)
    model = directory / "model.mp4"
    coded_film(model, frames)
    data = model.read_bytes()
    model.unlink()
    paths: list[Path] = []
    for number in range(count):
        folder = directory / f"{number // 100:03d}"
        folder.mkdir(exist_ok=True)
        path = folder / f"film {number:05d}.mp4"
        path.write_bytes(data + free_box(number))
        paths.append(path)
    return paths


def free_box(number: int) -> bytes:
    """An MP4 box of 16 bytes that says nothing: its length, its name, and a number."""
    return struct.pack(">I4sQ", 16, b"free", number)


ROWS = """
    WITH made AS (
        INSERT INTO films (sha256, title, path, size_bytes, container, codec, width, height, fps_num, fps_den, frames,
                           duration_s, probe, frame_index)
        SELECT sha256(('row ' || n)::bytea), 'row ' || n, '/rows/' || n, 1, 'mov', 'h264', 64, 48, 25, 1, 150000, 6000,
               '{"warnings": []}', ''
          FROM generate_series(1, %(films)s) AS n
        RETURNING id
    ), asked AS (
        INSERT INTO jobs (kind, film_id, profile_id, options)
        SELECT 'ingest', made.id, (SELECT min(id) FROM profiles), '{}' FROM made
        RETURNING id
    ), cut AS (
        INSERT INTO segments (job_id, kind, number, start_frame, end_frame, phase, state)
        SELECT asked.id, kind, number, number * 15000, (number + 1) * 15000, phase, state
          FROM asked,
               (SELECT 'film' AS kind, n AS number, 0 AS phase, 'queued' AS state
                  FROM generate_series(0, %(spans)s - 1) AS n
                 UNION ALL SELECT 'match', 0, 1, 'blocked') AS parts
    )
    SELECT id FROM asked ORDER BY id
"""


def add_rows(conn: Connection[Any], count: int, *, spans: int = 10) -> list[int]:
    """Films without files, each with a queued job of `spans` spans and a match; the jobs' ids."""
    return [row[0] for row in conn.execute(ROWS, {"films": count, "spans": spans}).fetchall()]

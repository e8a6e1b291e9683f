"""Synthetic features with the shape of real ones, and database rows to hang them on.

Embeddings are unit length and lie in clusters, as those of works of one school do; metrics have the spread of real
paintings, are correlated inside a cluster, and are cut off where real ones are (0..255).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from r2r_shared.queries import features as feature_rows
from r2r_shared.records import METRICS, Features


@dataclass
class World:
    """Draws features of pictures from one set of clusters."""

    dim: int = 16
    clusters: int = 60
    seed: int = 0
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self._looks = self.rng.normal(0, self.dim**-0.5, (self.clusters, self.dim))
        self._styles = self.rng.normal(0, 0.7, (self.clusters, 24))

    def draw(self, n: int) -> list[Features]:
        cluster = self.rng.integers(0, self.clusters, n)
        look = self._looks[cluster] + self.rng.normal(0, 0.7 * self.dim**-0.5, (n, self.dim))
        look /= np.linalg.norm(look, axis=1, keepdims=True)
        z = self._styles[cluster] + self.rng.normal(0, 0.7, (n, 24))
        dc = np.clip(110 + 50 * z[:, :9] + 30 * z[:, :1], 0, 255)
        shadow = np.clip(80 + 70 * z[:, 15:] + 40 * z[:, 15:16], 0, 255)
        columns = {
            "avg_dof": 1200 + 350 * z[:, 9],
            "max_dof": 3200 + 700 * z[:, 10] + 150 * z[:, 9],
            "min_dof": 350 + 200 * np.abs(z[:, 11]),
            "saturation": np.clip(90 + 40 * z[:, 12], 0, 255),
            "balance": np.abs(18 * z[:, 13]),
            "contrast": np.clip(165 + 35 * z[:, 14], 0, 255),
        }
        return [
            Features(
                dc=tuple(dc[i].astype(np.float32).tolist()),
                shadow=tuple(shadow[i].astype(np.float32).tolist()),
                embedding=tuple(look[i].astype(np.float32).tolist()),
                **{name: float(column[i]) for name, column in columns.items()},
            )
            for i in range(n)
        ]


def similarities(a: Features, b: Features, ranges: dict[str, float]) -> dict[str, float]:
    """DESIGN 4.2 by the letter: each metric's 1 − |Δ| / range, clipped to 0..1."""
    found: dict[str, float] = {}
    for metric in METRICS:
        x = np.atleast_1d(np.asarray(getattr(a, metric), dtype=np.float64))
        y = np.atleast_1d(np.asarray(getattr(b, metric), dtype=np.float64))
        parts = 3 if metric == "dc" else 1
        delta = np.linalg.norm((x - y).reshape(parts, -1), axis=1).sum()
        found[metric] = float(np.clip(1 - delta / ranges[metric], 0, 1))
    return found


def score(a: Features, b: Features, ranges: dict[str, float], weights: dict[str, float]) -> float:
    """DESIGN 4.2 by the letter, in float64."""
    semantic = sum(weights[metric] * value for metric, value in similarities(a, b, ranges).items())
    visual = 1 / (1 + np.linalg.norm(np.asarray(a.embedding) - np.asarray(b.embedding)))
    return float(0.5 * semantic + 0.5 * visual)


def stack(rows: Sequence[Features]) -> dict[str, NDArray[np.float64]]:
    """Many features as arrays, a row each."""
    names = (*METRICS, "embedding")
    return {name: np.array([getattr(row, name) for row in rows], dtype=np.float64) for name in names}


def scores(
    probe: Features, paintings: dict[str, NDArray[np.float64]], ranges: dict[str, float], weights: dict[str, float]
) -> NDArray[np.float64]:
    """`score` of one picture against many, in NumPy."""
    total = np.zeros(len(paintings["embedding"]))
    for metric in METRICS:
        delta = paintings[metric] - np.asarray(getattr(probe, metric))
        parts = 3 if metric == "dc" else 1
        distance = np.linalg.norm(delta.reshape(len(delta), parts, -1), axis=2).sum(axis=1)
        total += weights[metric] * np.clip(1 - distance / ranges[metric], 0, 1)
    away = np.linalg.norm(paintings["embedding"] - np.asarray(probe.embedding), axis=1)
    return 0.5 * total + 0.5 / (1 + away)


def add_profile(conn: Connection[Any], *, dim: int = 16, name: str = "synthetic") -> int:
    return _id(
        conn,
        """INSERT INTO profiles (name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim)
           VALUES (%s, 'noise', 'a', 'noise', 'b', 1, %s) RETURNING id""",
        (name, dim),
    )


def add_paintings(
    conn: Connection[Any],
    profile_id: int,
    features: Sequence[Features],
    *,
    movements: Sequence[str] = ("Baroque", "Cubism", ""),
    artists: int = 40,
    years: Sequence[int | None] = (None,),
    collection: str = "synthetic",
) -> list[int]:
    """Paintings with these features; artists, each of one movement, and years go round."""
    collection_id = _id(
        conn,
        """INSERT INTO collections (name) VALUES (%s)
           ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id""",
        (collection,),
    )
    row = conn.execute("SELECT coalesce(max(id), 0) FROM paintings").fetchone()
    first = row[0] + 1 if row else 1
    ids = list(range(first, first + len(features)))
    with conn.cursor().copy(
        "COPY paintings (id, collection_id, file, sha256, title, artist, movement, year_from, year_to, "
        "width, height, image) FROM STDIN"
    ) as copy:
        for number, painting_id in enumerate(ids):
            year = years[number % len(years)]
            movement = movements[number % artists % len(movements)]  # an artist's own
            name = f"{painting_id}.jpg"
            copy.write_row(
                (painting_id, collection_id, name, painting_id.to_bytes(32), f"No. {painting_id}",
                 f"Artist {number % artists}", movement, year, year, 400, 300, f"paintings/{name}")
            )  # fmt: skip
    feature_rows.write_paintings(conn, profile_id=profile_id, rows=list(zip(ids, features, strict=True)))
    return ids


@dataclass(frozen=True)
class Shot:
    """A shot to be added: its length, and its keyframes' features."""

    seconds: float
    keyframes: Sequence[Features]
    blank: str | None = None


def add_film(
    conn: Connection[Any], profile_id: int, shots: Sequence[Shot], *, year: int | None = None, shown: bool = True
) -> tuple[int, int, list[list[int]]]:
    """A film at 25 fps with these shots; returns (film id, job id, keyframe ids of each shot)."""
    seconds = sum(shot.seconds for shot in shots)
    film_id = _id(
        conn,
        """INSERT INTO films (sha256, title, year, path, size_bytes, container, codec, width, height, fps_num,
                              fps_den, frames, duration_s, probe, frame_index)
           VALUES (sha256(random()::text::bytea), 'A film', %s, '/films/a.mp4', 1, 'mp4', 'h264', 640, 360, 25, 1,
                   %s, %s, '{}', '') RETURNING id""",
        (year, round(25 * seconds), seconds),
    )
    job_id, ids = add_analysis(conn, film_id, profile_id, shots)
    if shown:
        conn.execute("UPDATE films SET analysis_id = %s WHERE id = %s", (job_id, film_id))
    return film_id, job_id, ids


def add_analysis(
    conn: Connection[Any], film_id: int, profile_id: int, shots: Sequence[Shot]
) -> tuple[int, list[list[int]]]:
    """One more analysis of a film; returns (job id, keyframe ids of each shot)."""
    job_id = _id(
        conn,
        "INSERT INTO jobs (kind, state, film_id, profile_id) VALUES ('ingest', 'done', %s, %s) RETURNING id",
        (film_id, profile_id),
    )
    segment_id = _id(
        conn,
        "INSERT INTO segments (job_id, kind, number, state) VALUES (%s, 'film', 1, 'done') RETURNING id",
        (job_id,),
    )
    ids: list[list[int]] = []
    measured: list[tuple[int, Features]] = []
    start = 0
    for shot in shots:
        end = start + round(25 * shot.seconds)
        shot_id = _id(
            conn,
            """INSERT INTO shots (film_id, job_id, segment_id, start_frame, end_frame, start_s, end_s,
                                  transition, blank)
               VALUES (%s, %s, %s, %s, %s, %s, %s, 'cut', %s) RETURNING id""",
            (film_id, job_id, segment_id, start, end, start / 25, end / 25, shot.blank),
        )
        ids.append([])
        for number, features in enumerate(shot.keyframes):
            keyframe_id = _id(
                conn,
                """INSERT INTO keyframes (shot_id, frame, time_s, image, width, height, crop)
                   VALUES (%s, %s, %s, %s, 512, 288, '{0,0,640,360}') RETURNING id""",
                (shot_id, start + number, (start + number) / 25, f"films/{film_id}/{start + number}.jpg"),
            )
            ids[-1].append(keyframe_id)
            measured.append((keyframe_id, features))
        start = end
    feature_rows.write_keyframes(conn, profile_id=profile_id, rows=measured)
    return job_id, ids


def _id(conn: Connection[Any], query: str, values: tuple[Any, ...]) -> int:
    row = conn.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]

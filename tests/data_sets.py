"""Installations with an analysis to share, and data sets that were tampered with so that their checksums hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from r2r_shared.exchange import bringing_in, exporting
from r2r_shared.exchange.bringing_in import Imported
from r2r_shared.exchange.exporting import Exported, Wanted
from r2r_shared.film.index import FilmIndex
from r2r_shared.queries import matches, profiles, ranges, unrelated
from r2r_shared.queries.timeline import timeline
from r2r_shared.records import Box, FilmProbe
from r2r_shared.storage.media_store import MediaStore
from tests import synthetic
from tests.synthetic import Shot, World

ROWS = (
    *("profiles", "metric_ranges", "unrelated", "collections", "paintings", "painting_features", "painting_nearness"),
    *("films", "jobs", "segments", "shots", "keyframes", "keyframe_features", "film_matches", "matches"),
    *("film_paintings", "film_names", "data_sets"),
)
"""Every table that an import may write to."""


@dataclass(frozen=True)
class Installation:
    """A database and a media store."""

    conn: Connection
    store: MediaStore

    def export(self, out: Path, profile_id: int, **wanted: Any) -> Exported:
        profile = profiles.get(self.conn, profile_id)
        self.conn.commit()
        done = exporting.export(self.conn, self.store, profile, Wanted(**wanted), out)
        self.conn.commit()
        return done

    def import_(self, path: Path, **options: Any) -> Imported:
        self.conn.commit()
        done = bringing_in.import_(self.conn, self.store, path, **options)
        self.conn.commit()
        return done

    def counts(self) -> dict[str, int]:
        """Rows of each table."""
        one = sql.SQL("(SELECT count(*) FROM {})")
        counts = sql.SQL(", ").join(one.format(sql.Identifier(table)) for table in ROWS)
        row = self.conn.execute(sql.SQL("SELECT {}").format(counts)).fetchone()
        self.conn.commit()
        return dict(zip(ROWS, row, strict=True))

    def files(self) -> set[str]:
        """Keys in the media store."""
        root = Path(self.store.url)
        return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}

    def content(self) -> dict[str, list[Any]]:
        """The catalogue without what is each installation's own: ids, keys, dates."""
        queries = {
            "paintings": """
                SELECT c.name, p.file, p.sha256, p.title, p.artist, p.movement, p.year, p.year_from, p.year_to,
                       p.medium, p.museum, p.genre, p.extra, p.licence, p.page, p.width, p.height
                  FROM paintings AS p JOIN collections AS c ON c.id = p.collection_id ORDER BY p.id
            """,
            "painting_features": """
                SELECT p.sha256, v.dc::text, v.avg_dof, v.max_dof, v.min_dof, v.saturation, v.balance, v.shadow::text,
                       v.contrast, v.embedding::text
                  FROM painting_features AS v JOIN paintings AS p ON p.id = v.painting_id ORDER BY p.id
            """,
            "films": """
                SELECT sha256, title, director, year, country, size_bytes, container, codec, width, height, rotation,
                       fps_num, fps_den, frames, duration_s, start_s, probe, frame_index FROM films ORDER BY id
            """,
            "shots": """
                SELECT f.sha256, s.start_frame, s.end_frame, s.start_s, s.end_s, s.transition, s.blank, k.frame,
                       k.time_s, k.width, k.height, k.crop, v.dc::text, v.avg_dof, v.embedding::text
                  FROM films AS f JOIN shots AS s ON s.job_id = f.analysis_id JOIN keyframes AS k ON k.shot_id = s.id
                  LEFT JOIN keyframe_features AS v ON v.keyframe_id = k.id
                 ORDER BY f.id, s.start_frame, k.frame
            """,
            "matches": """
                SELECT f.sha256, k.frame, m.rank, p.sha256, m.score, m.visual, m.semantic, m.metrics
                  FROM films AS f JOIN shots AS s ON s.job_id = f.analysis_id JOIN keyframes AS k ON k.shot_id = s.id
                  JOIN matches AS m ON m.keyframe_id = k.id JOIN paintings AS p ON p.id = m.painting_id
                 ORDER BY f.id, k.frame, m.rank
            """,
            "tallies": """
                SELECT f.sha256, p.sha256, t.shots, t.seconds, t.convincing_s
                  FROM film_paintings AS t
                  JOIN films AS f ON f.id = t.film_id JOIN paintings AS p ON p.id = t.painting_id
                 ORDER BY f.id, p.id
            """,
            "names": """
                SELECT f.sha256, n.kind, n.name, n.seconds, n.convincing_s
                  FROM film_names AS n JOIN films AS f ON f.id = n.film_id ORDER BY f.id, n.kind, n.name
            """,
            "ranges": "SELECT metric, low, high, range, centre, radius FROM metric_ranges ORDER BY metric",
            "unrelated": "SELECT of_pictures, scores, nearness FROM unrelated",
            "nearness": """
                SELECT p.sha256, n.nearness
                  FROM painting_nearness AS n JOIN paintings AS p ON p.id = n.painting_id ORDER BY p.id
            """,
        }
        found = {name: self.conn.execute(query.encode(), binary=True).fetchall() for name, query in queries.items()}
        self.conn.commit()
        return found

    def timeline(self, film: str, profile_id: int) -> dict[str, Any]:
        """As `r2r timeline --json`, without ids and keys."""
        row = self.conn.execute("SELECT id FROM films WHERE title = %s", (film,)).fetchone()
        found = timeline(self.conn, row[0], profile_id).to_json()
        self.conn.commit()
        return without_ids(found)


def without_ids(document: dict[str, Any]) -> dict[str, Any]:
    """A timeline's document without what is each installation's own."""
    found = json.loads(json.dumps(document))
    for one, names in ((found["film"], ("id", "path")), (found["profile"], ("id",))):
        for name in names:
            del one[name]
    for shot in found["shots"]:
        for keyframe in shot["keyframes"]:
            del keyframe["image"]
        for match in shot["matches"]:
            del match["painting"]["id"], match["painting"]["image"]
    # Shares are sums over shots in whatever order the server has them: their last digit may differ, and so the order of
    # two that are equal. Scores may not.
    found["influence"] = sorted(
        ({name: _rounded(value) for name, value in row.items() if name != "painting_id"} for row in found["influence"]),
        key=lambda row: (row["by"], -row["share"], row["name"]),
    )
    return found


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 12)
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value


def fill(
    conn: Connection, *, paintings: int = 40, films: int = 2, shots: int = 5, seed: int = 0, name: str = "synthetic",
    collection: str = "synthetic", measured: bool = True,
) -> int:  # fmt: skip
    """A measured collection and films that were matched with it; returns the profile's id."""
    world = World(dim=16, seed=seed)
    profile = profiles.named(conn, name)
    profile_id = synthetic.add_profile(conn, name=name) if profile is None else profile.id
    synthetic.add_paintings(
        conn, profile_id, world.draw(paintings), years=[1650, None, 1901, 1960], collection=collection, artists=12
    )
    conn.execute("SELECT setval(pg_get_serial_sequence('paintings', 'id'), max(id)) FROM paintings")
    conn.execute("UPDATE paintings SET extra = '{\"room\": \"Salle é\"}', licence = 'cc0', page = 'https://a.org/1'")
    ranges.refresh(conn, profile_id)
    if measured:
        unrelated.refresh(conn, profile_id)
    for number in range(films):
        add_film(conn, profile_id, world, title=f"Film {seed}.{number}", shots=shots)
    profiles.activate(conn, profile_id)
    conn.commit()
    return profile_id


def add_film(conn: Connection, profile_id: int, world: World, *, title: str, shots: int = 5) -> int:
    """A film of so many shots of two keyframes, a black one last, as the probe and an ingest would leave it."""
    found = [Shot(2.0, world.draw(2)) for _ in range(shots)]
    film_id, job_id, ids = synthetic.add_film(conn, profile_id, [*found, Shot(1.0, world.draw(1), "black")], year=1955)
    conn.execute("DELETE FROM keyframe_features WHERE keyframe_id = ANY(%s)", (ids[-1],))
    described(conn, film_id, title)
    conn.execute(
        "UPDATE jobs SET options = %s WHERE id = %s",
        (Jsonb({"analyse": True, "detector": {"kind": "adaptive"}}), job_id),
    )
    conn.execute(
        "UPDATE segments SET stats = %s WHERE job_id = %s", (Jsonb({"reader": "decord", "missing": 3}), job_id)
    )
    matches.match_film(conn, film_id, profile_id, k=6)
    return film_id


def described(conn: Connection, film_id: int, title: str) -> None:
    """Give a synthetic film a title, a probe and an index, as a real one has them."""
    (frames,) = conn.execute("SELECT frames FROM films WHERE id = %s", (film_id,)).fetchone()
    index = FilmIndex(
        np.arange(frames, dtype=np.int64), Fraction(1, 25), np.arange(0, frames, 50, dtype=np.int32), frames
    )
    probe = asdict(
        FilmProbe(
            *("mp4", "h264", 640, 360, 640, 360, 0, 25, 1, frames, frames / 25, 0.0, False, Box(0, 0, 640, 360)),
            *("decord", "made up", ("a warning",), index.to_bytes()),
        )
    )
    data = probe.pop("index")
    conn.execute(
        """UPDATE films SET title = %s, director = 'Jane Doe', country = 'fr', path = '/films/there/' || %s || '.mp4',
                            probe = %s, frame_index = %s WHERE id = %s""",
        (title, title, Jsonb(probe), data, film_id),
    )


def edit(folder: Path, table: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a table of a data set so that its checksums hold."""
    path = folder / f"{table}.parquet"
    found = change(pq.read_table(path))
    pq.write_table(found, path, compression="zstd")
    sign(folder)


def put(folder: Path, table: str, column: str, value: Any, *, row: int = 0) -> None:
    """Change one value of a table."""

    def change(found: pa.Table) -> pa.Table:
        place = found.schema.get_field_index(column)
        field = found.schema.field(column)
        values = found.column(column).to_pylist()
        values[row] = value
        return found.set_column(place, field, pa.array(values, field.type))

    edit(folder, table, change)


def sign(folder: Path, **changes: Any) -> None:
    """Make the manifest say what the files are; `changes` are of its own."""
    path = folder / "manifest.json"
    said = json.loads(path.read_bytes()) | changes
    for about in said["tables"].values():
        data = (folder / about["file"]).read_bytes()
        rows = pq.read_metadata(folder / about["file"]).num_rows if data[:4] == b"PAR1" else about["rows"]
        about |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "rows": rows}
    path.write_text(json.dumps(said))
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  manifest.json"]
    sums += [f"{about['sha256']}  {about['file']}" for about in said["tables"].values()]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n")

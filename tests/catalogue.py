"""A small catalogue whose pictures really lie in the media store, and a worker that works in this process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from psycopg import Connection

from r2r_shared.queries import matches, profiles, ranges
from r2r_shared.settings import Settings
from r2r_shared.storage.media_store import MediaStore
from r2r_workers import runtime
from r2r_workers.tasks.work import work
from tests import synthetic, tiny_models

DIM = tiny_models.CONFIG.dim
_CACHES = (runtime._load, runtime.store, runtime.post)


def jpeg(seed: int) -> bytes:
    """A picture of its own for each seed: coarse patches of colour."""
    patches = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(patches).resize((96, 64), Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    return out.getvalue()


class Catalogue:
    """Paintings and films under the profile `old`, the active one, and a model `new` beside it."""

    def __init__(self, conn: Connection, store: MediaStore, folder: Path, *, paintings: int = 6) -> None:
        self.conn, self.store = conn, store
        self._world = synthetic.World(dim=DIM, seed=3)
        self.old = tiny_models.registered(conn, store, folder, "old", seed=1).profile_id
        self.new = tiny_models.registered(conn, store, folder, "new", seed=2).profile_id
        profiles.activate(conn, self.old)
        self.paintings = self.add_paintings(paintings)
        ranges.refresh(conn, self.old)
        conn.commit()

    def add_paintings(self, count: int, *, measured: bool = True) -> list[int]:
        """More of the collection, with pictures; under the old profile with made-up numbers."""
        ids = synthetic.add_paintings(self.conn, self.old, self._world.draw(count))
        for painting_id in ids:
            self.store.put(f"paintings/{painting_id}.jpg", jpeg(painting_id))
        if not measured:
            self.conn.execute("DELETE FROM painting_features WHERE painting_id = ANY(%s)", (ids,))
        self.conn.commit()
        return ids

    def add_film(self, keyframes: int = 3, *, shown: bool = True) -> tuple[int, int, list[int]]:
        """A film, analysed and matched under the old profile; (film id, job id, keyframe ids)."""
        frames = self._world.draw(keyframes + 1)
        shots = [synthetic.Shot(2.0, [one]) for one in frames[:-1]]
        blank = synthetic.Shot(1.0, frames[-1:], blank="black")
        film_id, job_id, ids = synthetic.add_film(self.conn, self.old, [*shots, blank], shown=shown)
        self.conn.execute("DELETE FROM keyframe_features WHERE keyframe_id = ANY(%s)", (ids[-1],))
        for keyframe_id, image in self.conn.execute(
            "SELECT k.id, k.image FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id WHERE s.job_id = %s",
            (job_id,),
        ).fetchall():
            self.store.put(image, jpeg(10_000 + keyframe_id))
        if shown:
            matches.match_film(self.conn, film_id, self.old)
        self.conn.commit()
        return film_id, job_id, [one for shot in ids[:-1] for one in shot]

    def measured(self, profile_id: int) -> tuple[set[int], set[int]]:
        """Paintings and keyframes with features under a profile."""
        rows = self.conn.execute(
            """
            SELECT 0, painting_id FROM painting_features WHERE profile_id = %(profile)s
             UNION ALL SELECT 1, keyframe_id FROM keyframe_features WHERE profile_id = %(profile)s
            """,
            {"profile": profile_id},
        ).fetchall()
        self.conn.commit()
        return {one for what, one in rows if what == 0}, {one for what, one in rows if what == 1}

    def matched(self, profile_id: int) -> set[int]:
        """Films whose stored matches are those of the profile as it is, each keyframe with some."""
        rows = self.conn.execute("SELECT id FROM films WHERE analysis_id IS NOT NULL").fetchall()
        found = {row[0] for row in rows if matches.current(self.conn, row[0], profile_id, k=1)}
        self.conn.commit()
        return found

    def active(self) -> int:
        found = profiles.active(self.conn)
        self.conn.commit()
        assert found is not None
        return found.id

    def next_kind(self) -> str | None:
        """What a worker would begin with now."""
        return self._next()[1]

    def step(self) -> bool:
        """One segment, as a worker works on it; False where none waits."""
        segment_id, _ = self._next()
        if segment_id is not None:
            work(segment_id)
        return segment_id is not None

    def _next(self) -> tuple[int | None, str | None]:
        row = self.conn.execute(
            """
            SELECT s.id, s.kind FROM segments AS s JOIN jobs AS j ON j.id = s.job_id
             WHERE s.state = 'queued' AND j.state IN ('queued', 'running')
             ORDER BY s.job_id, s.phase, s.kind, s.number LIMIT 1
            """
        ).fetchone()
        self.conn.commit()
        return row or (None, None)

    def work(self, *, until: str | None = None) -> None:
        """All that waits, or until a segment of that kind is the next."""
        while self.next_kind() != until and self.step():
            pass


@contextmanager
def here(settings: Settings, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process is a worker with these settings; what it keeps of other tests' is forgotten."""
    for one in _CACHES:
        one.cache_clear()
    patch.setattr(runtime, "settings", lambda: settings)
    try:
        yield
    finally:
        for one in _CACHES:
            one.cache_clear()

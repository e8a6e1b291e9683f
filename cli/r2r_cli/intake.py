"""Taking a film in: probe it, know it by its content, and queue what is missing of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.errors import UniqueViolation

from r2r_cli import waiting
from r2r_shared import names
from r2r_shared.errors import UserError
from r2r_shared.film_index import FilmIndex, plan_spans
from r2r_shared.probe import probe
from r2r_shared.queries import films, jobs, segments, shots

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.records import Profile

SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob", ".wmv"}
    | {".asf", ".flv", ".ogv", ".mxf", ".3gp"}
)
"""What a directory is searched for. A file that is named is tried whatever it is called."""

BATCH = 64


@dataclass(frozen=True, slots=True)
class Intake:
    """A film that was taken in; `job_id` is None where nothing is left to do."""

    path: Path
    film_id: int
    job_id: int | None
    known: bool
    said: str


def expand(paths: Iterable[Path], *, recursive: bool) -> list[Path]:
    """The files that were named, and with `recursive` the films in directories, in order, each once."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            if not recursive:
                raise UserError(f"{path} is a directory", "add --recursive to take the films in it")
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            if not inside:
                raise UserError(f"{path} holds no film", f"looked for {' '.join(sorted(SUFFIXES))}")
            found.update(dict.fromkeys(inside))
        else:
            found[path] = None
    return list(found)


def digest(path: Path) -> bytes:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def take(
    opened: Session,
    path: Path,
    *,
    profile: Profile,
    described: dict[str, Any],
    shots: str,
    segment_s: float,
    force: bool,
) -> Intake:
    """Make the rows that a film needs, if any, commit them, then send the messages.

    Raises:
        FilmRefused: the file is no film that can be analysed; nothing was stored.
    """
    conn = opened.conn
    film_id = films.by_file(conn, path.resolve()) if path.is_file() else None
    known = film_id is not None
    if film_id is None:
        with ThreadPoolExecutor(1) as pool:  # the hash reads the file while the probe looks into it
            hashing = pool.submit(digest, path) if path.is_file() else None
            looked = probe(path)
            path = path.resolve()
            assert hashing is not None
            sha256 = hashing.result()
        known = films.by_digest(conn, sha256) is not None
        title, year = from_name(path)
        described = {**described, "year": described["year"] or (None if known else year)}
        with conn.transaction():
            film_id = films.add(conn, sha256=sha256, path=path, title=title, probe=looked)
            films.remember_file(conn, film_id, path)
    path = path.resolve()
    films.describe(conn, film_id, **described)
    film = films.get(conn, film_id)
    queued = jobs.open_ingest(conn, film_id)
    if queued is not None:
        return Intake(path, film_id, queued, True, f"{path.name}: going on with job {queued}")
    try:
        with conn.transaction():
            job_id = _queue(opened, film, profile=profile, detector=shots, segment_s=segment_s, force=force)
    except UniqueViolation:  # someone else queued the same film a moment ago
        queued = jobs.open_ingest(conn, film_id)
        return Intake(path, film_id, queued, True, f"{path.name}: going on with job {queued}")
    if job_id is None:
        return Intake(
            path,
            film_id,
            None,
            True,
            f"{path.name} is known as film {film_id} “{film.title}”: nothing to do (--force analyses it again)",
        )
    waiting.send_job(opened, job_id)
    return Intake(path, film_id, job_id, known, f"{path.name}: film {film_id}, job {job_id}")


def _queue(
    opened: Session, film: films.Film, *, profile: Profile, detector: str, segment_s: float, force: bool
) -> int | None:
    """A job for what a film is missing: all of it, or only this profile's numbers; None where that is nothing."""
    conn = opened.conn
    if film.analysis_id is None or force:
        _, looked = films.probe_of(conn, film.id)
        options = {"analyse": True, "detector": {"kind": detector}, "segment_s": segment_s}
        job_id = jobs.create(conn, kind="ingest", film_id=film.id, profile_id=profile.id, options=options)
        segments.add_spans(conn, job_id, plan_spans(FilmIndex.from_bytes(looked.index), segment_s))
        segments.add_closing(conn, job_id, names.MATCH)
        return job_id
    unmeasured = shots.unmeasured(conn, film_id=film.id, profile_id=profile.id)
    if not unmeasured:
        return None
    job_id = jobs.create(conn, kind="ingest", film_id=film.id, profile_id=profile.id, options={"analyse": False})
    batches = [unmeasured[at : at + BATCH] for at in range(0, len(unmeasured), BATCH)]
    segments.add_batches(conn, job_id, names.KEYFRAMES, batches)
    segments.add_closing(conn, job_id, names.MATCH)
    return job_id


def from_name(path: Path) -> tuple[str, int | None]:
    """Title and year from a file name: "Barry.Lyndon (1975).mkv" is Barry Lyndon of 1975."""
    stem = path.stem
    year = None
    if found := re.search(r"\((1[89]\d\d|20\d\d)\)", stem):
        year = int(found[1])
        stem = stem[: found.start()] + stem[found.end() :]
    title = re.sub(r"[._]+", " ", stem)
    return re.sub(r"\s+", " ", title).strip() or path.name, year

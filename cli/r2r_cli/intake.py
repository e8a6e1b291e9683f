"""Taking a film in: probe it, know it by its content, and queue what is missing of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.errors import UniqueViolation

from r2r_cli import waiting
from r2r_shared import film_file, names
from r2r_shared.errors import FilmRefused, PermanentError, UserError
from r2r_shared.film_file import Stamp
from r2r_shared.film_index import FilmIndex, plan_spans
from r2r_shared.probe import probe, resolve_film
from r2r_shared.queries import films, jobs, segments, shots

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.local_worker import LocalWorker
    from r2r_shared.records import FilmProbe, Profile

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
    """The files that were named, and with `recursive` the films in directories, in order, each once.

    Raises:
        UserError: a directory was named without `recursive`, or one that holds no film.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if _is_directory(path):
            if not recursive:
                raise UserError(f"{path} is a directory", "add --recursive to take the films in it")
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            if not inside:
                raise UserError(f"{path} holds no film", f"looked for {' '.join(sorted(SUFFIXES))}")
            found.update(dict.fromkeys(inside))
        else:
            found[path] = None
    return list(found)


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # too long a name, or one that may not be looked up: the probe says which
        return False


def digest(path: Path) -> bytes:
    """SHA-256 of a file's bytes.

    Raises:
        FilmRefused: it cannot be read.
    """
    try:
        return film_file.digest(path)
    except OSError as error:
        raise FilmRefused(f"{path} cannot be read: {error.strerror}", "check its permissions and its disk") from error


def look(path: Path) -> tuple[FilmProbe, bytes, Stamp]:
    """What is in a film file, the digest of its bytes, and the stamp under which both were taken.

    Raises:
        FilmRefused: it is no film, cannot be read, or was written to meanwhile: a copy still under way, say.
    """
    real = resolve_film(path)
    stamp = Stamp.of(real)
    looked = probe(path)
    sha256 = digest(real)
    try:
        film_file.check_unchanged(real, stamp)
    except PermanentError as error:
        raise FilmRefused(str(error), "a copy or download that is still under way?") from error
    return looked, sha256, stamp


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an ingest is to make of a film."""

    profile: Profile
    detector: str
    segment_s: float
    force: bool


def take(
    opened: Session, path: Path, wanted: Wanted, described: dict[str, Any], *, worker: LocalWorker | None
) -> Intake:
    """Make the rows that a film needs, if any, commit them, then send the messages.

    Args:
        described: title, director, year, country, as far as the person said.
        worker: started while a new film is looked into.

    Raises:
        FilmRefused: the file is no film that can be analysed; nothing was stored.
    """
    conn = opened.conn
    film_id = _by_file(opened, path)
    known = film_id is not None
    if film_id is None:
        if worker is not None and path.is_file():
            worker.ensure()
        looked, sha256, stamp = look(path)
        path = path.resolve()
        known = films.by_digest(conn, sha256) is not None
        title, year = from_name(path)
        described = {**described, "year": described["year"] or (None if known else year)}
        film_id = films.add(conn, sha256=sha256, path=path, size_bytes=stamp.size_bytes, title=title, probe=looked)
        films.remember_file(conn, film_id, path, stamp)
    path = path.resolve()
    films.seen_at(conn, film_id, path)  # it may have been seen elsewhere since
    films.describe(conn, film_id, **described)
    film = films.get(conn, film_id)
    if (queued := jobs.open_ingest(conn, film_id)) is not None:
        return _going_on(opened, path, film_id, queued, wanted)
    try:
        with conn.transaction():
            job_id = _queue(opened, film, wanted)
    except UniqueViolation:  # someone else queued the same film a moment ago
        queued = jobs.open_ingest(conn, film_id)
        return Intake(path, film_id, queued, True, f"{path.name}: going on with job {queued}")
    if job_id is None:
        other = film.detector != wanted.detector
        said = f"{path.name} is known as film {film_id} “{film.title}”: nothing to do (--force analyses it again"
        return Intake(path, film_id, None, True, said + (f", with --shots {wanted.detector})" if other else ")"))
    waiting.send_job(opened, job_id)
    return Intake(path, film_id, job_id, known, f"{path.name}: film {film_id}, job {job_id}")


def _going_on(opened: Session, path: Path, film_id: int, job_id: int, wanted: Wanted) -> Intake:
    """Join a job that is under way; what it was asked for stays as it is, and that is said."""
    said = f"{path.name}: going on with job {job_id}"
    asked = jobs.options_of(opened.conn, job_id).get("detector", {}).get("kind", wanted.detector)
    if asked != wanted.detector:
        said += f", which finds shots with {asked} (cancel it to use {wanted.detector})"
    return Intake(path, film_id, job_id, True, said)


def _by_file(opened: Session, path: Path) -> int | None:
    try:
        return films.by_file(opened.conn, path.resolve()) if path.is_file() else None
    except OSError:  # a name that is too long, a directory that may not be searched: the probe says which
        return None


def _queue(opened: Session, film: films.Film, wanted: Wanted) -> int | None:
    """A job for what a film is missing: all of it, or only this profile's numbers; None where that is nothing."""
    conn = opened.conn
    if film.analysis_id is None or wanted.force:
        looked = films.probe_of(conn, film.id)
        options = {"analyse": True, "detector": {"kind": wanted.detector}, "segment_s": wanted.segment_s}
        job_id = jobs.create(conn, kind="ingest", film_id=film.id, profile_id=wanted.profile.id, options=options)
        segments.add_spans(conn, job_id, plan_spans(FilmIndex.from_bytes(looked.index), wanted.segment_s))
        segments.add_closing(conn, job_id, names.MATCH)
        return job_id
    unmeasured = shots.unmeasured(conn, film_id=film.id, profile_id=wanted.profile.id)
    if not unmeasured:
        return None
    job_id = jobs.create(conn, kind="ingest", film_id=film.id, profile_id=wanted.profile.id, options={"analyse": False})
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

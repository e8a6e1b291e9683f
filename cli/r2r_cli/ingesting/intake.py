"""Taking a film in: probe it, know it by its content, and queue what is missing of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.errors import UniqueViolation

from r2r_cli.ingesting import film_source
from r2r_cli.ingesting.film_search import expand
from r2r_cli.ingesting.film_source import Looked, digest, look
from r2r_shared import names
from r2r_shared.errors import UserError
from r2r_shared.film.index import FilmIndex, plan_spans
from r2r_shared.queries import activation, exchange_origin, films, job_changes, jobs, pictureless, segments, shots

if TYPE_CHECKING:
    from psycopg import Connection

    from r2r_cli.context import Session
    from r2r_cli.ingesting.film_source import Sent
    from r2r_shared.local.worker import LocalWorker
    from r2r_shared.records import FilmProbe, Profile

__all__ = ["Intake", "Looked", "Wanted", "digest", "expand", "find", "from_name", "known", "look", "send_ahead"]
__all__ += ["doubted", "failed_before", "follow_up", "take"]


@dataclass(frozen=True, slots=True)
class Intake:
    """A film that was taken in; `job_id` is None where nothing is left to do.

    Attributes:
        path: the file, links resolved, or the address of the object.
        going_on: the job was there already.
        retried: it failed before, and what is missing of it is to be tried again: `follow_up` does that.
    """

    path: Path | str
    film_id: int
    job_id: int | None
    known: bool
    said: str
    title: str = ""
    going_on: bool = False
    retried: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an ingest is to make of a film.

    Attributes:
        upload: the media store gets a copy of it first, for the workers.
        segment_asked: the person named the segments' length.
    """

    profile: Profile
    detector: str
    segment_s: float
    force: bool
    priority: int = 0
    upload: bool = False
    segment_asked: bool = False


def send_ahead(
    opened: Session, place: Path | str, wanted: Wanted, look: Callable[[Path | str], Looked] = look
) -> Sent | None:
    """Put a film into the media store where that is wanted: before `take`, in no transaction, for it takes long.

    Raises:
        FilmRefused: it is no film, or cannot be read.
        Unavailable: the store does not answer, or is full.
    """
    if not wanted.upload:
        return None
    film_id = known(opened, place)
    sha256 = look(place).sha256 if film_id is None else films.get(opened.conn, film_id).sha256
    return film_source.send(opened, place, sha256)


def take(
    opened: Session,
    path: Path | str,
    wanted: Wanted,
    described: dict[str, Any],
    *,
    worker: LocalWorker | None,
    look: Callable[[Path | str], Looked] = look,
    sent: Sent | None = None,
) -> Intake:
    """Make the rows that a film needs, if any; in the caller's transaction. A job of before is left to `follow_up`.

    Args:
        path: a file, or the address of an object.
        described: title, director, year, country, as far as the person said.
        worker: started while a new film is looked into.
        look: what to ask for a film that is not known by its place: someone may have looked ahead.
        sent: what `send_ahead` came to, where it was asked before.

    Raises:
        FilmRefused: the file is no film that can be analysed; nothing was stored.
    """
    conn = opened.conn
    name = film_source.name_of(path)
    found = film_source.known(opened, path)
    is_known = found is not None
    doubt = ""
    if found is None:
        if worker is not None and (isinstance(path, str) or path.is_file()):
            worker.ensure()
        looked, sha256, stamp = look(path)
        if wanted.upload and sent is None:
            sent = film_source.send(opened, path, sha256)
        is_known = films.by_digest(conn, sha256) is not None
        title, year = from_name(Path(name))
        described = {**described, "year": described["year"] or (None if is_known else year)}
        place = film_source.place_of(path, opened.settings)
        film_id = films.add(conn, sha256=sha256, place=place, size_bytes=stamp.size_bytes, title=title, probe=looked)
        doubt = doubted(conn, film_id, looked) if is_known else ""
    else:
        film_id, stamp = found
        if wanted.upload and sent is None:
            sent = film_source.send(opened, path, films.get(conn, film_id).sha256)
        place = film_source.place_of(path, opened.settings)
    films.remember(conn, film_id, place, stamp)
    films.seen_at(conn, film_id, place)  # it may have been seen elsewhere since
    if sent is not None:
        films.remember(conn, film_id, *sent)
    anew = doubt + said_anew(films.get(conn, film_id), described) if is_known else ""
    films.describe(conn, film_id, **described)
    path = path.resolve() if isinstance(path, Path) else path
    film = films.get(conn, film_id)
    if (queued := jobs.open_ingest(conn, film_id)) is not None:
        return _going_on(opened, path, film, queued, wanted, anew)
    if (failed := failed_before(opened, film, wanted.profile.id, wanted.detector, force=wanted.force)) is not None:
        return Intake(path, film_id, failed, True, f"{name}: film {film_id}{anew}", film.title, retried=True)
    try:
        with conn.transaction():
            job_id = _queue(opened, film, wanted)
    except UniqueViolation:  # someone else queued the same film a moment ago
        queued = jobs.open_ingest(conn, film_id)
        return Intake(path, film_id, queued, True, f"{name}: going on with job {queued}", film.title, True)
    if job_id is None:
        other = film.detector != wanted.detector
        nothing = f"nothing more to do{anew}" if anew else "nothing to do"
        said = f"{name} is known as film {film_id} “{film.title}”: {nothing} (--force analyses it again"
        return Intake(
            path, film_id, None, True, said + (f", with --shots {wanted.detector})" if other else ")"), film.title
        )
    return Intake(path, film_id, job_id, is_known, f"{name}: film {film_id}, job {job_id}{anew}", film.title)


def doubted(conn: Connection[Any], film_id: int, looked: FilmProbe) -> str:
    """Whether a data set said other frame times of a film than its file has, now that it is here."""
    origin = exchange_origin.of_film(conn, film_id)
    if origin is None:
        return ""
    told, seen = (FilmIndex.from_bytes(one.index) for one in (films.probe_of(conn, film_id), looked))
    if np.array_equal(told.pts, seen.pts) and told.time_base == seen.time_base:
        return ""
    return f", whose frame times are not those of data set “{origin.name}”"


def said_anew(film: films.Film, described: dict[str, Any]) -> str:
    """What of a known film's description is said otherwise now: ", described anew: title, director"."""
    anew = [name for name, value in described.items() if value is not None and value != getattr(film, name)]
    return f", described anew: {', '.join(anew)}" if anew else ""


def _going_on(  # noqa: PLR0917
    opened: Session, path: Path | str, film: films.Film, job_id: int, wanted: Wanted, anew: str
) -> Intake:
    """Join a job that is under way; what it was asked for stays as it is, and that is said."""
    said = f"{film_source.name_of(path)}: going on with job {job_id}"
    options = jobs.options_of(opened.conn, job_id)
    asked = options.get("detector", {}).get("kind", wanted.detector)
    other: list[str] = []
    if asked != wanted.detector:
        said += f", which finds shots with {asked}"
        other.append(f"use {wanted.detector}")
    profile_id = jobs.get(opened.conn, job_id).profile_id
    if profile_id != wanted.profile.id:
        said += ", which measures under another profile"
        other.append(f"measure under “{wanted.profile.name}”")
    if wanted.force and not options.get("analyse", False):
        other.append("analyse the film again")
    if wanted.segment_asked and options.get("segment_s", wanted.segment_s) != wanted.segment_s:
        other.append(f"cut it into segments of {wanted.segment_s:g} s")
    if other:
        said += f" (cancel it to {' and to '.join(other)})"
    return Intake(path, film.id, job_id, True, said + anew, film.title, True)


def failed_before(opened: Session, film: films.Film, profile_id: int, detector: str, *, force: bool) -> int | None:
    """The film's last ingest, where it failed at just what would be asked for now: it need not start from zero."""
    last = None if force else jobs.last_ingest(opened.conn, film.id)
    if last is None or last[1:] != ("failed", profile_id):
        return None
    options = jobs.options_of(opened.conn, last[0])
    analyse = to_be_analysed(opened.conn, film, profile_id)
    if options.get("analyse", False) != analyse or options.get("detector", {}).get("kind", detector) != detector:
        return None
    missing = analyse or shots.unmeasured(opened.conn, film_id=film.id, profile_id=profile_id)
    return last[0] if missing else None


def to_be_analysed(conn: Connection[Any], film: films.Film, profile_id: int) -> bool:
    """Whether the film itself is needed for what a profile lacks of it, and no stored keyframe will do."""
    return film.analysis_id is None or bool(pictureless.keyframes(conn, film_id=film.id, profile_id=profile_id))


def follow_up(opened: Session, found: Intake, wanted: Wanted) -> Intake:
    """Do to a job of before what was asked for: try it again, let it come sooner.

    After the film's own rows are committed: a job's rows are locked before its film's, see queries/job_changes.py.
    """
    if found.job_id is None or not (found.going_on or found.retried):
        return found
    said = found.said
    try:
        if found.retried:
            job_changes.retry(opened.conn, found.job_id)
            job = jobs.get(opened.conn, found.job_id)
            done = f"{job.segments_done} of {job.segments} segments are done already"
            said += f", job {job.id}, which failed, is tried again: {done}"
        if wanted.priority and (before := jobs.get(opened.conn, found.job_id).priority) < wanted.priority:
            job_changes.prioritise(opened.conn, found.job_id, wanted.priority)
            said += f"; its priority is {wanted.priority} now, and was {before}"
    except UserError as error:  # it ended, was removed or tried again by someone else a moment ago
        return replace(found, said=f"{said}; {error.message}", retried=False, going_on=True)
    return replace(found, said=said)


def known(opened: Session, path: Path | str) -> int | None:
    """The id of the film that lies at a place, if it is known to: nothing is read for that.

    Raises:
        FilmRefused, Unavailable: as `film_source.known`.
    """
    found = film_source.known(opened, path)
    return None if found is None else found[0]


def find(opened: Session, text: str, *, whole: bool = False) -> int:
    """The film that a person means, as `films.find`, with what this machine knows of places."""
    return films.find(opened.conn, text, digest_of=digest, whole=whole, roots=opened.settings.film_roots)


def _queue(opened: Session, film: films.Film, wanted: Wanted) -> int | None:
    """A job for what a film is missing: all of it, or only this profile's numbers; None where that is nothing."""
    conn = opened.conn
    if wanted.force or to_be_analysed(conn, film, wanted.profile.id):
        looked = films.probe_of(conn, film.id)
        options = {"analyse": True, "detector": {"kind": wanted.detector}, "segment_s": wanted.segment_s}
        job_id = jobs.create(
            conn,
            kind="ingest",
            film_id=film.id,
            profile_id=wanted.profile.id,
            options=options,
            priority=wanted.priority,
            effort_s=film.duration_s,
        )
        segments.add_spans(conn, job_id, plan_spans(FilmIndex.from_bytes(looked.index), wanted.segment_s))
        segments.add_closing(conn, job_id, names.MATCH)
        return job_id
    return activation.queue_keyframes(conn, film.id, wanted.profile.id, priority=wanted.priority)


def from_name(path: Path) -> tuple[str, int | None]:
    """Title and year from a file name: "Barry.Lyndon (1975).mkv" is Barry Lyndon of 1975."""
    stem = path.stem
    year = None
    if found := re.search(r"\((1[89]\d\d|20\d\d)\)", stem):
        year = int(found[1])
        stem = stem[: found.start()] + stem[found.end() :]
    title = re.sub(r"[._]+", " ", stem)
    return re.sub(r"\s+", " ", title).strip() or path.name, year

"""Films: known by their content, found by path, id, title or a piece of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from r2r_shared.collections.text import storable
from r2r_shared.errors import NotFound
from r2r_shared.film.file import FilmFile
from r2r_shared.film.places import Place, parse, texts_of, upload_prefix
from r2r_shared.film.stamps import Stamp
from r2r_shared.queries import job_changes, profiles
from r2r_shared.records import Box, FilmProbe
from r2r_shared.storage import depth_maps


@dataclass(frozen=True, slots=True)
class Film:
    """A film as people see it in a list.

    Attributes:
        state: "ready", or what its newest ingest came to: queued, running, failed, cancelled.
        pictured: its keyframes have their pictures here; False where any came without (see pictureless.py).
    """

    id: int
    sha256: bytes
    title: str
    director: str
    year: int | None
    country: str
    path: str
    duration_s: float
    fps_num: int
    fps_den: int
    frames: int
    width: int
    height: int
    container: str
    codec: str
    analysis_id: int | None
    state: str
    shots: int
    keyframes: int
    pictured: bool
    reader: str | None
    detector: str | None
    frames_missing: int
    created_at: datetime


_SELECT = """
    SELECT f.id, f.sha256, f.title, f.director, f.year, f.country, f.path, f.duration_s, f.fps_num, f.fps_den,
           f.frames, f.width, f.height, f.container, f.codec, f.analysis_id,
           CASE WHEN f.analysis_id IS NOT NULL THEN 'ready'
                ELSE coalesce((SELECT state FROM jobs WHERE film_id = f.id ORDER BY id DESC LIMIT 1), 'known')
            END AS state,
           (SELECT count(*) FROM shots WHERE job_id = f.analysis_id)::int AS shots,
           (SELECT count(*) FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id
             WHERE s.job_id = f.analysis_id)::int AS keyframes,
           NOT EXISTS (SELECT FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id
                        WHERE s.job_id = f.analysis_id AND NOT k.pictured) AS pictured,
           (SELECT string_agg(DISTINCT stats->>'reader', ', ') FROM segments
             WHERE job_id = f.analysis_id AND kind = 'film') AS reader,
           (SELECT options->'detector'->>'kind' FROM jobs WHERE id = f.analysis_id) AS detector,
           coalesce((SELECT sum((stats->>'missing')::int) FROM segments
             WHERE job_id = f.analysis_id AND kind = 'film'), 0)::int AS frames_missing,
           f.created_at
      FROM films AS f
"""


def listed(conn: Connection[Any]) -> list[Film]:
    """All films by title."""
    with conn.cursor(row_factory=class_row(Film)) as cur:
        return cur.execute(_SELECT + " ORDER BY lower(f.title), f.id").fetchall()


def get(conn: Connection[Any], film_id: int) -> Film:
    """The film with that id."""
    with conn.cursor(row_factory=class_row(Film)) as cur:
        row = cur.execute(_SELECT + " WHERE f.id = %s", (film_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no film {film_id}", "`r2r films list` shows them all")
    return row


def by_digest(conn: Connection[Any], sha256: bytes) -> int | None:
    """The id of the film with these bytes."""
    row = conn.execute("SELECT id FROM films WHERE sha256 = %s", (sha256,)).fetchone()
    return row[0] if row else None


def by_file(conn: Connection[Any], path: Path, *, roots: Mapping[str, Path] | None = None) -> int | None:
    """The id of the film last seen at a path, if the file there has not changed since (size and time).

    Args:
        path: a file of this machine, links resolved.
        roots: this machine's film roots: the file may have been seen under them, here or on another machine.
    """
    try:
        stamp = Stamp.of(path)
    except OSError:
        return None
    return by_place(conn, texts_of(path, roots or {}), stamp)


def by_place(conn: Connection[Any], places: Sequence[str], stamp: Stamp) -> int | None:
    """The id of the film last seen at one of these places under that stamp."""
    row = conn.execute(
        """
        SELECT film_id FROM film_files
         WHERE path = ANY(%s) AND size_bytes = %s AND mtime_ns = %s
         ORDER BY array_position(%s, path)
         LIMIT 1
        """,
        (list(places), stamp.size_bytes, stamp.mark, list(places)),
    ).fetchone()
    return row[0] if row else None


def remember(conn: Connection[Any], film_id: int, place: Place, stamp: Stamp) -> None:
    """Note where a film's bytes lie, for by_place and for the workers."""
    conn.execute(
        """
        INSERT INTO film_files (path, film_id, size_bytes, mtime_ns) VALUES (%s, %s, %s, %s)
        ON CONFLICT (path) DO UPDATE
           SET film_id = excluded.film_id, size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns
         WHERE (film_files.film_id, film_files.size_bytes, film_files.mtime_ns)
               IS DISTINCT FROM (excluded.film_id, excluded.size_bytes, excluded.mtime_ns)
        """,
        (str(place), film_id, stamp.size_bytes, stamp.mark),
    )


def seen_at(conn: Connection[Any], film_id: int, place: Place) -> None:
    """Of the places where a film lies, this is the one to show and to try first."""
    conn.execute("UPDATE films SET path = %s WHERE id = %s AND path <> %s", (str(place), film_id, str(place)))


def add(conn: Connection[Any], *, sha256: bytes, place: Place, size_bytes: int, title: str, probe: FilmProbe) -> int:
    """A new film, or the one with the same bytes that another process added a moment ago."""
    details = asdict(probe)
    index = details.pop("index")
    query = """
        INSERT INTO films (sha256, title, path, size_bytes, container, codec, width, height, rotation,
                           fps_num, fps_den, frames, duration_s, start_s, probe, frame_index)
        VALUES (%(sha256)s, %(title)s, %(path)s, %(size)s, %(container)s, %(codec)s, %(width)s, %(height)s,
                %(rotation)s, %(fps_num)s, %(fps_den)s, %(frames)s, %(duration_s)s, %(start_s)s, %(probe)s, %(index)s)
        ON CONFLICT (sha256) DO UPDATE SET path = excluded.path
        RETURNING id
    """
    row = conn.execute(
        query,
        details
        | {
            "sha256": sha256,
            "title": title,
            "path": str(place),
            "size": size_bytes,
            "probe": Jsonb(details),
            "index": index,
        },
    ).fetchone()
    assert row is not None
    return row[0]


def describe(  # what a person said of a film; None leaves what is there
    conn: Connection[Any],
    film_id: int,
    *,
    title: str | None = None,
    director: str | None = None,
    year: int | None = None,
    country: str | None = None,
) -> None:
    """Set what is known about a film. A changed year makes its stored matches stale: chronology counts."""
    conn.execute(
        """
        UPDATE films
           SET title = coalesce(%(title)s, title), director = coalesce(%(director)s, director),
               year = coalesce(%(year)s, year), country = coalesce(%(country)s, country)
         WHERE id = %(film)s
        """,
        {"title": title, "director": director, "year": year, "country": country, "film": film_id},
    )


def is_there(conn: Connection[Any], film_id: int) -> bool:
    """Whether there is a film of that id; then it stays until the transaction ends."""
    return conn.execute("SELECT FROM films WHERE id = %s FOR NO KEY UPDATE", (film_id,)).rowcount == 1


def probe_of(conn: Connection[Any], film_id: int) -> FilmProbe:
    """What a film's probe said."""
    row = conn.execute("SELECT probe, frame_index FROM films WHERE id = %s", (film_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no film {film_id}", "`r2r films list` shows them all")
    details, index = row
    details["active"] = Box(**details["active"])
    details["warnings"] = tuple(details["warnings"])
    return FilmProbe(**details, index=bytes(index))


def file_of(conn: Connection[Any], film_id: int) -> FilmFile:
    """Where a film's bytes have been seen, for a worker."""
    rows = conn.execute(
        """
        SELECT f.sha256, p.path, p.size_bytes, p.mtime_ns
          FROM films AS f LEFT JOIN film_files AS p ON p.film_id = f.id
         WHERE f.id = %s
         ORDER BY p.path = f.path DESC, p.path
        """,
        (film_id,),
    ).fetchall()
    if not rows:
        raise NotFound(f"there is no film {film_id}", "`r2r films list` shows them all")
    places: list[tuple[Place, Stamp]] = []
    for _, text, size, mark in rows:
        with suppress(ValueError):  # a place that nobody can have written by way of r2r leads nowhere
            if text is not None:
                places.append((parse(text), Stamp(size, mark)))
    return FilmFile(bytes(rows[0][0]), tuple(places))


def find(
    conn: Connection[Any],
    text: str,
    *,
    digest_of: Callable[[Path], bytes] | None = None,
    whole: bool = False,
    roots: Mapping[str, Path] | None = None,
) -> int:
    """The film that a person means: a path or another place, an id, the title, or an unambiguous piece of it.

    Args:
        digest_of: is asked for a file that is not known by its place.
        roots: this machine's film roots.
        whole: a piece of the title is not enough: what is removed is to be named in full.

    Raises:
        NotFound: nothing answers to it, or several films do: then they are listed.
    """
    if not text.strip():
        raise NotFound("no film is named", "name one by its path, its number or its title; `r2r films list` shows them")
    if (path := _file(text)) is not None:
        film_id = by_file(conn, path, roots=roots) if storable(str(path)) == str(path) else None
        if film_id is None and digest_of is not None:
            film_id = by_digest(conn, digest_of(path))
        if film_id is None:
            raise NotFound(f"{text} has not been ingested", f"r2r ingest {shlex.quote(text)}")
        return film_id
    name = storable(text)
    places = texts_of(Path(name), roots or {}) if name.startswith("/") else [name]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
    rows = conn.execute(
        """
        SELECT id, title, year, id = %(number)s IS TRUE AS by_number,
               lower(title) = lower(%(name)s) OR path = ANY(%(places)s) OR id IN (
                   SELECT film_id FROM film_files WHERE path = ANY(%(places)s)) AS by_name
          FROM films
         WHERE id = %(number)s OR lower(title) = lower(%(name)s) OR path = ANY(%(places)s)
            OR id IN (SELECT film_id FROM film_files WHERE path = ANY(%(places)s))
            OR (title ILIKE %(piece)s AND NOT %(whole)s)
         ORDER BY by_number DESC, by_name DESC, lower(title), id
         LIMIT 11
        """,
        {"name": name, "places": places, "number": number, "piece": f"%{_literal(name)}%", "whole": whole},
    ).fetchall()
    rows = [row for row in rows if row[3] or row[4]] or rows  # a piece of a title counts where nothing is named in full
    if not rows:
        hint = "name it by its path, its number or its whole title; " if whole else ""
        raise NotFound(f"no film answers to “{name}”", f"{hint}`r2r films list` shows what is there")
    if len(rows) > 1:
        some = "; ".join(f"{row[0]} {row[1]}{f' ({row[2]})' if row[2] else ''}" for row in rows[:10])
        # What is one film's number and another's title stays so: the first has only its path left.
        hint = f"name film {rows[0][0]} by its path, others by their number" if rows[0][3] else "name it by its number"
        raise NotFound(f"“{name}” could be: {some}{' …' if len(rows) > 10 else ''}", hint)
    return rows[0][0]


def remove(conn: Connection[Any], film_id: int) -> tuple[str, ...]:
    """Delete a film with all that hangs on it, in the caller's transaction.

    Returns:
        The folders of the media store that may go after the commit: its keyframes, what was uploaded of it, and the
        depth maps of its keyframes.
    """
    job_changes.hold_all(conn, "j.film_id = %s", film_id)
    row = conn.execute("DELETE FROM films WHERE id = %s RETURNING encode(sha256, 'hex')", (film_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no film {film_id}", "`r2r films list` shows them all")
    keyframes = media_prefix(row[0])
    maps = depth_maps.of_folders([keyframes], profiles.depth_digests(conn))
    return keyframes, upload_prefix(row[0]), *maps


def media_prefix(sha256_hex: str) -> str:
    """Where a film's keyframes lie in the media store."""
    return f"films/{sha256_hex[:2]}/{sha256_hex}"


def _file(text: str) -> Path | None:
    """The file that a text names, if there is one; a title may be too long for a name, or begin with a tilde."""
    try:
        path = Path(text).expanduser()
        return path.resolve() if path.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _literal(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")

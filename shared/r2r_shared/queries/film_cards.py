"""Films as a page of cards shows them: a few at a time, each with a picture of it and what is being done to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from psycopg import Connection
from psycopg.rows import class_row

Sort: TypeAlias = Literal["title", "year", "newest", "longest"]

POSTER_AT = 0.15
"""The share of a film after which its picture is looked for: past the titles."""


@dataclass(frozen=True, slots=True)
class FilmCard:
    """A film in a list.

    Attributes:
        state: "ready", or what its newest job came to: queued, running, failed, cancelled; "known" without a job.
        poster: a keyframe's key in the media store; None where there is none.
        job_id, job_state, job_error: its newest job.
    """

    id: int
    title: str
    director: str
    year: int | None
    country: str
    duration_s: float
    state: str
    shots: int
    poster: str | None
    job_id: int | None
    job_state: str | None
    job_error: str | None


@dataclass(frozen=True, slots=True)
class FilmCards:
    """A page of films, and how many there are in all."""

    films: list[FilmCard]
    total: int


_ORDER = {
    "title": "lower(f.title), f.id",
    "year": "f.year NULLS LAST, lower(f.title), f.id",
    "newest": "f.id DESC",
    "longest": "f.duration_s DESC, f.id",
}


def listed(
    conn: Connection[Any], *, words: str = "", sort: Sort = "title", limit: int = 48, offset: int = 0
) -> FilmCards:
    """Films that match, in order.

    Args:
        words: each must occur in the title, the director's name, the country or the year; case does not matter.
    """
    args = {"words": words.lower().split(), "limit": limit, "offset": offset, "at": POSTER_AT}
    meant = """
         WHERE NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word
                            WHERE strpos(lower(concat_ws(' ', f.title, f.director, f.country, f.year)), word) = 0)
    """
    # Cards are looked up for the page's films alone: counting shots of all of them would take seconds.
    query = f"""
        SELECT f.id, f.title, f.director, f.year, f.country, f.duration_s,
               CASE WHEN f.analysis_id IS NOT NULL THEN 'ready' ELSE coalesce(j.state, 'known') END AS state,
               (SELECT count(*) FROM shots WHERE job_id = f.analysis_id)::int AS shots,
               coalesce(
                   (SELECT CASE WHEN k.pictured THEN k.image END FROM shots AS s JOIN keyframes AS k ON k.shot_id = s.id
                     WHERE s.job_id = f.analysis_id AND s.blank IS NULL AND s.start_s >= %(at)s * f.duration_s
                     ORDER BY s.start_frame, k.frame LIMIT 1),
                   (SELECT CASE WHEN k.pictured THEN k.image END FROM shots AS s JOIN keyframes AS k ON k.shot_id = s.id
                     WHERE s.job_id = f.analysis_id ORDER BY s.blank IS NOT NULL, s.start_frame, k.frame LIMIT 1)
               ) AS poster,
               j.id AS job_id, j.state AS job_state, j.error AS job_error
          FROM (SELECT f.* FROM films AS f {meant} ORDER BY {_ORDER[sort]} LIMIT %(limit)s OFFSET %(offset)s) AS f
          LEFT JOIN LATERAL (SELECT id, state, error FROM jobs WHERE film_id = f.id ORDER BY id DESC LIMIT 1) AS j
                 ON true
         ORDER BY {_ORDER[sort]}
    """
    with conn.cursor(row_factory=class_row(FilmCard)) as cur:
        films = cur.execute(query.encode(), args).fetchall()
    row = conn.execute(f"SELECT count(*) FROM films AS f {meant}".encode(), args).fetchone()
    assert row is not None
    return FilmCards(films, row[0])


def stamp(conn: Connection[Any], film_id: int, profile_id: int) -> str | None:
    """A text that is another one whenever the film's timeline may be: None where there is no such film.

    It counts the film's own description and analysis, its stored matches, the collection, and what they are judged by.
    """
    row = conn.execute(
        """
        SELECT md5(concat_ws('|', f.id, f.title, f.director, f.year, f.country, f.path, f.analysis_id, p.id, p.name,
                             p.revision, p.names, m.revision, m.top_k, m.how, m.film_year, m.matched_at,
                             u.revision, u.artists, u.measured_at))
          FROM films AS f
          JOIN profiles AS p ON p.id = %(profile)s
          LEFT JOIN unrelated AS u ON u.profile_id = p.id
          LEFT JOIN film_matches AS m ON m.film_id = f.id AND m.profile_id = p.id
         WHERE f.id = %(film)s
        """,
        {"film": film_id, "profile": profile_id},
    ).fetchone()
    return None if row is None else row[0]

"""Tallies: what each film's stored matches come to, kept so that a catalogue of thousands is asked in seconds.

Each shot that is matched counts with its length for its first painting, and so for that one's movement and artist. A
shot's first painting is that of the highest corrected score (unrelated.py) over its keyframes, as the timeline ranks
them; of the score itself where nothing to correct with was known.

A tally is of what `film_matches` says is stored. `judged` is false where it was made before it was known what
unrelated pictures reach: then nothing in it is corrected, or called convincing.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from r2r_shared.queries import film_names, unrelated


def write(conn: Connection[Any], film_id: int, profile_id: int, analysis_id: int | None) -> None:
    """Count what the stored matches of a film's analysis come to, in the transaction that stores them.

    To follow the row of `film_matches`.
    """
    null = unrelated.known(conn, profile_id)
    args = {
        "film": film_id,
        "profile": profile_id,
        "analysis": analysis_id,
        "judged": null is not None,
        "factor": unrelated.FACTOR,
        "mean": 0.0 if null is None else null.nearness,
        "convincing": None if null is None else null.convincing_from,
    }
    conn.execute("DELETE FROM film_paintings WHERE profile_id = %(profile)s AND film_id = %(film)s", args)
    conn.execute(
        """
        WITH best AS (
             -- numeric: the sum is the same to its last bit, in whatever order the shots were written
             SELECT DISTINCT ON (s.id) (s.end_s - s.start_s)::numeric AS seconds, m.painting_id, m.score
               FROM shots AS s
               JOIN keyframes AS k ON k.shot_id = s.id
               JOIN matches AS m ON m.keyframe_id = k.id AND m.profile_id = %(profile)s
               LEFT JOIN painting_nearness AS n
                      ON %(judged)s AND n.profile_id = %(profile)s AND n.painting_id = m.painting_id
              WHERE s.job_id = %(analysis)s AND s.blank IS NULL
              ORDER BY s.id, m.score - coalesce(%(factor)s * (n.nearness - %(mean)s), 0) DESC, m.painting_id),
        painting AS (
             INSERT INTO film_paintings (profile_id, film_id, painting_id, shots, seconds, convincing_s)
             SELECT %(profile)s, %(film)s, painting_id, count(*), sum(seconds),
                    coalesce(sum(seconds) FILTER (WHERE score >= %(convincing)s::double precision), 0)
               FROM best GROUP BY painting_id)
        UPDATE film_matches AS f
           SET judged = %(judged)s, shots = b.shots, seconds = b.seconds,
               convincing_shots = b.convincing, convincing_s = b.convincing_s
          FROM (SELECT count(*) AS shots, coalesce(sum(seconds), 0) AS seconds,
                       count(*) FILTER (WHERE score >= %(convincing)s::double precision) AS convincing,
                       coalesce(sum(seconds) FILTER (WHERE score >= %(convincing)s::double precision), 0)
                           AS convincing_s
                  FROM best) AS b
         WHERE f.film_id = %(film)s AND f.profile_id = %(profile)s
        """,
        args,
    )
    film_names.write(conn, profile_id, film_id)


def outdated(conn: Connection[Any], profile_id: int, film_id: int | None = None) -> list[int]:
    """Films with current matches whose tally is missing, or was made before it was known what unrelated pictures reach.

    By id, ascending; of one film, whether it is among them.
    """
    rows = conn.execute(
        """
        SELECT m.film_id
          FROM film_matches AS m
          JOIN films AS f ON f.id = m.film_id
          JOIN profiles AS p ON p.id = m.profile_id
          LEFT JOIN unrelated AS u ON u.profile_id = p.id AND u.revision = p.revision AND u.artists = p.artists
                                  AND u.of_pictures > 0
         WHERE m.profile_id = %s AND (%s::bigint IS NULL OR m.film_id = %s)
           AND m.revision = p.revision AND m.film_year IS NOT DISTINCT FROM f.year
           AND (m.seconds IS NULL OR m.judged <> (u.profile_id IS NOT NULL))
         ORDER BY m.film_id
        """,
        (profile_id, film_id, film_id),
    ).fetchall()
    return [row[0] for row in rows]


def count_again(conn: Connection[Any], film_id: int, profile_id: int) -> None:
    """Tally a film's stored matches, in a transaction of its own. Nothing is scored."""
    with conn.transaction():
        row = conn.execute("SELECT analysis_id FROM films WHERE id = %s FOR NO KEY UPDATE", (film_id,)).fetchone()
        if row is not None:
            conn.execute("SELECT FROM profiles WHERE id = %s FOR SHARE", (profile_id,))
            write(conn, film_id, profile_id, row[0])

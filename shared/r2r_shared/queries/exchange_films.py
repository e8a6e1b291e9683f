"""A staged data set's films among those that are here: the same ones are found by their content.

What is here stays as it is. Each `map_…` table says which row here a row of the data set is, and what became of it.
All in the caller's transaction, after exchange_stage.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from r2r_shared.queries import exchange_differing, exchange_pictured, shots


@dataclass(frozen=True, slots=True)
class Films:
    """What became of the data set's films.

    Attributes:
        added: new here, or known without an analysis.   here: with the same shots.
        kept: analysed otherwise here: ours are kept.   replaced: or theirs taken, where that was asked for.
        measured, differing: keyframes that have numbers under the profile now and had none, or had others.
        unused: folders of the media store that may go after the commit.
    """

    added: int
    here: int
    kept: int
    replaced: int
    shots: int
    keyframes: int
    measured: int
    differing: int
    unused: tuple[str, ...]


def hold_films(conn: Connection[Any]) -> None:
    """Hold the films that are here already: before any row of a profile, as whoever matches them does."""
    conn.execute("SELECT FROM films WHERE sha256 IN (SELECT sha256 FROM in_films) ORDER BY id FOR NO KEY UPDATE")


def add_films(conn: Connection[Any], profile_id: int, *, source: dict[str, Any], replace: bool) -> Films:
    """Add the films that are new and the analyses of those that have none, and what was measured of all keyframes.

    An analysis becomes a job that is done, of one segment that is done: its options say where it came from.

    Args:
        source: of the data set: digest, name, tool.
        replace: put the data set's analysis in the place of another one.
    """
    args = {"profile": profile_id, "source": Jsonb(source), "folder": f"set-{source['digest'][:12]}"}
    _map_films(conn)
    _add_analyses(conn, args | {"fates": ["new", "bare", "other"] if replace else ["new", "bare"]})
    _map_shots(conn)
    exchange_pictured.keyframes_have_come(conn)
    measured = conn.execute(
        """
        INSERT INTO keyframe_features (profile_id, keyframe_id, dc, avg_dof, max_dof, min_dof, saturation, balance,
                                       shadow, contrast, embedding)
        SELECT %s, m.id, v.dc, v.avg_dof, v.max_dof, v.min_dof, v.saturation, v.balance, v.shadow, v.contrast,
               v.embedding
          FROM in_keyframe_features AS v JOIN map_keyframes AS m ON m.source = v.keyframe_id
         ORDER BY m.id
        ON CONFLICT (profile_id, keyframe_id) DO NOTHING
        """,
        (profile_id,),
    ).rowcount
    unused = _show(conn, profile_id)
    row = conn.execute("""
        SELECT count(*) FILTER (WHERE fate IN ('new', 'bare')), count(*) FILTER (WHERE fate = 'same'),
               count(*) FILTER (WHERE fate = 'other' AND job_id IS NULL),
               count(*) FILTER (WHERE fate = 'other' AND job_id IS NOT NULL),
               (SELECT count(*) FROM map_shots AS s JOIN map_films AS f ON f.source = s.film
                 WHERE f.job_id IS NOT NULL),
               (SELECT count(*) FROM map_keyframes AS k JOIN map_films AS f ON f.source = k.film
                 WHERE f.job_id IS NOT NULL)
          FROM map_films
    """).fetchone()
    assert row is not None
    return Films(
        *row, measured=measured, differing=exchange_differing.keyframes(conn, profile_id), unused=tuple(unused)
    )


def _map_films(conn: Connection[Any]) -> None:
    """Which film here each is. Two analyses are the same where they have the same shots, with the same keyframes."""
    conn.execute("""
        CREATE TEMPORARY TABLE map_films (
            source bigint PRIMARY KEY, id bigint, fate text NOT NULL,
            job_id bigint,     -- of an analysis that is added
            analysis_id bigint -- whose shots are the data set's: that, or the one that was here
        ) ON COMMIT DROP;
        WITH theirs AS (
             SELECT s.film_id, string_agg(concat_ws('|', s.start_frame, s.end_frame, s.transition, s.blank, k.frames),
                                          ';' ORDER BY s.start_frame) AS form
               FROM in_shots AS s
               LEFT JOIN (SELECT shot_id, string_agg(frame::text, ',' ORDER BY frame) AS frames
                            FROM in_keyframes GROUP BY shot_id) AS k ON k.shot_id = s.id
              GROUP BY s.film_id)
        INSERT INTO map_films (source, id, fate, analysis_id)
        SELECT i.id, f.id,
               CASE WHEN f.id IS NULL THEN 'new' WHEN f.analysis_id IS NULL THEN 'bare'
                    WHEN t.form IS NOT DISTINCT FROM ours.form THEN 'same' ELSE 'other' END,
               CASE WHEN t.form IS NOT DISTINCT FROM ours.form THEN f.analysis_id END
          FROM in_films AS i
          LEFT JOIN theirs AS t ON t.film_id = i.id
          LEFT JOIN films AS f ON f.sha256 = i.sha256
          LEFT JOIN LATERAL (
               SELECT string_agg(concat_ws('|', s.start_frame, s.end_frame, s.transition, s.blank, k.frames),
                                 ';' ORDER BY s.start_frame) AS form
                 FROM shots AS s
                 LEFT JOIN LATERAL (SELECT string_agg(frame::text, ',' ORDER BY frame) AS frames
                                      FROM keyframes WHERE shot_id = s.id) AS k ON true
                WHERE s.job_id = f.analysis_id) AS ours ON f.analysis_id IS NOT NULL
    """)


def _add_analyses(conn: Connection[Any], args: dict[str, Any]) -> None:
    """Films that are new; jobs, segments, shots and keyframes of those whose fate is among `fates`."""
    for query in (
        """
        INSERT INTO films (sha256, title, director, year, country, path, size_bytes, container, codec, width, height,
                           rotation, fps_num, fps_den, frames, duration_s, start_s, probe, frame_index)
        SELECT i.sha256, i.title, i.director, i.year, i.country, i.file, i.size_bytes, i.container, i.codec, i.width,
               i.height, i.rotation, i.fps_num, i.fps_den, i.frames, i.duration_s, i.start_s, i.probe::jsonb,
               i.frame_index
          FROM in_films AS i JOIN map_films AS m ON m.source = i.id
         WHERE m.fate = 'new'
         ORDER BY i.id
        """,
        """
        UPDATE map_films AS m SET id = f.id
          FROM in_films AS i, films AS f
         WHERE m.fate = 'new' AND i.id = m.source AND f.sha256 = i.sha256
        """,
        """
        WITH made AS (
             INSERT INTO jobs (kind, state, film_id, profile_id, options, started_at, finished_at)
             SELECT 'ingest', 'done', m.id, %(profile)s,
                    jsonb_build_object('analyse', true, 'detector', i.detector::jsonb, 'imported', %(source)s::jsonb),
                    now(), now()
               FROM map_films AS m JOIN in_films AS i ON i.id = m.source
              WHERE m.fate = ANY(%(fates)s)
              ORDER BY i.id
             RETURNING id, film_id)
        UPDATE map_films AS m SET job_id = made.id, analysis_id = made.id FROM made WHERE made.film_id = m.id
        """,
        """
        INSERT INTO segments (job_id, kind, number, start_frame, end_frame, state, progress, stats, started_at,
                              finished_at)
        SELECT m.job_id, 'film', 1, 0, i.frames, 'done', 1,
               jsonb_build_object('stage', 'done', 'frames', i.frames, 'reader', nullif(i.reader, ''),
                                  'missing', i.frames_missing,
                                  'shots', (SELECT count(*) FROM in_shots WHERE film_id = i.id)),
               now(), now()
          FROM map_films AS m JOIN in_films AS i ON i.id = m.source
         WHERE m.job_id IS NOT NULL
        """,
        """
        INSERT INTO shots (film_id, job_id, segment_id, start_frame, end_frame, start_s, end_s, transition, blank)
        SELECT m.id, m.job_id, g.id, s.start_frame, s.end_frame, s.start_s, s.end_s, s.transition, s.blank
          FROM in_shots AS s
          JOIN map_films AS m ON m.source = s.film_id AND m.job_id IS NOT NULL
          JOIN segments AS g ON g.job_id = m.job_id
         ORDER BY s.id
        """,
        """
        INSERT INTO keyframes (shot_id, frame, time_s, image, width, height, crop, pictured)
        SELECT h.id, k.frame, k.time_s,
               -- films.media_prefix, and a folder of the data set's own
               concat_ws('/', 'films', left(encode(i.sha256, 'hex'), 2), encode(i.sha256, 'hex'), %(folder)s::text,
                         lpad(k.frame::text, 8, '0') || '.jpg'),
               k.width, k.height, k.crop, q.id IS NOT NULL
          FROM in_keyframes AS k
          LEFT JOIN in_pictures AS q ON q.kind = 'keyframes' AND q.id = k.id
          JOIN in_shots AS s ON s.id = k.shot_id
          JOIN in_films AS i ON i.id = s.film_id
          JOIN map_films AS m ON m.source = i.id AND m.job_id IS NOT NULL
          JOIN shots AS h ON h.job_id = m.job_id AND h.start_frame = s.start_frame
         ORDER BY k.id
        """,
    ):
        conn.execute(query, args)


def _map_shots(conn: Connection[Any]) -> None:
    """Which shot and keyframe here each is, of films whose shots are the data set's."""
    conn.execute("""
        CREATE TEMPORARY TABLE map_shots (source bigint PRIMARY KEY, film bigint, id bigint) ON COMMIT DROP;
        INSERT INTO map_shots
        SELECT s.id, s.film_id, h.id
          FROM in_shots AS s
          JOIN map_films AS m ON m.source = s.film_id
          JOIN shots AS h ON h.job_id = m.analysis_id AND h.start_frame = s.start_frame;
        CREATE TEMPORARY TABLE map_keyframes (source bigint PRIMARY KEY, film bigint, id bigint) ON COMMIT DROP;
        INSERT INTO map_keyframes
        SELECT k.id, s.film, h.id
          FROM in_keyframes AS k
          JOIN map_shots AS s ON s.source = k.shot_id
          JOIN keyframes AS h ON h.shot_id = s.id AND h.frame = k.frame;
        ANALYZE map_shots, map_keyframes;
    """)


def _show(conn: Connection[Any], profile_id: int) -> list[str]:
    """Let queries see the analyses that were added; what the ones before them came to is forgotten."""
    rows = conn.execute("SELECT id, job_id FROM map_films WHERE job_id IS NOT NULL ORDER BY id").fetchall()
    unused: list[str] = []
    for film_id, job_id in rows:
        unused += shots.show(conn, film_id=film_id, job_id=job_id)
    for query in (
        "DELETE FROM film_matches WHERE profile_id = %s AND film_id = ANY(%s)",
        "DELETE FROM film_paintings WHERE profile_id = %s AND film_id = ANY(%s)",
        "DELETE FROM film_names WHERE profile_id = %s AND film_id = ANY(%s)",
    ):
        conn.execute(query, (profile_id, [film_id for film_id, _ in rows]))
    return unused

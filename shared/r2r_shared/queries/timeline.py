"""The timeline of a film: its shots, the paintings each resembles, and the influence over film time."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row

from r2r_shared import collector
from r2r_shared.errors import NotFound
from r2r_shared.queries import influence, matched, matches, profiles, ranges, tallies, unrelated
from r2r_shared.queries.matched import Match
from r2r_shared.queries.search import Search
from r2r_shared.queries.timeline_document import Keyframe, Shot, Timeline
from r2r_shared.queries.unrelated import Unrelated
from r2r_shared.score import DEFAULT, Weights

_ALL_RANKS = 32_767  # a smallint's


@collector.paused()
def timeline(
    conn: Connection[Any],
    film_id: int,
    profile_id: int,
    *,
    top_k: int = 5,
    candidates: int = 0,
    weights: Weights | None = None,
    all_dates: bool = False,
    window_s: float | None = None,
    exact: bool = False,
    keep: int = matches.K,
    hub_correction: bool = True,
) -> Timeline:
    """A film's timeline. Stored matches are used where they are current, and brought up to date where they are not.

    Other weights than the defaults, and `all_dates`, are computed for this call and not stored. What unrelated pictures
    reach, and which paintings are hubs, is known of the default weights alone: under others no match has a p-value,
    and none is corrected. It is measured on the way where that is a matter of a second, and has not been done.
    In the caller's transaction, which may write.

    Args:
        top_k: paintings of each shot, 1 or more: what influence counts.
        candidates: paintings that are listed of each shot, where those are more.
        all_dates: keep paintings made after the film.
        window_s: length of the influence's windows, seconds; else the film is cut into 24, of 10 s at least.
        exact: scan the collection, whatever its size.
        keep: matches stored for each keyframe, at least, where they are brought up to date.
        hub_correction: among the matches that are kept of a keyframe, put back those that are near to everything.

    Raises:
        NotFound: no such film or profile.
    """
    chosen = DEFAULT if weights is None else weights
    listed = max(top_k, candidates)
    with conn.transaction():
        film = _film(conn, film_id)
        profiles.get(conn, profile_id)
        null = _null(conn, film_id, profile_id) if chosen == DEFAULT else None
        corrected = hub_correction and null is not None
        year = None if all_dates else film["year"]
        if chosen == DEFAULT and year == film["year"]:
            how, unproven = _bring_up_to_date(conn, film_id, profile_id, k=listed, keep=keep, exact=exact)
            table = sql.SQL("matches")
        else:
            table = sql.SQL("pg_temp.r2r_matches")
            k = max(listed, keep) if corrected else listed
            how, unproven = _compute(conn, film, profile_id, k=k, weights=chosen, year=year, exact=exact)
        profile = profiles.get(conn, profile_id)
        top = _top(
            conn,
            table,
            analysis_id=film["analysis_id"],
            profile_id=profile_id,
            top_k=listed,
            weights=chosen,
            null=null,
            corrected=corrected,
        )
        shots = _shots(conn, film["analysis_id"], top)
        echoes = influence.measure(
            conn,
            {shot_id: [match.painting for match in of_shot[:top_k]] for shot_id, of_shot in top.items()},
            profile_id=profile_id,
            duration_s=max([film["duration_s"], *(shot.end_s for shot in shots)]),
            year=year,
            window_s=window_s,
        )
        seen = ranges.of_profile(conn, profile_id)
    del film["analysis_id"]
    return Timeline(
        film=MappingProxyType(film),
        profile=profile,
        weights=chosen,
        ranges=MappingProxyType(seen),
        all_dates=all_dates,
        top_k=top_k,
        how=how,
        unproven=unproven,
        shots=tuple(shots),
        influence=tuple(echoes),
        null=null,
        hub_correction=corrected,
    )


def _null(conn: Connection[Any], film_id: int, profile_id: int) -> Unrelated | None:
    """What unrelated pictures reach, measured now where that is cheap."""
    found = unrelated.known(conn, profile_id)
    if found is None and unrelated.is_cheap(conn, profile_id):
        # The film first, as whoever matches it does: what is measured changes the rows of all films' matches.
        conn.execute("SELECT FROM films WHERE id = %s FOR NO KEY UPDATE", (film_id,))
        unrelated.refresh(conn, profile_id)
        found = unrelated.known(conn, profile_id)
    return found


def _film(conn: Connection[Any], film_id: int) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cur:
        film = cur.execute(
            """
            SELECT id, title, director, year, country, path, duration_s, fps_num::double precision / fps_den AS fps,
                   fps_num, fps_den, coalesce((probe ->> 'variable_rate')::boolean, false) AS variable_rate, start_s,
                   -- Players count a transport stream from where its clock happens to stand, other files from 0.
                   CASE WHEN container IN ('mpegts', 'mpeg') THEN 0 ELSE greatest(start_s, 0) END AS media_offset_s,
                   probe ->> 'start_timecode' AS start_timecode, probe ->> 'base_rate' AS base_rate,
                   encode(sha256, 'hex') AS sha256, frames, width, height, analysis_id,
                   (SELECT options->'detector'->>'kind' FROM jobs WHERE jobs.id = films.analysis_id) AS detector
              FROM films WHERE id = %s
            """,
            (film_id,),
        ).fetchone()
    if film is None:
        raise NotFound(f"there is no film {film_id}", "`r2r films list` shows them all")
    return film


def _bring_up_to_date(
    conn: Connection[Any], film_id: int, profile_id: int, *, k: int, keep: int, exact: bool
) -> tuple[str, int]:
    """See to it that the stored matches are current; returns how they were found, and how many are unproven."""
    if not matches.current(conn, film_id, profile_id, k=k, exact=exact):
        how = "exact" if exact else "auto"
        matches.match_film(conn, film_id, profile_id, k=max(k, keep), how=how)
    elif film_id in tallies.outdated(conn, profile_id, film_id):
        tallies.count_again(conn, film_id, profile_id)
    row = conn.execute(
        "SELECT how, unproven FROM film_matches WHERE film_id = %s AND profile_id = %s", (film_id, profile_id)
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _compute(
    conn: Connection[Any],
    film: dict[str, Any],
    profile_id: int,
    *,
    k: int,
    weights: Weights,
    year: int | None,
    exact: bool,
) -> tuple[str, int]:
    """Match a film into a table of this transaction's own."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.r2r_matches")
    conn.execute("CREATE TEMPORARY TABLE r2r_matches (LIKE matches) ON COMMIT DROP")
    ids = matches.matchable(conn, film["analysis_id"], profile_id)
    search = Search.plan(conn, profile_id, year=year, pictures=len(ids), how="exact" if exact else "auto")
    unproven = 0
    for batch in search.of_keyframes(conn, ids, k=k, weights=weights):
        matches.write(conn, sql.SQL("pg_temp.r2r_matches"), profile_id, batch.found)
        unproven += batch.unproven
    conn.execute("ANALYZE pg_temp.r2r_matches")
    return search.how, unproven


def _top(
    conn: Connection[Any],
    table: sql.SQL,
    *,
    analysis_id: int | None,
    profile_id: int,
    top_k: int,
    weights: Weights,
    null: Unrelated | None,
    corrected: bool,
) -> dict[int, list[Match]]:
    """Each shot's best paintings by shot id; a painting counts by the keyframe that it is nearest to."""
    query = sql.SQL("""
        WITH nearest AS (
             SELECT DISTINCT ON (s.id, m.painting_id)
                    s.id AS shot_id, m.painting_id, m.keyframe_id, m.rank AS of_keyframe, m.score,
                    m.score - coalesce(%(factor)s * (n.nearness - %(mean)s), 0) AS corrected
               FROM shots AS s
               JOIN keyframes AS k ON k.shot_id = s.id
               JOIN {matches} AS m ON m.keyframe_id = k.id AND m.profile_id = %(profile)s
               LEFT JOIN painting_nearness AS n
                      ON %(correct)s AND n.profile_id = %(profile)s AND n.painting_id = m.painting_id
              WHERE s.job_id = %(analysis)s AND s.blank IS NULL AND m.rank <= %(ranks)s
              ORDER BY s.id, m.painting_id, m.score DESC, k.frame),
        ranked AS (
             SELECT *, row_number() OVER (PARTITION BY shot_id ORDER BY corrected DESC, painting_id) AS rank
               FROM nearest)
        SELECT r.shot_id, r.rank, r.painting_id, r.score, m.visual, m.semantic, m.metrics, r.corrected
          FROM ranked AS r
          JOIN {matches} AS m
            ON m.profile_id = %(profile)s AND m.keyframe_id = r.keyframe_id AND m.rank = r.of_keyframe
         WHERE r.rank <= %(k)s
         ORDER BY r.shot_id, r.rank
    """).format(matches=table)
    args = {
        "profile": profile_id,
        "analysis": analysis_id,
        "k": top_k,
        "ranks": _ALL_RANKS if corrected else top_k,  # a painting that is put forward may have been any
        "correct": corrected,
        "factor": unrelated.FACTOR,
        "mean": null.nearness if null else 0.0,
    }
    rows = conn.execute(query, args, binary=True).fetchall()
    known = matched.paintings(conn, set(map(itemgetter(2), rows)))
    top: dict[int, list[Match]] = {}
    for shot_id, rank, painting_id, score, visual, semantic, similarities, adjusted in rows:
        if painting_id not in known:  # removed a moment ago
            continue
        match = Match(
            rank,
            known[painting_id],
            score,
            visual,
            semantic,
            tuple(similarities),
            weights,
            null.p_value(score) if null else None,
            adjusted if corrected else None,
        )
        top.setdefault(shot_id, []).append(match)
    return top


def _shots(conn: Connection[Any], analysis_id: int | None, top: dict[int, list[Match]]) -> Sequence[Shot]:
    """An analysis's shots in order, numbered from 1."""
    rows = conn.execute(
        """
        SELECT s.id, s.start_frame, s.end_frame, s.start_s, s.end_s, s.transition, s.blank,
               array_remove(array_agg(k.frame ORDER BY k.frame), NULL), array_agg(k.time_s ORDER BY k.frame),
               array_agg(k.image ORDER BY k.frame), array_agg(k.width ORDER BY k.frame),
               array_agg(k.height ORDER BY k.frame)
          FROM shots AS s LEFT JOIN keyframes AS k ON k.shot_id = s.id
         WHERE s.job_id = %s
         GROUP BY s.id ORDER BY s.start_frame
        """,
        (analysis_id,),
        binary=True,
    ).fetchall()
    return [
        Shot(
            number=number,
            start_frame=start_frame,
            end_frame=end_frame,
            start_s=start_s,
            end_s=end_s,
            transition=transition,
            blank=blank,
            keyframes=tuple(map(Keyframe, frames, times, images, widths, heights)),
            matches=tuple(top.get(shot_id, ())),
        )
        for number, (
            shot_id, start_frame, end_frame, start_s, end_s, transition, blank, frames, times, images, widths, heights
        ) in enumerate(rows, start=1)
    ]  # fmt: skip

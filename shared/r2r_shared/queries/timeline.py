"""The timeline of a film: its shots, the paintings each resembles, and the influence over film time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from psycopg import Connection, sql
from psycopg.rows import dict_row

from r2r_shared import collector
from r2r_shared.errors import NotFound
from r2r_shared.queries import influence, matched, matches, profiles, ranges
from r2r_shared.queries.influence import Influence
from r2r_shared.queries.matched import Match
from r2r_shared.queries.ranges import MetricRange
from r2r_shared.queries.search import Search
from r2r_shared.records import Profile
from r2r_shared.score import DEFAULT, Weights


class Keyframe(NamedTuple):
    """A frame of a shot that was measured. `image` is its key in the media store."""

    frame: int
    time_s: float
    image: str
    width: int
    height: int

    def to_json(self) -> dict[str, Any]:
        """As in timeline.schema.json."""
        return self._asdict()


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames start..end (end exclusive) and the paintings they resemble most; `transition` is how it begins."""

    number: int
    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    transition: str
    blank: str | None
    keyframes: tuple[Keyframe, ...]
    matches: tuple[Match, ...]

    def to_json(self) -> dict[str, Any]:
        """As in timeline.schema.json."""
        return {
            "number": self.number,
            "start_frame": self.start_frame,
            "end_frame": self.end_frame,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "transition": self.transition,
            "blank": self.blank,
            "keyframes": [keyframe.to_json() for keyframe in self.keyframes],
            "matches": [match.to_json() for match in self.matches],
        }


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that `r2r timeline` shows.

    Attributes:
        film: the film's row as the schema names it.
        how: "exact", or "lists" where candidate lists were searched; unproven: keyframes those may have missed
            a painting for.
    """

    film: dict[str, Any]
    profile: Profile
    weights: Weights
    ranges: dict[str, MetricRange]
    all_dates: bool
    how: str
    unproven: int
    shots: tuple[Shot, ...]
    influence: tuple[Influence, ...]

    @collector.paused()
    def to_json(self) -> dict[str, Any]:
        """The document of schemas/timeline.schema.json."""
        return {
            "film": self.film,
            "profile": {
                "id": self.profile.id,
                "name": self.profile.name,
                "encoder": self.profile.encoder,
                "depth": self.profile.depth,
                "metrics_version": self.profile.metrics_version,
                "revision": self.profile.revision,
                "weights": self.weights.named(),
                "ranges": {metric: seen.range for metric, seen in self.ranges.items()},
                "all_dates": self.all_dates,
                "how": self.how,
                "unproven": self.unproven,
            },
            "shots": [shot.to_json() for shot in self.shots],
            "influence": [row.to_json() for row in self.influence],
        }


@collector.paused()
def timeline(
    conn: Connection[Any],
    film_id: int,
    profile_id: int,
    *,
    top_k: int = 5,
    weights: Weights | None = None,
    all_dates: bool = False,
    window_s: float | None = None,
    exact: bool = False,
    keep: int = matches.K,
) -> Timeline:
    """A film's timeline. Stored matches are used where they are current, and brought up to date where they are not.

    Other weights than the defaults, and `all_dates`, are computed for this call and not stored.
    In the caller's transaction, which may write.

    Args:
        top_k: paintings of each shot, 1 or more.
        all_dates: keep paintings made after the film.
        window_s: length of the influence's windows, seconds; else the film is cut into 24, of 10 s at least.
        exact: scan the collection, whatever its size.
        keep: matches stored for each keyframe, at least, where they are brought up to date.

    Raises:
        NotFound: no such film or profile.
    """
    chosen = DEFAULT if weights is None else weights
    with conn.transaction():
        film = _film(conn, film_id)
        profiles.get(conn, profile_id)
        year = None if all_dates else film["year"]
        if chosen == DEFAULT and year == film["year"]:
            how, unproven = _bring_up_to_date(conn, film_id, profile_id, k=top_k, keep=keep, exact=exact)
            table = sql.SQL("matches")
        else:
            table = sql.SQL("pg_temp.r2r_matches")
            how, unproven = _compute(conn, film, profile_id, k=top_k, weights=chosen, year=year, exact=exact)
        profile = profiles.get(conn, profile_id)
        top = _top(conn, table, analysis_id=film["analysis_id"], profile_id=profile_id, top_k=top_k, weights=chosen)
        shots = _shots(conn, film["analysis_id"], top)
        echoes = influence.measure(
            conn,
            [(shot_id, match.painting.id) for shot_id, of_shot in top.items() for match in of_shot],
            profile_id=profile_id,
            duration_s=max([film["duration_s"], *(shot.end_s for shot in shots)]),
            year=year,
            window_s=window_s,
        )
        seen = ranges.of_profile(conn, profile_id)
    del film["analysis_id"]
    return Timeline(film, profile, chosen, seen, all_dates, how, unproven, tuple(shots), tuple(echoes))


def _film(conn: Connection[Any], film_id: int) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cur:
        film = cur.execute(
            """
            SELECT id, title, director, year, country, path, duration_s, fps_num::double precision / fps_den AS fps,
                   frames, width, height, analysis_id
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
        done = matches.match_film(conn, film_id, profile_id, k=max(k, keep), how=how)
        return done.how, done.unproven
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
) -> dict[int, list[Match]]:
    """Each shot's best paintings by shot id; a painting counts by the keyframe that it is nearest to."""
    query = sql.SQL("""
        WITH nearest AS (
             SELECT DISTINCT ON (s.id, m.painting_id)
                    s.id AS shot_id, m.painting_id, m.score, m.visual, m.semantic, m.metrics
               FROM shots AS s
               JOIN keyframes AS k ON k.shot_id = s.id
               JOIN {matches} AS m ON m.keyframe_id = k.id AND m.profile_id = %(profile)s
              WHERE s.job_id = %(analysis)s AND s.blank IS NULL AND m.rank <= %(k)s
              ORDER BY s.id, m.painting_id, m.score DESC, k.frame),
        ranked AS (
             SELECT *, row_number() OVER (PARTITION BY shot_id ORDER BY score DESC, painting_id) AS rank FROM nearest)
        SELECT shot_id, rank, painting_id, score, visual, semantic, metrics
          FROM ranked WHERE rank <= %(k)s ORDER BY shot_id, rank
    """).format(matches=table)
    rows = conn.execute(query, {"profile": profile_id, "analysis": analysis_id, "k": top_k}, binary=True).fetchall()
    known = matched.paintings(conn, set(map(itemgetter(2), rows)))
    top: dict[int, list[Match]] = {}
    for shot_id, rank, painting_id, score, visual, semantic, similarities in rows:
        if painting_id not in known:  # removed a moment ago
            continue
        match = Match(rank, known[painting_id], score, visual, semantic, tuple(similarities), weights)
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

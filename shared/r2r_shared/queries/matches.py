"""Matches: the best paintings of a film's keyframes, stored; and of any picture, live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from r2r_shared.errors import NotFound
from r2r_shared.queries import matched, profiles, tallies, unrelated
from r2r_shared.queries.matched import Match
from r2r_shared.queries.probes import Found
from r2r_shared.queries.search import How, Search
from r2r_shared.records import Features
from r2r_shared.score import DEFAULT, Weights

K = 20
"""Matches kept per keyframe where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What a film was matched against.

    Attributes:
        how: "exact", or "lists" where the two candidate lists were used.
        keyframes: how many were matched.   paintings: with how many each was compared.
        unproven: keyframes whose best paintings the lists could not prove to be the best; 0 for "exact".
    """

    revision: int
    how: str
    keyframes: int
    paintings: int
    unproven: int


def match_film(
    conn: Connection[Any],
    film_id: int,
    profile_id: int,
    *,
    k: int = K,
    how: How = "auto",
    job_id: int | None = None,
) -> Matched:
    """Store the `k` best paintings, under the default weights, of each keyframe of a film, replacing what was there.

    Blank shots are not matched; paintings made after the film are left out where both years are known.
    In the caller's transaction: all of it is seen, or none. The rows of the film and of the profile are held until
    that ends, so that neither the film's year nor the collection changes meanwhile.

    Args:
        job_id: the analysis to match; the one that is shown, if None.

    Raises:
        NotFound: no such film or profile.
        UserError: `how` is "lists", and the profile has no indexes for them.
    """
    with conn.transaction():
        film = conn.execute(
            "SELECT year, coalesce(%s, analysis_id) FROM films WHERE id = %s FOR NO KEY UPDATE", (job_id, film_id)
        ).fetchone()
        if film is None:
            raise NotFound(f"there is no film {film_id}", "`r2r films list` shows them all")
        year, analysis_id = film
        conn.execute("SELECT FROM profiles WHERE id = %s FOR SHARE", (profile_id,))
        revision = profiles.get(conn, profile_id).revision
        keyframe_ids = matchable(conn, analysis_id, profile_id)
        search = Search.plan(conn, profile_id, year=year, pictures=len(keyframe_ids), how=how)
        conn.execute("DELETE FROM matches WHERE profile_id = %s AND keyframe_id = ANY(%s)", (profile_id, keyframe_ids))
        unproven = 0
        for batch in search.of_keyframes(conn, keyframe_ids, k=k, weights=DEFAULT):
            write(conn, sql.SQL("matches"), profile_id, batch.found)
            unproven += batch.unproven
        done = Matched(revision, search.how, len(keyframe_ids), search.paintings, unproven)
        conn.execute(
            """
            INSERT INTO film_matches (film_id, profile_id, revision, film_year, top_k, how, unproven)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (film_id, profile_id) DO UPDATE
               SET revision = excluded.revision, film_year = excluded.film_year, top_k = excluded.top_k,
                   how = excluded.how, unproven = excluded.unproven, matched_at = now()
            """,
            (film_id, profile_id, revision, year, k, search.how, unproven),
        )
        tallies.write(conn, film_id, profile_id, analysis_id)
    return done


def current(conn: Connection[Any], film_id: int, profile_id: int, *, k: int, exact: bool = False) -> bool:
    """Whether the stored matches are those that `match_film` would store now, at least `k` a keyframe."""
    row = conn.execute(
        """
        SELECT EXISTS (
               SELECT FROM film_matches AS m
                 JOIN films AS f ON f.id = m.film_id
                 JOIN profiles AS p ON p.id = m.profile_id
                WHERE m.film_id = %(film)s AND m.profile_id = %(profile)s AND m.top_k >= %(k)s
                  AND m.revision = p.revision AND m.film_year IS NOT DISTINCT FROM f.year
                  AND (m.how = 'exact' OR NOT %(exact)s))
        """,
        {"film": film_id, "profile": profile_id, "k": k, "exact": exact},
    ).fetchone()
    return row == (True,)


def live(
    conn: Connection[Any],
    features: Features,
    profile_id: int,
    *,
    k: int = K,
    weights: Weights = DEFAULT,
    year: int | None = None,
    how: How = "auto",
    hub_correction: bool = True,
) -> list[Match]:
    """The `k` best paintings of any picture, best first, ties by painting id. Nothing is stored.

    As in a film's timeline, the best are those of the highest corrected score among the K of the highest score, at
    least; of the highest score under other weights than the defaults, or where it is not known what hubs are.

    Args:
        year: leaves out paintings that are known to be made after it; None leaves out none.
        hub_correction: put back those that are near to everything.

    Raises:
        NotFound: no such profile.
        UserError: `how` is "lists", and the profile has no indexes for them.
    """
    with conn.transaction():
        null = unrelated.known(conn, profile_id) if weights == DEFAULT else None
        corrected = hub_correction and null is not None
        search = Search.plan(conn, profile_id, year=year, pictures=1, how=how)
        rows = search.of_picture(conn, features, k=max(k, K) if corrected else k, weights=weights)
        ids = [row[0] for row in rows]
        excess = unrelated.excess(conn, profile_id, ids, null) if null and corrected else {}
        known = matched.paintings(conn, ids)
    found = [
        Match(
            *(0, known[painting_id], score, visual, semantic, tuple(similarities), weights),
            p_value=null.p_value(score) if null else None,
            corrected=score - excess.get(painting_id, 0.0) if corrected else None,
        )
        for painting_id, score, visual, semantic, similarities, _ in rows
        if painting_id in known  # else removed a moment ago
    ]
    if corrected:
        found.sort(key=_by_corrected)
    return [match._replace(rank=rank) for rank, match in enumerate(found[:k], start=1)]


def _by_corrected(match: Match) -> tuple[float, int]:
    return -(match.score if match.corrected is None else match.corrected), match.painting.id


def matchable(conn: Connection[Any], analysis_id: int | None, profile_id: int) -> list[int]:
    """Ids of an analysis's keyframes that have features under a profile and lie in shots that are not blank."""
    rows = conn.execute(
        """
        SELECT k.id
          FROM shots AS s
          JOIN keyframes AS k ON k.shot_id = s.id
          JOIN keyframe_features AS f ON f.keyframe_id = k.id AND f.profile_id = %s
         WHERE s.job_id = %s AND s.blank IS NULL
         ORDER BY k.id
        """,
        (profile_id, analysis_id),
    ).fetchall()
    return [row[0] for row in rows]


def write(conn: Connection[Any], table: sql.SQL, profile_id: int, found: dict[int, list[Found]]) -> None:
    """Copy the best paintings of keyframes into `matches`, or a table like it."""
    copy_in = sql.SQL("""
        COPY {} (profile_id, keyframe_id, rank, painting_id, score, visual, semantic, metrics)
        FROM STDIN (FORMAT BINARY)
    """).format(table)
    with conn.cursor().copy(copy_in) as copy:
        copy.set_types(["int8", "int8", "int2", "int8", "float8", "float8", "float8", "float4[]"])
        for keyframe_id, rows in found.items():
            for rank, (*match, _) in enumerate(rows, start=1):
                copy.write_row((profile_id, keyframe_id, rank, *match))

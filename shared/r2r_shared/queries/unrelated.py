"""What unrelated pictures reach: the null distribution that a match is judged by, and what hubs are corrected with.

A film's frame always has a nearest painting. Whether that is near is told by pictures of which one knows that no one
looked at the other: paintings. The *null* is the best score of each of them against all paintings by other artists,
under the default weights and without regard to dates. A match's p-value is

    p = (1 + how many of the null reach the score) / (1 + how many there are)

(Davison and Hinkley 1997, section 4.2: the picture itself is counted among them, so p is never 0), and a match with
p ≤ 0.05 is called convincing. That is about one picture: of 1,000 shots that resemble nothing about 50 are convincing
by chance, and more where a shot has several keyframes, of which the nearest counts. Painters did look at each other,
which makes the null too high rather than too low. A film that has fewer paintings to be matched with, because it is
older than the others, is judged by the null of all of them: that, too, errs on the careful side.

*Hubs* are paintings that are near to everything (Radovanović et al. 2010). CSLS (Conneau et al. 2018) takes from a
score what a painting is near to its neighbours anyway: 2s − r(x) − r(y). Among the paintings of one keyframe r(x) is
the same for all, so the order is that of s − r(y)/2; `corrected` writes it as s − FACTOR · (r(y) − mean of r), which
stays on the score's scale.

Where a collection has more than ASKED_AT_MOST paintings with a known artist, as many of them are asked, those with the
smallest hash of their ids: the same ones every time.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg import Connection

from r2r_shared import nearness
from r2r_shared.nearness import NOBODY, Nearness, Pictures
from r2r_shared.queries import profiles, ranges
from r2r_shared.queries.matched import CONVINCING, by_chance
from r2r_shared.triplets.kinship import artist_of

ASKED_AT_MOST = 4_000

PAIRS_AT_MOST = 400_000_000
"""Of a very large collection fewer are asked, so that asking takes a minute at most on two cores."""

CHEAP_PAIRS = 10_000_000
"""So many pairs a query of a person's may compute on the way: about a second."""

FACTOR = 0.5
"""How much of a painting's nearness is taken from its scores: 0.5 is the order of CSLS."""

_BLOCK = 2_048  # paintings read at a time


@dataclass(frozen=True, slots=True)
class Unrelated:
    """What unrelated pictures reach, as of a profile's revision.

    Attributes:
        of_pictures: how many could have been asked.
        scores: the best score of each that was, ascending.
        nearness: mean over all paintings.
    """

    of_pictures: int
    scores: Sequence[float]
    nearness: float

    @property
    def pictures(self) -> int:
        """How many were asked."""
        return len(self.scores)

    @property
    def convincing_from(self) -> float | None:
        """The least score that is convincing; None where none can be, of fewer than 19 pictures."""
        above = int(CONVINCING * (1 + self.pictures) + 1e-9) - 1  # so many of the null may reach it
        if above < 0:
            return None
        return math.nextafter(self.scores[-above - 1], math.inf)

    def p_value(self, score: float) -> float | None:
        """How often unrelated pictures reach a score, above 0 and at most 1; None where they are too few to tell."""
        if not by_chance(self.pictures):
            return None
        reach = self.pictures - bisect.bisect_left(self.scores, score)
        return (1 + reach) / (1 + self.pictures)

    def to_json(self) -> dict[str, Any]:
        """As in timeline.schema.json."""
        return {
            "pictures": self.pictures,
            "of_pictures": self.of_pictures,
            "convincing_from": self.convincing_from,
        }


def known(conn: Connection[Any], profile_id: int) -> Unrelated | None:
    """What is stored, where it is of the profile's paintings as they are; None where it is not, or nothing is."""
    row = conn.execute(
        """
        SELECT u.of_pictures, u.scores, u.nearness
          FROM unrelated AS u JOIN profiles AS p ON p.id = u.profile_id
         WHERE u.profile_id = %s AND u.revision = p.revision AND u.artists = p.artists AND u.of_pictures > 0
        """,
        (profile_id,),
        binary=True,
    ).fetchone()
    return None if row is None else Unrelated(*row)


def excess(conn: Connection[Any], profile_id: int, painting_ids: Sequence[int], null: Unrelated) -> dict[int, float]:
    """By painting id, what hub correction takes from its scores; 0 where its nearness is not known."""
    rows = conn.execute(
        "SELECT painting_id, nearness FROM painting_nearness WHERE profile_id = %s AND painting_id = ANY(%s)",
        (profile_id, list(painting_ids)),
        binary=True,
    ).fetchall()
    return {painting_id: FACTOR * (nearness - null.nearness) for painting_id, nearness in rows}


def pairs(conn: Connection[Any], profile_id: int) -> int:
    """How many pairs of paintings `refresh` would score; 0 where what is stored is of the profile as it is."""
    row = conn.execute(
        """
        SELECT (SELECT count(*) FROM painting_features WHERE profile_id = p.id)
          FROM profiles AS p
         WHERE p.id = %s AND p.revision > 0 AND p.artists IS NOT NULL
           AND NOT EXISTS (SELECT FROM unrelated AS u
                            WHERE u.profile_id = p.id AND u.revision = p.revision AND u.artists = p.artists)
        """,
        (profile_id,),
    ).fetchone()
    return row[0] * _asked_at_most(row[0]) if row else 0


def refresh(
    conn: Connection[Any],
    profile_id: int,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    at_most: int = ASKED_AT_MOST,
) -> bool:
    """Measure and store it, unless what is stored is of the profile as it is; whether that was done.

    To follow `ranges.refresh`. In the caller's transaction or in one of its own. Nobody is kept waiting meanwhile:
    where the collection has changed by the end, what was measured is worthless, and is not stored.

    Args:
        on_progress: called with (paintings gone through, paintings), and may raise to break off.
        at_most: paintings that are asked.

    Raises:
        NotFound: no such profile.
    """
    with conn.transaction():
        profiles.get(conn, profile_id)
        if not pairs(conn, profile_id):
            return False
        row = conn.execute("SELECT revision, artists FROM profiles WHERE id = %s", (profile_id,)).fetchone()
        assert row is not None
        revision, artists = row
        found, of_pictures = _measure(conn, profile_id, on_progress, at_most)
        scores = np.sort(found.best)
        mean = float(np.mean(list(found.nearness.values()))) if found.nearness else 0.0
        current = "SELECT FROM profiles WHERE id = %s AND revision = %s AND artists = %s FOR SHARE"
        if conn.execute(current, (profile_id, revision, artists)).rowcount != 1:
            return False
        conn.execute(
            """
            INSERT INTO unrelated (profile_id, revision, artists, of_pictures, scores, nearness)
            VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (profile_id) DO UPDATE
               SET revision = excluded.revision, artists = excluded.artists, of_pictures = excluded.of_pictures,
                   scores = excluded.scores, nearness = excluded.nearness, measured_at = now()
            """,
            (profile_id, revision, artists, of_pictures, scores.tolist(), mean),
        )
        conn.execute("UPDATE film_matches SET judged = false WHERE profile_id = %s AND judged", (profile_id,))
        conn.execute("DELETE FROM painting_nearness WHERE profile_id = %s", (profile_id,))
        _write_nearness(conn, profile_id, found.nearness)
    return True


def is_cheap(conn: Connection[Any], profile_id: int) -> bool:
    """Whether there is something to `refresh`, and that is a matter of a second."""
    return 0 < pairs(conn, profile_id) <= CHEAP_PAIRS


def _asked_at_most(paintings: int, at_most: int = ASKED_AT_MOST) -> int:
    return min(at_most, paintings, max(500, PAIRS_AT_MOST // max(1, paintings)))


def _measure(
    conn: Connection[Any], profile_id: int, on_progress: Callable[[int, int], None] | None, at_most: int
) -> tuple[Nearness, int]:
    """Ask; and how many could have been asked."""
    artists, candidates = _artists(conn, profile_id)
    if not candidates:
        return Nearness(np.zeros(0), {}), 0
    widths = ranges.widths(ranges.of_profile(conn, profile_id))
    wanted = candidates[: _asked_at_most(len(artists), at_most)]
    asked = _stack(list(_read(conn, profile_id, artists, widths, only=wanted)))
    total = len(artists)
    found = Nearness(np.zeros(0), {})
    for step in nearness.ask(asked, _read(conn, profile_id, artists, widths), widths):
        if isinstance(step, Nearness):
            found = step
        elif on_progress is not None:
            on_progress(step, total)
    return found, len(candidates)


def _artists(conn: Connection[Any], profile_id: int) -> tuple[dict[int, int], list[int]]:
    """Painting id → a number for its artist, NOBODY where none is known; and whom to ask, by the hash of their ids.

    None is to be asked where there are no two artists.
    """
    rows = conn.execute(
        """
        SELECT p.id, p.artist
          FROM painting_features AS f JOIN paintings AS p ON p.id = f.painting_id
         WHERE f.profile_id = %s
         ORDER BY sha256(int8send(p.id))
        """,
        (profile_id,),
    ).fetchall()
    numbers: dict[str, int] = {}
    artists: dict[int, int] = {}
    for painting_id, text in rows:
        name = artist_of(text)
        artists[painting_id] = numbers.setdefault(name, len(numbers)) if name else NOBODY
    if len(numbers) < 2:
        return artists, []
    return artists, [painting_id for painting_id, artist in artists.items() if artist != NOBODY]


def _read(
    conn: Connection[Any],
    profile_id: int,
    artists: dict[int, int],
    widths: dict[str, float],
    *,
    only: list[int] | None = None,
) -> Iterator[Pictures]:
    """The paintings in blocks; of those that came in after `artists` was read, none."""
    query = """
        SELECT painting_id, embedding, dc::real[], avg_dof, max_dof, min_dof, saturation, balance, shadow::real[],
               contrast
          FROM painting_features
         WHERE profile_id = %s AND (%s::bigint[] IS NULL OR painting_id = ANY(%s))
         ORDER BY painting_id
    """
    with conn.cursor(name="r2r_unrelated", scrollable=False) as cur:
        cur.itersize = _BLOCK
        cur.execute(query, (profile_id, only, only), binary=True)
        while fetched := cur.fetchmany(_BLOCK):
            rows = [row for row in fetched if row[0] in artists]
            if not rows:
                continue
            ids = [row[0] for row in rows]
            embeddings = np.stack([row[1].to_numpy() for row in rows]).astype(np.float64)
            yield nearness.pictures(ids, [artists[one] for one in ids], [row[2:] for row in rows], embeddings, widths)


def _stack(blocks: list[Pictures]) -> Pictures:
    return Pictures(
        np.concatenate([block.ids for block in blocks]),
        np.concatenate([block.artists for block in blocks]),
        tuple(np.concatenate(columns) for columns in zip(*(block.vectors for block in blocks), strict=True)),
        np.concatenate([block.scalars for block in blocks]),
    )


def _write_nearness(conn: Connection[Any], profile_id: int, found: dict[int, float]) -> None:
    copy_in = "COPY painting_nearness (profile_id, painting_id, nearness) FROM STDIN (FORMAT BINARY)"
    with conn.cursor().copy(copy_in) as copy:
        copy.set_types(["int8", "int8", "float8"])
        for painting_id, value in found.items():
            copy.write_row((profile_id, painting_id, value))

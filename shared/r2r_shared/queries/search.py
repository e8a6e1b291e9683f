"""Which way to look for the best paintings, and among which: the exact scan, or the two lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from psycopg import Connection, sql

from r2r_shared.errors import UserError
from r2r_shared.queries import candidates, indexes, probes, profiles, ranges, scan
from r2r_shared.queries.indexes import Expressions
from r2r_shared.queries.probes import Found
from r2r_shared.queries.ranges import MetricRange
from r2r_shared.records import Features
from r2r_shared.score import Weights, score_sql

How: TypeAlias = Literal["auto", "exact", "lists"]

EXACT_PAIRS = 200_000_000
"""So many pairs of a picture and a painting `auto` scans: about two minutes on two cores."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The best paintings of some pictures, by keyframe id, best first.

    Attributes:
        unproven: for how many of them there may be better paintings than those the lists held.
    """

    found: dict[int, list[Found]]
    unproven: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """A search through a profile's paintings, in the caller's transaction.

    Attributes:
        how: "exact" or "lists".
        paintings: how many may be matched.
        left_out: ids of those that may not: made after the film.
    """

    profile_id: int
    dim: int
    how: Literal["exact", "lists"]
    paintings: int
    left_out: list[int]
    ranges: dict[str, MetricRange]

    @staticmethod
    def plan(conn: Connection[Any], profile_id: int, *, year: int | None, pictures: int, how: How = "auto") -> Search:
        """Choose: `auto` scans where there are no indexes, and a film while that is at most EXACT_PAIRS pairs.

        Args:
            year: leaves out paintings that are known to be made after it; None leaves out none.

        Raises:
            NotFound: no such profile.
            UserError: `how` is "lists", and the profile has no indexes for its ranges.
        """
        dim = profiles.get(conn, profile_id).dim
        seen = ranges.of_profile(conn, profile_id)
        count, left_out = 0, list[int]()
        if seen:  # else its first paintings are being measured, and their ranges are not known yet
            row = conn.execute("SELECT count(*) FROM painting_features WHERE profile_id = %s", (profile_id,)).fetchone()
            assert row is not None
            left_out = _made_after(conn, profile_id, year)
            count = row[0] - len(left_out)
        indexed = how != "exact" and count > 0 and indexes.exist(conn, profile_id, Expressions(dim, seen))
        if how == "lists" and count and not indexed:
            raise UserError(
                "this collection has no indexes for the two lists",
                f"they are kept from {indexes.INDEX_FROM:,} paintings on; let it scan",
            )
        lists = indexed and (how == "lists" or pictures == 1 or pictures * count > EXACT_PAIRS)
        return Search(profile_id, dim, "lists" if lists else "exact", count, left_out, seen)

    def of_keyframes(
        self, conn: Connection[Any], keyframe_ids: Sequence[int], *, k: int, weights: Weights
    ) -> Iterator[Batch]:
        """The `k` best paintings of stored keyframes, each keyframe in one batch."""
        return self._batches(conn, probes.stored(self.profile_id), keyframe_ids, k=k, weights=weights)

    def of_picture(self, conn: Connection[Any], features: Features, *, k: int, weights: Weights) -> list[Found]:
        """The `k` best paintings of any picture."""
        batches = self._batches(conn, probes.given(features), [0], k=k, weights=weights)
        return [row for batch in batches for rows in batch.found.values() for row in rows]

    def _batches(
        self, conn: Connection[Any], probe: sql.Composed, ids: Sequence[int], *, k: int, weights: Weights
    ) -> Iterator[Batch]:
        """By the lists, longer and longer; then, for what those cannot prove, by the scan if it is not too much."""
        if not self.paintings:
            return
        score = score_sql(weights, ranges.widths(self.ranges))
        terms = probes.Terms(self.profile_id, k, weights, score, self.paintings, self.left_out)
        expressions = Expressions(self.dim, self.ranges)
        unproven: dict[int, list[Found]] = {one: [] for one in ids}
        for length in candidates.LENGTHS if self.how == "lists" else ():
            query = candidates.search(probe, terms, expressions, length=length)
            missing, unproven = list(unproven), {}
            for found in probes.for_each(conn, missing, query, settings=candidates.settings(length)):
                doubtful = {one: rows for one, rows in found.items() if not self._proven(rows, k)}
                unproven |= doubtful
                yield Batch({one: rows for one, rows in found.items() if one not in doubtful})
        if self.how == "lists" and len(unproven) * self.paintings > EXACT_PAIRS:
            yield Batch(unproven, len(unproven))
            return
        query = scan.search(probe, terms)
        for found in probes.for_each(conn, list(unproven), query, settings=scan.SETTINGS):
            yield Batch(found)

    def _proven(self, rows: list[Found], k: int) -> bool:
        """Whether no other painting can be among the best: not even as a tie."""
        if len(rows) < min(k, self.paintings):
            return False
        _, score, *_, bound = rows[-1]
        return score > bound


def _made_after(conn: Connection[Any], profile_id: int, year: int | None) -> list[int]:
    """Ids of a profile's paintings that are known to be younger than a film."""
    rows = conn.execute(
        """
        SELECT p.id
          FROM paintings AS p
          JOIN painting_features AS f ON f.painting_id = p.id AND f.profile_id = %s
         WHERE p.year_from > %s
         ORDER BY p.id
        """,
        (profile_id, year),
    ).fetchall()
    return [row[0] for row in rows]

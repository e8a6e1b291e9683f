"""A painting that a picture was matched with, as the commands show it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from psycopg import Connection

from r2r_shared.records import METRICS
from r2r_shared.score import VISUAL_SHARE, Weights

CONVINCING = 0.05
"""A match is called convincing where its p-value is at most this."""


def by_chance(pictures: int) -> float:
    """How often a picture that resembles nothing is called convincing, by a null of so many: CONVINCING at most.

    0 where no match can be, of fewer than 19: then which are convincing is not known.
    """
    return int(CONVINCING * (1 + pictures) + 1e-9) / (1 + pictures)  # so many of them all may reach the score


_PARTS = ("visual", *METRICS)


class Painting(NamedTuple):
    """What a list of matches says of a painting. `image` is its key in the media store, `page` its museum's.

    `sha256`, in hexadecimal, is of the picture as it came: the painting in any installation.

    A tuple, like Match: a film's timeline holds thousands, and a frozen dataclass takes five times as long to make.
    """

    id: int
    file: str
    title: str
    artist: str
    movement: str
    year: str
    year_from: int | None
    year_to: int | None
    museum: str
    collection: str
    image: str
    licence: str
    page: str
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """As in timeline.schema.json."""
        return self._asdict()


class Match(NamedTuple):
    """A painting, and how near a picture it is.

    Attributes:
        rank: from 1.
        visual: V_r.   semantic: S_a.
        similarities: each metric's max(0, 1 − Δ / range), in METRICS order.
        weights: those of the score.
        p_value: how often unrelated pictures reach such a score (see unrelated.py); None where that is not known, or
            is known of too few.
        corrected: the score less what the painting is nearer to all pictures than others are; None without it.
    """

    rank: int
    painting: Painting
    score: float
    visual: float
    semantic: float
    similarities: tuple[float, ...]
    weights: Weights
    p_value: float | None = None
    corrected: float | None = None

    @property
    def convincing(self) -> bool | None:
        """Whether unrelated pictures seldom reach such a score; None where that is not known."""
        return None if self.p_value is None else self.p_value <= CONVINCING

    def to_json(self) -> dict[str, Any]:
        """As in timeline.schema.json."""
        whole = self.score or 1.0  # under weights of one's own nothing at all may be alike: no part brings anything
        scale = (1 - VISUAL_SHARE) / whole
        shares = [scale * weight * one for weight, one in zip(self.weights.values(), self.similarities, strict=True)]
        return {
            "rank": self.rank,
            "painting": self.painting.to_json(),
            "score": self.score,
            "corrected": self.corrected,
            "p_value": self.p_value,
            "convincing": self.convincing,
            "visual": self.visual,
            "semantic": self.semantic,
            "metrics": dict(zip(METRICS, self.similarities, strict=True)),
            "shares": dict(zip(_PARTS, (VISUAL_SHARE * self.visual / whole, *shares), strict=True)),
        }


def paintings(conn: Connection[Any], ids: Collection[int]) -> dict[int, Painting]:
    """Paintings by id; those that were removed are not among them."""
    rows = conn.execute(
        """
        SELECT p.id, p.file, p.title, p.artist, p.movement, p.year, p.year_from, p.year_to, p.museum,
               c.name AS collection, p.image, p.licence, p.page,
               encode(p.sha256, 'hex')
          FROM paintings AS p JOIN collections AS c ON c.id = p.collection_id
         WHERE p.id = ANY(%b)
        """,
        (list(ids),),
        binary=True,
    ).fetchall()
    return {row[0]: Painting._make(row) for row in rows}

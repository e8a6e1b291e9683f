"""What a name's share would be, were matches drawn from the collection by lot; without what is later than a film."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, LiteralString, TypeAlias

from psycopg import Connection

Of: TypeAlias = Literal["movement", "artist", "painting"]
Key: TypeAlias = str | int
"""A movement's or artist's name, or a painting's id."""

_WORKS: dict[Of, LiteralString] = {"movement": "p.movement", "artist": "p.artist", "painting": "p.id"}
KEY_TYPE: dict[Of, LiteralString] = {"movement": "text", "artist": "text", "painting": "bigint"}


@dataclass(frozen=True, slots=True)
class Chance:
    """What a name's share would be, were matches drawn from the collection by lot.

    Attributes:
        works: by name, the years of its works, ascending; −∞ where not known. None: of all.
    """

    works: Mapping[Key | None, Sequence[float]]

    @staticmethod
    def of_collection(conn: Connection[Any], profile_id: int, of: Of, keys: Sequence[Key]) -> Chance:
        rows = conn.execute(
            f"""
            SELECT CASE WHEN {_WORKS[of]} = ANY(%(keys)s::{KEY_TYPE[of]}[]) THEN {_WORKS[of]} END,
                   coalesce(p.year_from, '-Infinity'::double precision), count(*)::int
              FROM painting_features AS f JOIN paintings AS p ON p.id = f.painting_id
             WHERE f.profile_id = %(profile)s
             GROUP BY 1, 2 ORDER BY 2
            """,
            {"profile": profile_id, "keys": list(keys)},
        ).fetchall()
        works: dict[Key | None, list[float]] = {None: []}
        for key, year, count in rows:
            works[None].extend([year] * count)
            if key is not None:
                works.setdefault(key, []).extend([year] * count)
        return Chance(works)

    def expected(self, key: Key, year: int | None) -> float:
        """Its share of the paintings that a film of that year may be matched with."""
        every = self._until(None, year)
        return self._until(key, year) / every if every else 0.0

    def _until(self, key: Key | None, year: int | None) -> int:
        years = self.works.get(key, ())
        return len(years) if year is None else bisect.bisect_right(years, year)

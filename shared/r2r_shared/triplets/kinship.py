"""Which works are of the same artist and movement, and which of others: the naive rule of the paper's section 3.3.

A source may give a work several movements ("High Renaissance,Mannerism" in WikiArt). Two works are of the same
movement where they share one, and of different movements where they share none: of two works that half agree, neither
can be called the other's opposite. Case does not matter, in movements or artists.

A work whose artist or movement is not known is nobody's kin and nobody's opposite: "Unknown" is not one painter.
"""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from r2r_shared.triplets.works import Works

NOBODY = frozenset(
    (
        *("", "?", "-", "n/a", "anon", "anon.", "anonymous", "anonymous artist", "artist unknown", "unknown"),
        *("unknown artist", "unidentified artist", "unidentified", "artist unidentified", "not known", "various"),
        *("anonym", "unbekannt", "anonyme", "inconnu", "anonimo", "ignoto", "anoniem", "onbekend"),
    )
)
"""What sources write, in small letters, where they do not know who painted a work, or in what movement."""


def artist_of(text: str) -> str:
    """What an artist is told apart by; empty where nobody is named."""
    name = " ".join(text.casefold().split())
    return "" if name in NOBODY else name


def movements_of(text: str) -> frozenset[str]:
    """The movements in a text such as "High Renaissance,Mannerism"; empty where none is named."""
    names = (" ".join(part.split()) for part in re.split(r"[,;|]", text.casefold()))
    return frozenset(name for name in names if name not in NOBODY)


class Kinship:
    """Who is whose kin among n works.

    Attributes:
        artists: (n,) a number for each artist, −1 where nobody is named.
        without_artist, without_movement: (n,) masks of the works that cannot be placed.
    """

    def __init__(self, works: Works) -> None:
        numbers: dict[str, int] = {}
        keys = [artist_of(artist) for artist in works.artists]
        self.artists = np.array([numbers.setdefault(key, len(numbers)) if key else -1 for key in keys], dtype=np.int64)
        kinds: dict[frozenset[str], int] = {}
        sets = {text: movements_of(text) for text in set(works.movements)}
        self._kinds = np.array([kinds.setdefault(sets[text], len(kinds)) for text in works.movements], dtype=np.int64)
        self._sets: list[frozenset[str]] = list(kinds)
        self._having: dict[str, list[int]] = defaultdict(list)  # movement → the kinds that name it
        for number, movements in enumerate(self._sets):
            for movement in movements:
                self._having[movement].append(number)
        self.without_artist = self.artists < 0
        self.without_movement = np.array([not self._sets[kind] for kind in self._kinds], dtype=np.bool_)
        self.placed = ~(self.without_artist | self.without_movement)
        self._by_artist: dict[int, NDArray[np.int64]] = {}
        rows = np.flatnonzero(self.placed)
        order = rows[np.argsort(self.artists[rows], kind="stable")]
        for group in np.split(order, np.flatnonzero(np.diff(self.artists[order])) + 1):
            if len(group):
                self._by_artist[int(self.artists[group[0]])] = group

    def by_artist(self) -> list[NDArray[np.int64]]:
        """The placed works' rows, a group for each artist, ascending in a group."""
        return list(self._by_artist.values())

    def movements(self) -> int:
        """How many different movements the placed works have."""
        kinds: set[int] = set(self._kinds[self.placed].tolist())
        return len({movement for kind in kinds for movement in self._sets[kind]})

    def kin(self, row: int) -> NDArray[np.int64]:
        """The other works of the same artist that share a movement with a placed work; rows, ascending."""
        same_artist = self._by_artist[int(self.artists[row])]
        near = self._sharing(row)[self._kinds[same_artist]]
        near &= same_artist != row
        return same_artist[near]

    def kinds(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """(n,) a number for each work's list of movements, -1 where it is empty; (k, k) which lists share one."""
        numbers = np.where(self.without_movement, -1, self._kinds)
        pairs = [[not one.isdisjoint(other) for other in self._sets] for one in self._sets]
        return numbers, np.array(pairs, dtype=np.bool_).reshape(len(self._sets), len(self._sets))

    def opposite(self, row: int) -> NDArray[np.bool_]:
        """(n,) True for the placed works of other artists that share no movement with a placed work."""
        far = ~self._sharing(row)[self._kinds]
        far &= self.artists != self.artists[row]
        far &= self.placed
        return far

    def same(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(p,) For pairs of placed rows: the same artist, and a movement in common."""
        alike = self.artists[a] == self.artists[b]
        alike[alike] = self._share(a[alike], b[alike])
        return alike

    def other(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(p,) For pairs of placed rows: different artists, and no movement in common."""
        apart = self.artists[a] != self.artists[b]
        apart[apart] = ~self._share(a[apart], b[apart])
        return apart

    def _sharing(self, row: int) -> NDArray[np.bool_]:
        """(kinds,) True for those that have a movement of this row's."""
        found = np.zeros(len(self._sets), dtype=np.bool_)
        for movement in self._sets[int(self._kinds[row])]:
            found[self._having[movement]] = True
        return found

    def _share(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
        sets = self._sets
        ones: list[int] = self._kinds[a].tolist()
        twos: list[int] = self._kinds[b].tolist()
        pairs = zip(ones, twos, strict=True)
        return np.fromiter((not sets[one].isdisjoint(sets[two]) for one, two in pairs), np.bool_, len(a))

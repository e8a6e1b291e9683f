"""What is asked of an import, and what became of the data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from r2r_shared.queries.exchange_described import Differences
from r2r_shared.queries.exchange_films import Films
from r2r_shared.queries.exchange_paintings import Collection, Paintings
from r2r_shared.queries.pictureless import LeftOut
from r2r_shared.records import Profile

WIDENED = 1.5
"""Times as wide, and it is worth saying."""


@dataclass(frozen=True, slots=True)
class How:
    """What a person asked for.

    Attributes:
        dry_run: do all of it, and undo it.
        replace: where a film is here with another analysis, put the data set's in its place.
        rename: OLD=NEW, a collection of the data set, and what it is to be called here.
        merge: put paintings into collections of the same names that seem to be others, too.
    """

    dry_run: bool = False
    replace: bool = False
    rename: Sequence[str] = ()
    merge: bool = False


@dataclass(slots=True)
class Imported:
    """What became of a data set.

    Attributes:
        number: data_sets.id.
        before: the day on which it was imported already; then, as a rule, nothing is new.
        profile_added: the profile is new here.
        models_here: what is new can be measured under it: it is built in, or a model of this installation's own.
        whole: all paintings that it was matched against came along, now or before.
        collections: the data set's, among those that are here.
        differences: what it says otherwise of works and films that are here: ours is kept.
        matched: films whose matches were taken over; to_match: films of the data set whose matches are to be computed
            anew, because they are of other paintings than those that are here; outdated: as many more, that were here.
        widened: metrics whose range, which differences are divided by, grew by more than WIDENED beside paintings
            that were here, and by how much: scores of these change with it.
        newer: what made it, where that was a newer release.
        pictures: stored; pictures_sent: so many came along.
        without_picture: of the data set's works, what has none here.
        unread: files that lie beside the data set and are none of it.
    """

    number: int
    name: str
    digest: str
    citation: dict[str, Any]
    dry_run: bool
    profile: Profile
    profile_added: bool
    models_here: bool
    whole: bool
    collections: list[Collection]
    paintings: Paintings
    films: Films
    differences: Differences
    matched: int
    to_match: int
    outdated: int
    pictures_sent: int
    without_picture: LeftOut
    widened: dict[str, float] = field(default_factory=dict[str, float])
    newer: str = ""
    pictures: int = 0
    before: str | None = None
    unread: list[str] = field(default_factory=list[str])

    @property
    def changed(self) -> bool:
        """Whether anything is new."""
        return bool(
            self.profile_added
            or any(one.new for one in self.collections)
            or self.paintings.added
            or self.paintings.measured
            or self.films.added
            or self.films.replaced
            or self.films.measured
            or self.matched
            or self.pictures
        )

    def counts(self) -> dict[str, Any]:
        """For the table data_sets."""
        paintings, taken = asdict(self.paintings), asdict(self.films)
        del taken["unused"]
        collections = [asdict(one) for one in self.collections]
        return {"collections": collections, "paintings": paintings, "films": taken, "matched": self.matched}

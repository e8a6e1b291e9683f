"""What a result says of where it comes from: tool, models, collections as they were, date. In every file we write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from r2r_shared import __version__
from r2r_shared.exports.text import one_line
from r2r_shared.queries import exchange_brought, paintings
from r2r_shared.records import Profile
from r2r_shared.score import DEFAULT

if TYPE_CHECKING:
    from r2r_shared.queries.timeline_document import Timeline

TOOL = "Reel to Real"
CAUTION = "Likeness by stated measures, not proof of influence."
TOP_K = 5
"""Paintings of each shot, unless a person asks for more or fewer."""


@dataclass(frozen=True, slots=True)
class CitedCollection:
    """A collection that results were measured against: `paintings` of it, under the profile."""

    name: str
    paintings: int


@dataclass(frozen=True, slots=True)
class CitedFilm:
    """The film that a timeline is of.

    Attributes:
        sha256: of its file, in hexadecimal: the film under whatever name.
        year: decides which paintings are left out; None where it is not known, and none is.
        detector: what found its shots; None of a film that does not say.
    """

    title: str
    sha256: str
    year: int | None
    detector: str | None

    def text(self) -> str:
        """For a footnote."""
        year = "year unknown" if self.year is None else str(self.year)
        found = f"shots found by {self.detector}" if self.detector else "shot detector unknown"
        return f"“{one_line(self.title) or 'a film without a title'}” ({year}; sha256 {self.sha256[:12]}; {found})"


@dataclass(frozen=True, slots=True)
class Citation:
    """Enough to say how numbers came about, and to tell whether others came about in the same way.

    Attributes:
        version: of the tool.
        revision: of the profile: it counts, in this installation, every change to the collections that its numbers
            depend on.
        state: what its collections are, in hexadecimal, the same in every installation that has the same: see
            queries/profile_state.py. Empty where there are none.
        made_at: when this file was made, in UTC.
        choices: how a timeline differs from one that nobody chose anything for, see `choices`, and which paintings are
            a part of a data set's; empty where it does not and none are.
        film: that the timeline is of; None where no timeline is cited.
    """

    version: str
    profile: str
    encoder: str
    encoder_digest: str
    depth: str
    depth_digest: str
    metrics_version: int
    revision: int
    collections: tuple[CitedCollection, ...]
    made_at: dt.datetime
    choices: tuple[str, ...] = ()
    state: str = ""
    film: CitedFilm | None = None

    @property
    def date(self) -> str:
        """The day it was made, as ISO 8601 writes it."""
        return self.made_at.date().isoformat()

    def text(self) -> str:
        """One line to be printed in a footnote."""
        held = ", ".join(f"{one.name} ({one.paintings:,} paintings)" for one in self.collections) or "no collection"
        chosen = f"; {', '.join(self.choices)}" if self.choices else ""
        about = f"{self.film.text()}, " if self.film else ""
        state = f" state {self.state[:12]}" if self.state else ""
        return (
            f"{TOOL} {self.version}, {about}profile {self.profile} (encoder {self.encoder} {self.encoder_digest[:12]}, "
            f"depth {self.depth} {self.depth_digest[:12]}, metrics {self.metrics_version}), "
            f"collections{state}: {held}{chosen}; {self.date}"
        )

    def to_json(self) -> dict[str, Any]:
        """The block as JSON formats carry it."""
        return {
            "tool": TOOL,
            "version": self.version,
            "profile": {
                "name": self.profile,
                "encoder": self.encoder,
                "encoder_digest": self.encoder_digest,
                "depth": self.depth,
                "depth_digest": self.depth_digest,
                "metrics_version": self.metrics_version,
            },
            **({"film": asdict(self.film)} if self.film else {}),
            "collection_revision": self.revision,
            "collection_state": self.state,
            "collections": [{"name": one.name, "paintings": one.paintings} for one in self.collections],
            "choices": list(self.choices),
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "text": self.text(),
            "caution": CAUTION,
        }


def choices(profile: Mapping[str, Any]) -> tuple[str, ...]:
    """How a timeline was made, where that is not what everybody gets who chooses nothing.

    What was done counts, not what was asked for: under weights of one's own no score is corrected, and candidate lists
    are searched where a collection is large.

    Args:
        profile: as the timeline's document has it; of what it leaves out nothing is said.
    """
    said: list[str] = []
    if profile["weights"] != DEFAULT.named():
        said.append("weights " + " ".join(f"{metric}={weight:.6g}" for metric, weight in profile["weights"].items()))
    if profile.get("all_dates"):
        said.append("all dates")
    if not profile.get("hub_correction", True):
        said.append("no hub correction")
    if (top_k := profile.get("top_k", TOP_K)) != TOP_K:
        said.append(f"top {top_k}")
    if profile["how"] != "exact":
        said.append("candidate lists")
    return tuple(said)


def of_profile(
    conn: Connection[Any],
    profile: Profile,
    *,
    made_at: dt.datetime | None = None,
    timeline: Mapping[str, Any] | Timeline | None = None,
) -> Citation:
    """The citation of what is measured under a profile, as the database is now.

    Args:
        made_at: in UTC; now by default.
        timeline: what is cited, itself or its document, for its film, its choices, and the revision and state of the
            collections that it was made of.
    """
    if timeline is None:
        chosen: Mapping[str, Any] = {}
        film = None
    else:
        told = timeline if isinstance(timeline, Mapping) else timeline.about()
        chosen, film = told["profile"], told["film"]
    held = paintings.collections(conn, profile_id=profile.id)
    return Citation(
        version=__version__,
        profile=profile.name,
        encoder=profile.encoder,
        encoder_digest=profile.encoder_digest,
        depth=profile.depth,
        depth_digest=profile.depth_digest,
        metrics_version=profile.metrics_version,
        revision=chosen.get("revision", profile.revision),
        collections=tuple(CitedCollection(one.name, one.measured) for one in held if one.measured),
        made_at=made_at or dt.datetime.now(dt.UTC),
        choices=(*(choices(chosen) if chosen else ()), *map(str, exchange_brought.parts(conn, profile.id))),
        state=chosen.get("state", profile.state),
        film=film and CitedFilm(film["title"], film.get("sha256") or "", film["year"], film.get("detector")),
    )

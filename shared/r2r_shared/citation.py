"""What a result says of where it comes from: tool, models, collections as they were, date. In every file we write."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from r2r_shared import __version__
from r2r_shared.queries import paintings
from r2r_shared.records import Profile

TOOL = "Reel to Real"
CAUTION = "Likeness by stated measures, not proof of influence."


@dataclass(frozen=True, slots=True)
class CitedCollection:
    """A collection that results were measured against: `paintings` of it, under the profile."""

    name: str
    paintings: int


@dataclass(frozen=True, slots=True)
class Citation:
    """Enough to say how numbers came about, and to tell whether others came about in the same way.

    Attributes:
        version: of the tool.
        revision: of the profile: it counts every change to the collections that its numbers depend on.
        made_at: when this file was made, in UTC.
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

    @property
    def date(self) -> str:
        """The day it was made, as ISO 8601 writes it."""
        return self.made_at.date().isoformat()

    def text(self) -> str:
        """One line to be printed in a footnote."""
        held = ", ".join(f"{one.name} ({one.paintings:,} paintings)" for one in self.collections) or "no collection"
        return (
            f"{TOOL} {self.version}, profile {self.profile} (encoder {self.encoder} {self.encoder_digest[:12]}, "
            f"depth {self.depth} {self.depth_digest[:12]}, metrics {self.metrics_version}), "
            f"collection revision {self.revision}: {held}; {self.date}"
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
            "collection_revision": self.revision,
            "collections": [{"name": one.name, "paintings": one.paintings} for one in self.collections],
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "text": self.text(),
            "caution": CAUTION,
        }


def of_profile(conn: Connection[Any], profile: Profile, *, made_at: dt.datetime | None = None) -> Citation:
    """The citation of what is measured under a profile, as the database is now.

    Args:
        made_at: in UTC; now by default.
    """
    held = paintings.collections(conn, profile_id=profile.id)
    return Citation(
        version=__version__,
        profile=profile.name,
        encoder=profile.encoder,
        encoder_digest=profile.encoder_digest,
        depth=profile.depth,
        depth_digest=profile.depth_digest,
        metrics_version=profile.metrics_version,
        revision=profile.revision,
        collections=tuple(CitedCollection(one.name, one.measured) for one in held if one.measured),
        made_at=made_at or dt.datetime.now(dt.UTC),
    )

"""What a film's timeline is made of, and the document that the command line prints of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from r2r_shared import collector
from r2r_shared.queries.influence import Influence
from r2r_shared.queries.matched import Match
from r2r_shared.queries.ranges import MetricRange
from r2r_shared.queries.unrelated import Unrelated
from r2r_shared.records import Profile
from r2r_shared.score import Weights


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

    @property
    def convincing(self) -> bool | None:
        """Whether its first match is; None where it has none, or that is not known."""
        return self.matches[0].convincing if self.matches else None

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
            "convincing": self.convincing,
            "matches": [match.to_json() for match in self.matches],
        }


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that `r2r timeline` shows.

    Attributes:
        film: the film's row as the schema names it; like `ranges`, for reading only.
        top_k: so many paintings of each shot the influence counts.
        how: "exact", or "lists" where candidate lists were searched; unproven: keyframes those may have missed
            a painting for.
        null: what unrelated pictures reach; None where that is not known.
        hub_correction: ranks follow the corrected score.
    """

    film: Mapping[str, Any]
    profile: Profile
    weights: Weights
    ranges: Mapping[str, MetricRange]
    all_dates: bool
    top_k: int
    how: str
    unproven: int
    shots: tuple[Shot, ...]
    influence: tuple[Influence, ...]
    null: Unrelated | None = None
    hub_correction: bool = False

    @collector.paused()
    def to_json(self) -> dict[str, Any]:
        """The document of schemas/timeline.schema.json."""
        return self.about() | {
            "shots": [shot.to_json() for shot in self.shots],
            "influence": [row.to_json() for row in self.influence],
        }

    def about(self) -> dict[str, Any]:
        """Of the document, the film and how the numbers were made."""
        return {
            "film": dict(self.film),
            "profile": {
                "id": self.profile.id,
                "name": self.profile.name,
                "encoder": self.profile.encoder,
                "depth": self.profile.depth,
                "metrics_version": self.profile.metrics_version,
                "revision": self.profile.revision,
                "state": self.profile.state,
                "weights": self.weights.named(),
                "ranges": {metric: seen.range for metric, seen in self.ranges.items()},
                "all_dates": self.all_dates,
                "top_k": self.top_k,
                "how": self.how,
                "unproven": self.unproven,
                "null": None if self.null is None else self.null.to_json(),
                "hub_correction": self.hub_correction,
            },
        }

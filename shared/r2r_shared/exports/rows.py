"""The timeline as one table: a row for each shot and painting, and one for a shot without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from r2r_shared.citation import Citation

# Keys of the timeline's JSON, by the object they stand in.
SHOT = ("number", "start_s", "end_s", "start_frame", "end_frame", "transition", "blank")
PAINTING = ("id", "file", "title", "artist", "movement", "year_from", "year_to")
SCORE = ("score", "corrected", "p_value", "convincing", "visual", "semantic")
MUSEUM = ("year", "museum", "licence", "page", "collection")
"""Of a painting, as its museum has it: the date in its words."""
CITED = (
    "film", "r2r_version", "profile", "encoder_digest", "depth_digest", "metrics_version", "collection_revision",
    "collections", "choices", "made_at", "collection_state", "film_year", "detector",
)  # fmt: skip
"""The citation's columns, the same in every row: tables are cut, sorted and joined."""
LAST = ("painting_sha256",)
"""What was thought of later: columns stay where they were."""


def head(found: dict[str, Any]) -> tuple[str, ...]:
    """The names of the columns."""
    metrics = found["profile"]["weights"]
    painting = ("painting_id", *PAINTING[1:])
    return ("shot", *SHOT[1:], "rank", *painting, *SCORE, *metrics, *MUSEUM, "film_sha256", *CITED, *LAST)


def of(found: dict[str, Any], citation: Citation) -> Iterator[tuple[Any, ...]]:
    """The rows; None where there is nothing."""
    metrics = tuple(found["profile"]["weights"])
    cited = (found["film"].get("sha256"), *_cited(found, citation))
    nothing = (None,) * (1 + len(PAINTING) + len(SCORE) + len(metrics) + len(MUSEUM))
    for shot in found["shots"]:
        begin = tuple(shot[name] for name in SHOT)
        if not shot["matches"]:
            yield (*begin, *nothing, *cited, None)
        for match in shot["matches"]:
            yield (
                *begin,
                match["rank"],
                *(match["painting"][name] for name in PAINTING),
                *(match.get(name) for name in SCORE),
                *(match["metrics"][name] for name in metrics),
                *(match["painting"].get(name) for name in MUSEUM),
                *cited,
                match["painting"].get("sha256"),
            )


def _cited(found: dict[str, Any], citation: Citation) -> tuple[Any, ...]:
    return (
        found["film"]["title"],
        citation.version,
        citation.profile,
        citation.encoder_digest,
        citation.depth_digest,
        citation.metrics_version,
        citation.revision,
        "; ".join(f"{one.name} ({one.paintings})" for one in citation.collections),
        ", ".join(citation.choices),
        citation.made_at.isoformat(timespec="seconds"),
        citation.state,
        found["film"].get("year"),
        found["film"].get("detector"),
    )

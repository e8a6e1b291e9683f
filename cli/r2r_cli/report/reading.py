"""What the numbers of an evaluation say, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from r2r_cli.report import words


def short(results: Sequence[dict[str, Any]]) -> list[str]:
    """The first lines of the page: what a reader takes home."""
    model = results[0]
    said: list[str] = []
    hard = _find(model["films"], strength=1.0, distance="score")
    gentle = _find(model["films"], strength=0.5, distance="score")
    if hard and gentle:
        said.append(
            f"Of {gentle['frames']} film frames made from these works, {words.percent(gentle['recall']['1']['share'])} "
            f"find their own painting first among {gentle['gallery']:,} when treated gently, "
            f"{words.percent(hard['recall']['1']['share'])} when treated hard."
        )
    naive = _find(model["triplets"], policy="naive", distance="latent")
    constrained = _find(model["triplets"], policy="constrained", distance="latent")
    if naive and constrained:
        said.append(
            f"Asked which of two pictures belongs to a third, it is right in {words.percent(naive['accuracy'])} of "
            f"naive and {words.percent(constrained['accuracy'])} of constrained triplets; a coin is in "
            f"{words.percent(0.5)}."
        )
    artist = _find(model["retrieval"], by="artist", distance="latent", corrected=False)
    if artist and artist["queries"]:
        said.append(
            f"The nearest other work is by the same artist {words.percent(artist['map']['1'])} of the time; by "
            f"chance it would be {words.percent(artist['chance_map']['1'])}."
        )
    return said


def correlated(result: dict[str, Any], of: str) -> str:
    """What Figure 8 comes to for one model, its name aside."""
    rows = [one for one in result["figure8"] if one["of"] == of and one["result"] is not None]
    if not rows:
        return "One of the two does not vary, so there is no correlation to speak of."
    parts = [
        f"{one['pairs']:,} pairs {words.correlation(one['result'])}, {words.probability(one['result']['p'])}"
        for one in rows
    ]
    return f"Over {'; over '.join(parts)}: {words.said_of(rows[-1]['result']['r'])}."


def hubs(result: dict[str, Any], distance: str) -> str:
    """What hubness comes to, before and after CSLS."""
    before = _find(result["hubness"], distance=distance, corrected=False)
    after = _find(result["hubness"], distance=distance, corrected=True)
    if before is None or after is None:
        return ""
    found = [
        (_find(result["retrieval"], distance=distance, corrected=corrected, by="artist") or {}) for corrected in (0, 1)
    ]
    maps = [one["map"]["10"] for one in found if one]
    change = f"; mAP@10 by artist goes from {maps[0]:.3f} to {maps[1]:.3f}" if len(maps) == 2 else ""
    return (
        f"{result['name']}, {words.DISTANCES[distance]}: the largest hub is among the ten nearest of "
        f"{before['largest']} works, {words.percent(before['anti_hubs'])} are among those of none. With CSLS "
        f"{after['largest']} and {words.percent(after['anti_hubs'])}{change}."
    )


def _find(rows: Sequence[dict[str, Any]], **where: object) -> dict[str, Any] | None:
    return next((row for row in rows if all(row[name] == value for name, value in where.items())), None)

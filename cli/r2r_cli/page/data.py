"""The page's block of data: every shot with its candidates as numbers, small enough for 1,500 shots × 20 paintings.

What the scripts read is laid out here and unpacked in assets/data.js; the two change together.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeAlias

from markupsafe import Markup

from r2r_cli.page import axis, words
from r2r_cli.page.links import Links

LAYOUT = 1
CANDIDATES = 20
"""Paintings of each shot that the page can rank anew, at most."""

SCALE = 10_000
"""Numbers of candidates are whole ten-thousandths: as short as they can be without changing what is shown."""

_METRICS = itemgetter(*words.METRIC_LABELS)

Pixels: TypeAlias = Sequence[float]
"""Three RGB colours in a row, 9 values of 0 to 255: the metric DC of a picture."""


def block(
    timeline: dict[str, Any],
    *,
    colours: tuple[Mapping[int, Pixels], Mapping[int, Pixels]],
    columns: Mapping[int, bytes],
    depths: Callable[[str], str],
    pictures: Callable[[str], str] | None,
    links: Links | None,
    collections: Sequence[str],
    tool_version: str,
    generated: datetime,
) -> Markup:
    """What the scripts read, as JSON that cannot end the element it stands in.

    Args:
        colours: the palettes of keyframes by frame number, and of paintings by id.
        columns: for the barcode, by shot number: RGB pixels from top to bottom.
        depths: a picture's media key → the address of its depth map; empty where there is none.
        pictures: a painting's media key → its address; None where paintings stand in the style sheet, by their ids.
    """
    of_frames, of_paintings = colours
    places: dict[int, int] = {}
    works: list[list[Any]] = []
    for shot in timeline["shots"]:
        for match in shot["matches"][:CANDIDATES]:
            painting = match["painting"]
            if places.setdefault(painting["id"], len(works)) == len(works):
                works.append(
                    [
                        painting["id"],
                        painting["title"],
                        painting["artist"],
                        painting["movement"],
                        words.years(painting),
                        painting["year_from"],
                        painting["year_to"],
                        painting.get("museum", ""),
                        _hexadecimal(of_paintings.get(painting["id"])),
                        pictures(painting["image"]) if pictures else "",
                        links.painting(painting["id"]) if links else "",
                        depths(painting["image"]),
                    ]
                )
    profile = timeline["profile"]
    return _json(
        {
            "layout": LAYOUT,
            "tool": tool_version,
            "made": generated.date().isoformat(),
            "film": {name: timeline["film"].get(name) for name in ("id", "title", "director", "year", "detector")}
            | {"sha256": (timeline["film"].get("sha256") or "")[:12]},
            "span": axis.span_s(timeline),
            "profile": {
                "name": profile["name"],
                "revision": profile["revision"],
                "state": profile.get("state", "")[:12],
                "collections": list(collections),
                "weights": [profile["weights"][metric] for metric in words.METRIC_LABELS],
                "null": profile.get("null"),
                "hubs": bool(profile.get("hub_correction")),
                "counted": counted(timeline),
            },
            "metrics": list(words.METRIC_LABELS.items()),
            "paintings": works,
            "shots": [_shot(shot, of_frames, columns, depths) for shot in timeline["shots"]],
            "candidates": [_candidates(shot["matches"][:CANDIDATES], places) for shot in timeline["shots"]],
            "influence": _influence(timeline["influence"]),
            "links": _links(links, pictures),
        }
    )


def counted(timeline: dict[str, Any]) -> int:
    """How many paintings of each shot the influence counts: what the timeline says, else as many as it lists."""
    most = max((len(shot["matches"]) for shot in timeline["shots"]), default=0)
    return min(timeline["profile"].get("top_k") or most, most)


def _shot(
    shot: dict[str, Any],
    colours: Mapping[int, Pixels],
    columns: Mapping[int, bytes],
    depths: Callable[[str], str],
) -> list[Any]:
    """One shot: number, times, frames, why blank, how it begins, convincing, keyframe, colours, barcode, depth map."""
    first = shot["keyframes"][0] if shot["keyframes"] else None
    column = columns.get(shot["number"])
    return [
        shot["number"],
        round(shot["start_s"], 3),
        round(shot["end_s"], 3),
        shot["start_frame"],
        shot["end_frame"],
        shot["blank"],
        shot["transition"],
        shot.get("convincing"),
        None if first is None else first["frame"],
        "" if first is None else _hexadecimal(colours.get(first["frame"])),
        "" if column is None else base64.b64encode(column).decode("ascii"),
        "" if first is None or shot["blank"] else depths(first["image"]),
    ]


def _candidates(matches: Iterable[dict[str, Any]], places: Mapping[int, int]) -> list[int | None]:
    """A shot's candidates in one row of numbers, thirteen each: painting, score, V_r, eight metrics, p, corrected.

    S_a is not among them: the scripts make it of the eight.
    """
    row: list[int | None] = []
    for match in matches:
        row.append(places[match["painting"]["id"]])
        row.append(int(match["score"] * SCALE + 0.5))
        row.append(int(match["visual"] * SCALE + 0.5))
        row.extend([int(value * SCALE + 0.5) for value in _METRICS(match["metrics"])])
        p_value = match.get("p_value")
        # Upwards: what is just above a border is not shown as having reached it, and nothing as 0.
        row.append(None if p_value is None else math.ceil(p_value * SCALE - 1e-9))
        row.append(_scaled(match.get("corrected")))
    return row


def _scaled(value: float | None) -> int | None:
    return None if value is None else round(value * SCALE)


def _influence(rows: Iterable[dict[str, Any]]) -> dict[str, list[list[Any]]]:
    """By kind: name, painting id, share, expected share, lift, and the ends of its interval."""
    found: dict[str, list[list[Any]]] = {}
    for row in rows:
        numbers = [row["share"], row["expected"], row["lift"], row.get("lift_low"), row.get("lift_high")]
        rounded = [None if number is None else round(number, 5) for number in numbers]
        found.setdefault(row["by"], []).append([row["name"], row.get("painting_id"), *rounded])
    return found


_HOLE = 987_654_321


def _links(links: Links | None, pictures: Callable[[str], str] | None) -> dict[str, str]:
    """Addresses for the scripts; those of pictures and paintings with a hole, for works the server names later."""
    if links is None or pictures is None:
        return {"exact": "", "home": "", "picture": "", "painting": ""}
    return {
        "exact": links.exact,
        "home": links.home,
        "picture": pictures(str(_HOLE)).replace(str(_HOLE), "{}"),
        "painting": links.painting(_HOLE).replace(str(_HOLE), "{}"),
    }


def _hexadecimal(pixels: Pixels | None) -> str:
    """Three colours as 18 hexadecimal digits; empty where they are not known."""
    return "" if pixels is None else bytes(min(255, max(0, round(value))) for value in pixels).hex()


def _json(value: Any) -> Markup:
    """JSON for a script element: with no `<` in it, nothing can end the element or begin another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    safe = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return Markup(safe)  # noqa: S704  (escaped above)

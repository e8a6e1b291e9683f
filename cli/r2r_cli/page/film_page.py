"""A film's timeline as one self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from r2r_cli.page import pictures, words
from r2r_cli.page.environment import environment
from r2r_cli.page.pictures import Album, Wanted

MAX_BYTES = 15_000_000
WORKS_SHOWN = 5
WORKS_SHOWN_OF_MANY = 3
MANY_SHOTS = 800
ROWS_SHOWN = 12
BY = ("movement", "artist", "painting")

_HERE = Path(__file__).parent
_BLANK_COLOURS = {"black": (12, 12, 12), "white": (243, 243, 243), "title": (70, 70, 70)}


@dataclass(frozen=True, slots=True)
class Facet:
    """A choice of the filter: its number on the page, and its name."""

    number: int
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the time axis: where it stands (0 to 100), what it says, the shot it leads to."""

    x: float
    label: str
    shot: int
    minor: bool


def render(
    timeline: dict[str, Any],
    *,
    image: Callable[[str], bytes],
    tool_version: str,
    generated: datetime,
    max_bytes: int = MAX_BYTES,
) -> str:
    """A film's timeline as a complete HTML document: no network, no file beside it, readable without script.

    Args:
        timeline: what `r2r timeline --json` prints, with the media store's `image` key on each keyframe
            and painting.
        image: media key to the bytes of a picture; OSError where there is none, which the page then says.
        tool_version: of this program, for the citation.
        generated: when, for the citation.
        max_bytes: pictures are made smaller, then fewer, until the page fits; the page says so.
    """
    timeline = words.clean(timeline)
    works_shown = _works_shown(timeline["shots"])
    for shot in timeline["shots"]:
        shot["matches"] = sorted(shot["matches"], key=lambda match: match["rank"])[:works_shown]
    wanted = list(_wanted(timeline["shots"]))
    bare = _draw(timeline, Album({}, pictures.LADDER[0], ()), "", tool_version, generated)
    room = max_bytes - len(bare.encode()) - 200_000  # the barcode, and what differs between the two drawings
    album = pictures.fit(wanted, image, room_bytes=room)
    strip = pictures.barcode(list(_stripes(timeline["shots"], album)), duration_s=_span_s(timeline))
    return _draw(timeline, album, strip, tool_version, generated)


def _works_shown(shots: list[dict[str, Any]]) -> int:
    return WORKS_SHOWN if len(shots) <= MANY_SHOTS else WORKS_SHOWN_OF_MANY


def _wanted(shots: Iterable[dict[str, Any]]) -> Iterator[Wanted]:
    for shot in shots:
        for number, keyframe in enumerate(shot["keyframes"]):
            yield Wanted(keyframe["image"], pictures.EXTRA_FRAME if number else pictures.FRAME)
        for place, match in enumerate(shot["matches"], start=1):
            yield Wanted(match["painting"]["image"], place)


def _stripes(shots: Iterable[dict[str, Any]], album: Album) -> Iterator[tuple[float, float, bytes]]:
    for shot in shots:
        keyframe = next((k for k in shot["keyframes"] if k["image"] in album.pictures), None)
        if keyframe is not None:
            column = album.pictures[keyframe["image"]].column
        else:
            column = bytes(_BLANK_COLOURS.get(shot["blank"] or "", (128, 126, 122))) * pictures.COLUMN_ROWS
        yield shot["start_s"], shot["end_s"], column


def _draw(timeline: dict[str, Any], album: Album, strip: str, tool_version: str, generated: datetime) -> str:
    """The document with these pictures in it; the script and style are allowed by their hashes alone."""
    shots, span_s = timeline["shots"], _span_s(timeline)
    style = _style(shots, album, strip)
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    bands = {by: [row for row in timeline["influence"] if row["by"] == by] for by in BY}
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            film=timeline["film"],
            profile=timeline["profile"],
            shots=shots,
            album=album,
            reduced=album.step != pictures.LADDER[0],
            many=len(shots) > MANY_SHOTS,
            works_shown=_works_shown(shots),
            bands={by: sorted(rows, key=lambda row: -row["share"]) for by, rows in bands.items() if rows},
            rows_shown=ROWS_SHOWN,
            span_s=span_s,
            collections=sorted({m["painting"]["collection"] for shot in shots for m in shot["matches"]}),
            facets=_facets(shots),
            ticks=_ticks(shots, span_s),
            metrics=words.METRIC_LABELS,
            transitions=words.TRANSITION_LABELS,
            blanks=words.BLANK_LABELS,
            tool_version=tool_version,
            generated=generated,
            style=Markup(style),  # noqa: S704  (our own style sheet, digits and base64)
            script=Markup(script),  # noqa: S704  (our own file)
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )


def _style(shots: Iterable[dict[str, Any]], album: Album, strip: str) -> str:
    """The style sheet: the file, the widths of bars, and each painting's picture once."""
    rules = [(_HERE / "style.css").read_text(encoding="utf-8")]
    rules += [f".b{n}{{--w:{n}%}}" for n in range(101)]
    if strip:
        rules.append(f".barcode-picture{{background-image:url({strip})}}")
    paintings = {int(m["painting"]["id"]): m["painting"]["image"] for shot in shots for m in shot["matches"]}
    for number, key in paintings.items():
        if (picture := album.pictures.get(key)) is not None:
            rules.append(f".p{number}{{--ratio:{picture.width}/{picture.height};background-image:url({picture.uri})}}")
    return "\n".join(rules)


def _facets(shots: Iterable[dict[str, Any]]) -> dict[str, dict[str | int, Facet]]:
    """For movement, artist and painting: what is shown, commonest first, by name (a painting by its id)."""
    counts: dict[str, Counter[str | int]] = {by: Counter() for by in BY}
    labels: dict[int, str] = {}
    for shot in shots:
        for match in shot["matches"]:
            painting = match["painting"]
            labels[painting["id"]] = ", ".join(filter(None, (painting["title"], painting["artist"])))
            counts["painting"][painting["id"]] += 1
            for by in ("movement", "artist"):
                if painting[by]:
                    counts[by][painting[by]] += 1
    return {
        by: {
            key: Facet(number, labels[key] if isinstance(key, int) else key)
            for number, (key, _) in enumerate(count.most_common())
        }
        for by, count in counts.items()
    }


def _span_s(timeline: dict[str, Any]) -> float:
    """The length of the time axis: a last frame may be shown past the container's duration."""
    return max([timeline["film"]["duration_s"], *(shot["end_s"] for shot in timeline["shots"])])


def _ticks(shots: list[dict[str, Any]], duration_s: float) -> list[Tick]:
    """Round times along the film, at most nine, each leading to the shot that runs then."""
    spacing = next((s for s in (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600) if duration_s / s <= 8), 7200)
    ticks: list[Tick] = []
    for number in range(int(duration_s // spacing) + 1):
        time_s = number * spacing
        shot = max((s for s in shots if s["start_s"] <= time_s), key=lambda s: s["start_s"], default=None)
        if shot is not None:
            x = 100 * time_s / duration_s
            ticks.append(Tick(x, words.timecode(time_s), shot["number"], minor=number % 2 == 1))
    return ticks


def _environment() -> jinja2.Environment:
    return environment(
        _HERE / "templates",
        {
            "timecode": words.timecode,
            "running_time": words.running_time,
            "years": words.years,
            "percent": words.percent,
            "times": words.times,
            "hundredth": words.hundredth,
            "embedding": words.embedding,
            "depth": words.depth,
        },
    )


def _hash(text: str) -> str:
    """The CSP source expression that allows exactly this inline text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")

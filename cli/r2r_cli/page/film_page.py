"""A film's timeline as a page: one self-contained HTML file, or the server's, from the same templates."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from r2r_cli.page import axis, data, pictures, stripes, words
from r2r_cli.page.environment import environment
from r2r_cli.page.facets import facets
from r2r_cli.page.links import Links
from r2r_cli.page.pictures import Album, Wanted
from r2r_shared import citation
from r2r_shared.exports.text import file_name
from r2r_shared.queries.palettes import Palettes

MAX_BYTES = 15_000_000
WORKS_SHOWN = 5
WORKS_SHOWN_OF_MANY = 3
MANY_SHOTS = 800
ROWS_SHOWN = 12
BY = ("movement", "artist", "painting")

_HERE = Path(__file__).parent
ASSETS = _HERE / "assets"
"""Style sheet and scripts of the page: the server serves this folder, the file has them inside."""

STYLE = "style.css"
SCRIPTS = (
    "data.js", "rank.js", "state.js", "axis.js", "bands.js", "filters.js", "shot.js", "list.js", "cite.js", "page.js",
)  # fmt: skip
"""In the order they run in."""

_NOT_KNOWN = {"p_value": None, "corrected": None}


def render(
    timeline: dict[str, Any],
    *,
    image: Callable[[str], bytes],
    tool_version: str,
    generated: datetime,
    max_bytes: int = MAX_BYTES,
    palettes: Palettes | None = None,
    depth: Callable[[str], bytes] | None = None,
) -> str:
    """A film's timeline as a complete HTML document: no network, no file beside it, readable without script.

    Args:
        timeline: what `r2r timeline --json` prints, with the media store's `image` key on each keyframe
            and painting.
        image: media key to the bytes of a picture; OSError where there is none, which the page then says.
        tool_version: of this program, for the citation.
        generated: when, for the citation.
        max_bytes: pictures are made smaller, then fewer, until the page fits; the page says so.
        palettes: dominant colours, see `r2r_shared.queries.palettes`.
        depth: media key of a picture to the bytes of its depth map; OSError where there is none.
    """
    timeline = _clean(timeline)
    shots = timeline["shots"]
    works_shown = _works_shown(shots)
    wanted = list(_wanted(shots, works_shown))

    def draw(album: Album, strip: str, maps: Mapping[str, str]) -> str:
        style = _style(shots, album, strip, works_shown)
        script = _script()
        return _draw(
            timeline,
            palettes=palettes,
            columns=stripes.of_pictures(shots, album),
            depths=lambda key: maps.get(key, ""),
            pictures=None,
            links=None,
            tool_version=tool_version,
            generated=generated,
            album=album,
            inline={
                "style": Markup(style),  # noqa: S704  (our own style sheet, digits and base64)
                "script": Markup(script),  # noqa: S704  (our own files)
                "style_hash": _hash(style),
                "script_hash": _hash(script),
            },
        )

    bare = len(draw(Album({}, pictures.LADDER[0], ()), "", {}).encode())
    room = max_bytes - bare - 500_000  # the barcode and the stripes, and what differs between the two drawings
    album = pictures.fit(wanted, image, room_bytes=room)
    strip = pictures.barcode(list(stripes.in_time(shots, album)), duration_s=axis.span_s(timeline))
    keys = [one.key for one in wanted if one.rank != pictures.EXTRA_FRAME and one.key in album.pictures]
    maps = pictures.depth_maps(keys, depth, room_bytes=room - album.cost) if depth else {}
    return draw(album, strip, maps)


def served(
    timeline: dict[str, Any],
    *,
    media: Callable[[str], str],
    links: Links,
    assets: str,
    tool_version: str,
    generated: datetime,
    palettes: Palettes | None = None,
    depth: Callable[[str], str] | None = None,
) -> str:
    """The same page for a server: pictures, style and scripts by address, nothing inline but a block of JSON.

    It works under `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'`.

    Args:
        timeline: as for `render`, with up to 20 paintings a shot: what the sliders rank anew.
        media: media key to the address of a picture.
        links: to other pages and to exact answers.
        assets: the address under which the files of ASSETS are, without a slash at its end.
        palettes: as for `render`.
        depth: media key of a picture to the address of its depth map. Where the server has none under it, it should
            answer 204 (no content): the page then says so, and the browser reports no error.
    """
    timeline = _clean(timeline)
    return _draw(
        timeline,
        palettes=palettes,
        columns=stripes.of_palettes(timeline["shots"], palettes),
        depths=depth or (lambda _: ""),
        pictures=media,
        links=links,
        tool_version=tool_version,
        generated=generated,
        album=None,
        assets=assets,
    )


def _draw(
    timeline: dict[str, Any],
    *,
    palettes: Palettes | None,
    columns: dict[int, bytes],
    depths: Callable[[str], str],
    pictures: Callable[[str], str] | None,
    links: Links | None,
    tool_version: str,
    generated: datetime,
    album: Album | None,
    inline: Mapping[str, str] | None = None,
    assets: str = "",
) -> str:
    """The document. With an album its pictures are inside; else they are where `pictures` says."""
    shots = timeline["shots"]
    works_shown = _works_shown(shots)
    span_s = axis.span_s(timeline)
    bands = {by: [row for row in timeline["influence"] if row["by"] == by] for by in BY}
    collections = sorted({m["painting"]["collection"] for shot in shots for m in shot["matches"]})
    block = data.block(
        timeline,
        colours=(palettes.keyframes, palettes.paintings) if palettes else ({}, {}),
        columns=columns,
        depths=depths,
        pictures=pictures,
        links=links,
        collections=collections,
        tool_version=tool_version,
        generated=generated,
    )
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            film=timeline["film"],
            profile=timeline["profile"],
            choices=", ".join(citation.choices(timeline["profile"])),
            shots=shots,
            album=album,
            media=pictures,
            links=links,
            assets=assets,
            inline=inline,
            style_name=STYLE,
            script_names=SCRIPTS,
            block=block,
            works_shown=works_shown,
            many=len(shots) > MANY_SHOTS,
            counted=data.counted(timeline),
            bands={by: sorted(rows, key=lambda row: -row["share"]) for by, rows in bands.items() if rows},
            rows_shown=ROWS_SHOWN,
            span_s=span_s,
            collections=collections,
            facets=facets(shots),
            ticks=axis.ticks(shots, span_s),
            colours={number: f"#{column[:3].hex()}" for number, column in columns.items()},
            metrics=words.METRIC_LABELS,
            transitions=words.TRANSITION_LABELS,
            blanks=words.BLANK_LABELS,
            tool_version=tool_version,
            generated=generated,
        )
    )


def _clean(timeline: dict[str, Any]) -> dict[str, Any]:
    """The timeline with its texts safe to write, each shot's matches by rank, and what older ones lack as not known.

    A work of many shots is cleaned once.
    """
    known: dict[int, dict[str, Any]] = {}

    def painting(one: dict[str, Any]) -> dict[str, Any]:
        found = known.get(one["id"])
        if found is None:
            found = known[one["id"]] = words.clean(one)
        return found

    return {
        "film": words.clean(timeline["film"]),
        "profile": {"null": None, "hub_correction": False} | words.clean(timeline["profile"]),
        "shots": [
            {"convincing": None}
            | shot
            | {
                "keyframes": words.clean(shot["keyframes"]),
                "matches": [
                    _NOT_KNOWN | match | {"painting": painting(match["painting"])}
                    for match in sorted(shot["matches"], key=itemgetter("rank"))
                ],
            }
            for shot in timeline["shots"]
        ],
        "influence": [
            {"lift_low": None, "lift_high": None} | row | {"name": words.clean(row["name"])}
            for row in timeline["influence"]
        ],
    }


def _works_shown(shots: list[dict[str, Any]]) -> int:
    return WORKS_SHOWN if len(shots) <= MANY_SHOTS else WORKS_SHOWN_OF_MANY


def _wanted(shots: Iterable[dict[str, Any]], works_shown: int) -> Iterator[Wanted]:
    for shot in shots:
        for number, keyframe in enumerate(shot["keyframes"]):
            yield Wanted(keyframe["image"], pictures.EXTRA_FRAME if number else pictures.FRAME)
        for place, match in enumerate(shot["matches"][:works_shown], start=1):
            yield Wanted(match["painting"]["image"], place)


def _style(shots: Iterable[dict[str, Any]], album: Album, strip: str, works_shown: int) -> str:
    """The style sheet of a file: the sheet itself, and each painting's picture once."""
    rules = [(ASSETS / STYLE).read_text(encoding="utf-8")]
    if strip:
        rules.append(f".barcode-picture{{background-image:url({strip})}}")
    paintings = {int(m["painting"]["id"]): m["painting"]["image"] for shot in shots for m in shot["matches"]}
    for number, key in paintings.items():
        if (picture := album.pictures.get(key)) is not None:
            rules.append(f".p{number}{{--ratio:{picture.width}/{picture.height};background-image:url({picture.uri})}}")
    return "\n".join(rules)


def _script() -> str:
    """All scripts as one: each is a function of its own, so that nothing of one is seen by another by chance."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS)


@cache  # compiling the templates takes longer than filling them
def _environment() -> jinja2.Environment:
    made = environment(
        _HERE / "templates",
        {
            "file_name": file_name,
            "timecode": words.timecode,
            "running_time": words.running_time,
            "years": words.years,
            "percent": words.percent,
            "times": words.times,
            "interval": words.interval,
            "p_value": words.p_value,
            "hundredth": words.hundredth,
            "embedding": words.embedding,
            "depth": words.depth,
        },
    )
    tests: dict[str, Any] = made.tests  # pyright: ignore[reportUnknownMemberType]
    tests["beyond_chance"] = words.beyond_chance
    return made


def _hash(text: str) -> str:
    """The CSP source expression that allows exactly this inline text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")

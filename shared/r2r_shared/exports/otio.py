"""OpenTimelineIO: the film as one video track, a clip for each shot, a marker for each nearest painting.

The media is called by its file's name alone: this machine's folders mean nothing to an editor elsewhere, and programs
look beside the .otio, or ask. Its frames have the timecode of the film's own file, the timeline's begin where a person
says. All numbers stand in the metadata under `r2r`, but for the shares: those are made of the
others (timeline.schema.json), and would take a third of the time and the file.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

from r2r_shared.citation import Citation
from r2r_shared.exports import Choices, places
from r2r_shared.exports.media import relative_url
from r2r_shared.exports.text import file_name, named
from r2r_shared.exports.timecode import Clock, clock_of, source_of

COLOURS = {True: "GREEN", False: "YELLOW", None: "WHITE"}
"""Of a marker, by whether its match is convincing."""


def write(found: dict[str, Any], citation: Citation, choices: Choices) -> bytes:
    """One document of OTIO's JSON.

    Raises:
        UserError: the start timecode is none at the rate, or the rate none.
    """
    otio: Any = importlib.import_module("opentimelineio")
    film = found["film"]
    clock = clock_of(film, start=choices.start_timecode, drop_frame=choices.drop_frame, rate=choices.rate)
    source = source_of(film, clock)
    fps = float(clock.rate.fps)
    placed = places.of_shots(found, clock.rate)

    def time(frames: int) -> Any:
        return otio.opentime.RationalTime(frames, fps)

    def span(start: int, end: int) -> Any:
        return otio.opentime.TimeRange(time(start), time(end - start))

    whole = span(source.first, source.first + places.of_film(found, clock.rate, placed))
    timeline = otio.schema.Timeline(film["title"], global_start_time=time(clock.first))
    track = otio.schema.Track("Shots", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    last = 0
    for shot, (start, end) in zip(found["shots"], placed, strict=True):
        if start > last:
            track.append(otio.schema.Gap(source_range=span(0, start - last)))
        last = end
        clip = otio.schema.Clip(
            f"Shot {shot['number']}",
            otio.schema.ExternalReference(relative_url(film), whole),
            span(source.first + start, source.first + end),
        )
        if shot["matches"]:
            best = shot["matches"][0]
            clip.markers.append(
                otio.schema.Marker(
                    named(best["painting"]),
                    span(source.first + start, source.first + start + 1),
                    COLOURS[best.get("convincing")],
                )
            )
        track.append(clip)
    document: dict[str, Any] = json.loads(timeline.to_json_string())
    _annotate(document, found, citation, clock, source)
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _annotate(document: dict[str, Any], found: dict[str, Any], citation: Citation, clock: Clock, source: Clock) -> None:
    """Put our numbers into the document: metadata is any JSON. The library would take them one by one, for seconds."""
    film = found["film"]
    document["metadata"]["r2r"] = {
        "citation": citation.to_json(),
        "film": {name: value for name, value in film.items() if name != "path"} | {"file": file_name(film)},
        "profile": found["profile"],
        "start_timecode": clock.label(0),
        "source_timecode": source.label(0),
        "rate": places.said(clock.rate, film) or f"{clock.rate.shown} frames a second",
    }
    (track,) = document["tracks"]["children"]
    clips = [one for one in track["children"] if one["OTIO_SCHEMA"].startswith("Clip.")]
    for clip, shot in zip(clips, found["shots"], strict=True):
        clip["metadata"]["r2r"] = _numbers(shot)


def _numbers(shot: dict[str, Any]) -> dict[str, Any]:
    """What the timeline says of a shot, without shares and the keys of pictures."""
    return shot | {
        "keyframes": [{"frame": one["frame"], "time_s": one["time_s"]} for one in shot["keyframes"]],
        "matches": [
            {name: value for name, value in match.items() if name != "shares"}
            | {"painting": {name: value for name, value in match["painting"].items() if name != "image"}}
            for match in shot["matches"]
        ],
    }

"""Where a film's shots stand on an editor's track: whole frames, in order, none empty, none over another."""

from __future__ import annotations

from typing import Any

from r2r_shared.exports.timecode import Rate


def of_shots(found: dict[str, Any], rate: Rate) -> list[tuple[int, int]]:
    """Each shot's first frame and the one after its last, in frames of `rate` after the film's first.

    At the film's own rate they are its frame numbers. At another, times are rounded to frames; where a shot would
    vanish it gets one, which it takes from the next.
    """
    placed: list[tuple[int, int]] = []
    last = 0
    for shot in found["shots"]:
        start = max(last, rate.position(shot["start_frame"], shot["start_s"]))
        last = max(start + 1, rate.position(shot["end_frame"], shot["end_s"]))
        placed.append((start, last))
    return placed


def of_film(found: dict[str, Any], rate: Rate, placed: list[tuple[int, int]]) -> int:
    """How many frames of `rate` the film lasts: at least to the end of its last shot."""
    film = found["film"]
    whole = rate.position(film["frames"], film["duration_s"])
    return max(whole, placed[-1][1] if placed else 1, 1)


def said(rate: Rate, film: dict[str, Any]) -> str:
    """One line on positions that are no frame numbers; empty where they are."""
    if not rate.by_time:
        return ""
    kind = "variable frame rate, average" if film.get("variable_rate") else "frame rate"
    return (
        f"{kind} {film['fps']:.3f}: counted at {rate.shown}, positions are made of true seconds and may be half a "
        "frame off"
    )

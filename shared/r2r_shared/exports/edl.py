"""EDL, as CMX 3600 has it: an event for each shot, a locator for its nearest painting, everything else in comments.

The list cuts the film into its shots where it stands. Source timecode, on the left, is that of the film's own file,
record timecode, on the right, that of the track: the same, unless a person says where the track begins. Lines of
comments begin with `*`; `* FROM CLIP NAME` and `* LOC` are those that editing programs read. Numbers of events go on
past 999 with four digits, which today's programs take; a CMX 3600 itself has room for 999, and a comment says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from r2r_shared.citation import Citation
from r2r_shared.exports import Choices, places
from r2r_shared.exports.otio import COLOURS
from r2r_shared.exports.text import file_name, headline, judged, kept_at, named, one_line, years
from r2r_shared.exports.timecode import Clock, clock_of, source_of

REEL = "AX"
"""What CMX lists call a source that is no tape."""
MOST_EVENTS = 999


def write(found: dict[str, Any], citation: Citation, choices: Choices) -> bytes:
    """One list, UTF-8, its lines ended by CR LF as CMX 3600 does.

    Raises:
        UserError: the start timecode is none at the rate, or the rate none.
    """
    film = found["film"]
    clock = clock_of(film, start=choices.start_timecode, drop_frame=choices.drop_frame, rate=choices.rate)
    source = source_of(film, clock)
    placed = places.of_shots(found, clock.rate)
    lines = [f"TITLE: {one_line(film['title'])}", f"FCM: {'DROP FRAME' if clock.drop else 'NON-DROP FRAME'}"]
    about = list(_about(found, citation, clock, source, placed))
    for number, (shot, (start, end)) in enumerate(zip(found["shots"], placed, strict=True), start=1):
        begin, over = clock.label(start), clock.label(end)
        of_file = f"{source.label(start)} {source.label(end)}"
        lines.append(f"{number:03}  {REEL:<8} V     C        {of_file} {begin} {over}")
        lines += about if number == 1 else ()  # readers know comments of events alone
        lines += _of_shot(film, shot, begin)
    if not placed:
        lines += about
    return "".join(f"{line}\r\n" for line in lines).encode()


def _about(
    found: dict[str, Any], citation: Citation, clock: Clock, source: Clock, placed: list[tuple[int, int]]
) -> Iterator[str]:
    """What the whole list has to say."""
    said = citation.to_json()
    yield f"* {one_line(said['text'])}"
    yield f"* MADE AT {said['made_at']}"
    yield f"* {said['caution']}"
    yield f"* RATE {clock.rate.shown}"
    if other := places.said(clock.rate, found["film"]):
        yield f"* {other}"
    if len(placed) > MOST_EVENTS:
        yield f"* {len(placed)} EVENTS, OF WHICH A CMX 3600 ITSELF READS {MOST_EVENTS}"
    yield f"* SOURCE FROM {source.label(0)} (THE FILE'S OWN, ELSE ZERO), RECORD FROM {clock.label(0)}"
    if placed and any(one.first + placed[-1][1] > one.day for one in (clock, source)):
        yield "* THE TIMECODE PASSES MIDNIGHT AND BEGINS ANEW AT ZERO"


def _of_shot(film: dict[str, Any], shot: dict[str, Any], begin: str) -> Iterator[str]:
    """An event's comments: its clip, its marker, its frames in the film, its paintings."""
    yield f"* FROM CLIP NAME: {one_line(file_name(film))}"
    if shot["matches"]:
        best = shot["matches"][0]
        yield f"* LOC: {begin} {COLOURS[best.get('convincing')]:<7} {named(best['painting'])}"
    yield (
        f"* SHOT {shot['number']} FRAMES {shot['start_frame']}-{shot['end_frame'] - 1} "
        f"SECONDS {shot['start_s']:.6f}-{shot['end_s']:.6f} BEGINS {shot['transition'].upper()}"
    )
    if not shot["matches"]:
        yield f"* {headline(shot).upper()}"
    for match in shot["matches"]:
        p_value = "" if match.get("p_value") is None else f" P {match['p_value']:.4f}"
        corrected = "" if match.get("corrected") is None else f" CORRECTED {match['corrected']:.4f}"
        made = ", ".join(filter(None, (one_line(years(match["painting"])), one_line(match["painting"]["movement"]))))
        yield (
            f"* PAINTING {match['rank']}: {named(match['painting'])}{f' ({made})' if made else ''} "
            f"SCORE {match['score']:.4f}{corrected}{p_value} {judged(match).upper()}"
        )
        yield f"* PICTURE {match['rank']}: {kept_at(match['painting'])}"

"""Timelines to export: films of every rate, late, blank, without matches, and with every awkward title."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from r2r_shared.citation import Citation, CitedCollection, CitedFilm
from r2r_shared.records import METRICS

CITATION = Citation(
    version="9.8.7",
    profile="starter",
    encoder="blend",
    encoder_digest="a" * 64,
    depth="defocus",
    depth_digest="b" * 64,
    metrics_version=1,
    revision=7,
    collections=(CitedCollection("Städel & <Söhne>, “A–Z”", 1234), CitedCollection("=cmd", 2)),
    made_at=dt.datetime(2026, 11, 26, 9, 30, 15, tzinfo=dt.UTC),
    choices=("weights dc=0.5 contrast=0.5", "all dates"),
    state="0123456789ab" + "d" * 52,
    film=CitedFilm('The “Film” & <its> "title"', "c" * 64, 1927, "adaptive"),
)

AWKWARD = (
    "He said: \"no\", she said, 'yes'; <b>&amp;</b> ]]> done",
    "00:00:01.000 --> 00:00:02.000",
    "line\nbreak\r\nand\ttab",
    "form\x0cfeed, next\x85line, separator\u2028and\u2029paragraph, bell\x07",
    "=HYPERLINK(1)",
    "@SUM(1+1)",
    "-2+3",
    "+49 (0)69",
    "Ночь 🌃 夜 😀",
    "שלום \u202eenod\u202c عالم",
    "* LOC: 01:00:00:00 RED     NOT A MARKER",
    "001  AX V C 00:00:00:00 00:00:00:01 00:00:00:00 00:00:00:01",
    "NOTE this is none",
    "{{ braces }} {% percent %} %s \\n",
    "  spaces  ",
    "",
    "\ufffe\uffff noncharacters",
    "x" * 500,
)

PAINTINGS = tuple(
    {
        "id": number,
        "file": f"{number} – {title[:20]}.jpg",
        "title": title,
        "artist": AWKWARD[-number],
        "movement": AWKWARD[number // 2],
        "year": ("c. 1503–1506", "", "1888")[number % 3],
        "year_from": (1503, None, 1888)[number % 3],
        "year_to": (1506, None, 1888)[number % 3],
        "museum": title,
        "collection": "c",
        "licence": ("public-domain", "")[number % 2],
        "image": f"paintings/{number}.jpg",
        "page": f"https://museum.example/works/{number}" if number % 2 else "",
        "sha256": f"{number:064x}",
    }
    for number, title in enumerate(AWKWARD, start=1)
)


def match(dice: random.Random, rank: int, score: float, convincing: bool | None) -> dict[str, Any]:
    alike = {metric: round(dice.random(), 6) for metric in METRICS}
    p_value = None if convincing is None else (0.01 if convincing else 0.4) + rank / 1000
    return {
        "rank": rank,
        "painting": dice.choice(PAINTINGS),
        "score": score,
        "corrected": None if convincing is None else score - 0.0123,
        "p_value": p_value,
        "convincing": convincing,
        "visual": 0.5,
        "semantic": 2 * score - 0.5,
        "metrics": alike,
        "shares": {"visual": 0.2, **dict.fromkeys(METRICS, 0.1)},
    }


def timeline(
    cuts: Sequence[int],
    *,
    fps: Fraction = Fraction(25),
    times: Sequence[float] | None = None,
    blank: Sequence[int] = (),
    matches: int = 3,
    convincing: bool | None = True,
    gap: int = 0,
    **film: Any,
) -> dict[str, Any]:
    """A film cut at these frames, the last of which is its end.

    Args:
        times: when each frame is shown, and when the last one ends; else evenly.
        blank: numbers of shots that are black.
        gap: so many frames at the end of each shot belong to none.
    """
    dice = random.Random(len(cuts))
    frames = cuts[-1]

    def time_s(frame: int) -> float:
        return times[frame] if times else float(frame / fps)

    shots: list[dict[str, Any]] = []
    for number, (start, after) in enumerate(zip((0, *cuts), cuts, strict=False), start=1):
        end = max(start + 1, after - gap)
        found = [] if number in blank else [match(dice, n, 0.7 - n / 100, convincing) for n in range(1, matches + 1)]
        shots.append(
            {
                "number": number,
                "start_frame": start,
                "end_frame": end,
                "start_s": time_s(start),
                "end_s": time_s(end),
                "transition": ("cut", "dissolve", "fade")[number % 3],
                "blank": "black" if number in blank else None,
                "keyframes": [
                    {"frame": start, "time_s": time_s(start), "image": f"k/{start}.jpg", "width": 512, "height": 288}
                ],
                "convincing": found[0]["convincing"] if found else None,
                "matches": found,
            }
        )
    duration_s = time_s(frames)
    return {
        "film": {
            "id": 3,
            "title": 'The “Film” & <its> "title"',
            "director": "A. Director",
            "year": 1927,
            "country": "",
            "path": "/films/of mine/a film’s 100%#?.mp4",
            "duration_s": duration_s,
            "fps": frames / duration_s if times else float(fps),
            "fps_num": fps.numerator,
            "fps_den": fps.denominator,
            "variable_rate": times is not None,
            "start_s": 0.0,
            "media_offset_s": 0.0,
            "start_timecode": None,
            "base_rate": f"{fps.numerator}/{fps.denominator}",
            "sha256": "c" * 64,
            "detector": "adaptive",
            "frames": frames,
            "width": 640,
            "height": 360,
        }
        | film,
        "profile": {
            "id": 1, "name": "starter", "encoder": "blend", "depth": "defocus", "metrics_version": 1, "revision": 7,
            "state": CITATION.state,
            "weights": dict.fromkeys(METRICS, 0.125), "ranges": dict.fromkeys(METRICS, 255.0), "all_dates": False,
            "top_k": 5, "how": "exact", "unproven": 0, "null": None, "hub_correction": convincing is not None,
        },
        "shots": shots,
        "influence": [
            {
                "by": "movement", "name": AWKWARD[2], "painting_id": None, "share": 1.0, "expected": 0.5, "lift": 2.0,
                "lift_low": None, "lift_high": None,
                "windows": [{"start_s": 0.0, "end_s": duration_s, "share": 1.0}],
            }
        ],
    }  # fmt: skip


def uneven(frames: int) -> list[float]:
    """Times of frames that come 17 to 50 ms apart, as telephones record them, and the end."""
    dice = random.Random(5)
    times = [0.0]
    for _ in range(frames):
        times.append(round(times[-1] + dice.choice((0.017, 0.033, 0.034, 0.050)), 3))
    return times


def _regular(cuts: int, every: int) -> list[int]:
    return [every * n for n in range(1, cuts + 1)]


NTSC, FILM = Fraction(30000, 1001), Fraction(24000, 1001)

CASES: dict[str, dict[str, Any]] = {
    "25": timeline([40, 41, 100, 250], start_timecode="10:00:00:00"),
    "23.976": timeline([24, 2000, 2001, 9000], fps=FILM),
    "29.97 drop-frame": timeline([1797, 1799, 1800, 1802, 17983], fps=NTSC, start_timecode="00:00:00;00"),
    "29.97 without": timeline([1797, 1799, 1800, 1802, 17983], fps=NTSC, start_timecode="01:00:00:00"),
    "59.94 drop-frame": timeline([3599, 3601, 40000], fps=2 * NTSC, start_timecode="09:59:59;58"),
    "variable": timeline([30, 31, 90, 200], times=uneven(200), fps=Fraction(29, 1)),
    "18, a silent film": timeline([18, 19, 400], fps=Fraction(18)),
    "after zero": timeline([40, 100], start_s=1.48, media_offset_s=1.48),
    "a transport stream": timeline([40, 100], start_s=1.48, media_offset_s=0.0, path="/x/a.ts"),
    "gaps": timeline([40, 100, 200], gap=7),
    "awkward titles": timeline(_regular(40, 12), matches=5),
    "an awkward film": timeline(
        [40, 100], title=AWKWARD[3] + AWKWARD[1], director=AWKWARD[2], path="/x/=a --> b\n.mkv"
    ),
    "a film without a title": timeline([40, 100], title="", path="/x/.mp4"),
    "no matches": timeline([40, 100], matches=0),
    "blank shots": timeline([40, 100, 140, 170], blank=(1, 4)),
    "none convincing": timeline([40, 100], convincing=False),
    "not judged": timeline([40, 100], convincing=None),
    "one frame": timeline([1]),
    "no shots": timeline([40]) | {"shots": []},
    "past midnight": timeline([25, 75, 150], start_timecode="23:59:58:00"),
    "two hours": timeline(_regular(1500, 120), matches=5),
}

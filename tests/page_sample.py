"""Timelines to draw pages of: the shape that `r2r timeline --json` has, with pictures to show."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import random
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

WEIGHTS = {
    "dc": 0.18, "avg_dof": 0.11, "max_dof": 0.14, "min_dof": 0.14,
    "saturation": 0.13, "balance": 0.10, "shadow": 0.10, "contrast": 0.10,
}  # fmt: skip
SHARED_PAINTINGS = Path(__file__).parents[2] / "shared" / "paintings"


@functools.cache
def picture(seed: int, width: int = 512, height: int = 384) -> bytes:
    """A JPEG with the bulk of a photograph: sky, land, some figures, grain."""
    dice = random.Random(seed)
    colour = lambda: tuple(dice.randrange(20, 235) for _ in range(3))  # noqa: E731
    image = Image.new("RGB", (width, height), colour())
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, dice.randrange(height), width, height), fill=colour())
    for _ in range(24):
        x, y, r = dice.randrange(width), dice.randrange(height), dice.randrange(8, 90)
        draw.ellipse((x - r, y - r, x + r, y + r * dice.uniform(0.4, 1.6)), fill=colour())
    image = image.filter(ImageFilter.GaussianBlur(2))
    grain = Image.effect_noise((width, height), 22).convert("RGB")
    return jpeg(Image.blend(image, grain, 0.12))


def jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


@functools.cache
def depth_map(seed: int) -> bytes:
    """A small grey PNG, as a depth map is kept."""
    out = io.BytesIO()
    Image.open(io.BytesIO(picture(seed, 96, 54))).convert("L").save(out, "PNG")
    return out.getvalue()


def paintings(count: int, *, seed: int = 1) -> list[dict[str, Any]]:
    """`count` made-up works by artists of several movements."""
    dice = random.Random(seed)
    movements = ["Impressionism", "Ukiyo-e", "Baroque", "Romanticism", "Symbolism", "Early Renaissance"]
    works: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        movement = movements[number % len(movements)]
        year = dice.randrange(1480, 1910)
        works.append(
            {
                "id": number,
                "file": f"{number}.jpg",
                "title": f"Study no. {number}",
                "artist": f"{movement} master {number % 17}",
                "movement": movement,
                "year": "",
                "year_from": year,
                "year_to": year + dice.randrange(3),
                "museum": "",
                "collection": "samples",
                "image": f"paintings/{number}.jpg",
            }
        )
    return works


def shared_paintings() -> list[dict[str, Any]]:
    """The real paintings beside the checkout, as the timeline names them."""
    with (SHARED_PAINTINGS / "paintings.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [
        {
            "id": number,
            "file": row["file"],
            "title": row["title"],
            "artist": row["artist"],
            "movement": row["movement"],
            "year": row["year"],
            "year_from": None,
            "year_to": None,
            "museum": row["museum"],
            "collection": "shared",
            "image": f"shared/{row['file']}",
        }
        for number, row in enumerate(rows, start=1)
    ]


def timeline(
    works: list[dict[str, Any]],
    *,
    shots: int,
    mean_shot_s: float = 4.0,
    seed: int = 1,
    matches: int = 5,
    **film: Any,
) -> dict[str, Any]:
    """A film of so many shots against these works; every ninth shot is blank, some have two keyframes."""
    dice = random.Random(seed)
    fps = 24.0
    listed: list[dict[str, Any]] = []
    frame = 0
    for number in range(1, shots + 1):
        frames = max(12, round(dice.expovariate(1 / (mean_shot_s * fps))))
        blank = dice.choice(["black", "white", "title"]) if number % 9 == 1 else None
        middle = frame + frames // 2
        keyframes = [{"frame": middle, "time_s": middle / fps, "image": f"keyframes/{middle}.jpg"}]
        if frames > 8 * fps:
            late = frame + frames - 6
            keyframes.append({"frame": late, "time_s": late / fps, "image": f"keyframes/{late}.jpg"})
        listed.append(
            {
                "number": number,
                "start_frame": frame,
                "end_frame": frame + frames,
                "start_s": frame / fps,
                "end_s": (frame + frames) / fps,
                "transition": dice.choices(["cut", "dissolve", "fade"], [8, 1, 1])[0],
                "blank": blank,
                "keyframes": keyframes,
                "matches": [] if blank else _matches(dice, works, matches),
            }
        )
        frame += frames
    duration_s = frame / fps
    about = {
        "id": 1,
        "title": "The Painted Reel",
        "path": "films/the_painted_reel.mp4",
        "director": "A. Director",
        "year": 1927,
        "country": "",
        "duration_s": duration_s,
        "fps": fps,
        "frames": frame,
        "width": 640,
        "height": 360,
    }
    return {
        "film": about | film,
        "profile": {
            "id": 1,
            "name": "starter",
            "encoder": "descriptor",
            "depth": "defocus",
            "metrics_version": 1,
            "revision": 7,
            "weights": WEIGHTS,
            "ranges": dict.fromkeys(WEIGHTS, 255.0),
            "all_dates": False,
            "how": "exact",
            "unproven": 0,
        },
        "shots": listed,
        "influence": _influence(listed, works, duration_s),
    }


def judged(timeline: dict[str, Any]) -> dict[str, Any]:
    """The same timeline with p-values, hub correction and intervals, ranked by the corrected score."""
    profile = timeline["profile"] | {
        "null": {"pictures": 200, "of_pictures": 200, "convincing_from": 0.66},
        "hub_correction": True,
    }
    shots: list[dict[str, Any]] = []
    for shot in timeline["shots"]:
        matches = [
            match
            | {
                "p_value": (p_value := min(1.0, max(1 / 201, 2 * (0.685 - match["score"])))),
                "convincing": p_value <= 0.05,
                "corrected": match["score"] + (match["painting"]["id"] * 37 % 11 - 5) / 100,
            }
            for match in shot["matches"]
        ]
        matches.sort(key=lambda match: -match["corrected"])
        ranked = [match | {"rank": rank} for rank, match in enumerate(matches, start=1)]
        shots.append(shot | {"matches": ranked, "convincing": ranked[0]["convincing"] if ranked else None})
    influence = [row | {"lift_low": 0.7 * row["lift"], "lift_high": 1.4 * row["lift"]} for row in timeline["influence"]]
    return timeline | {"profile": profile, "shots": shots, "influence": influence}


def _matches(dice: random.Random, works: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for painting in dice.sample(works, min(count, len(works))):
        visual = dice.uniform(0.35, 0.9)
        similarities = {metric: dice.random() for metric in WEIGHTS}
        semantic = sum(WEIGHTS[metric] * similarity for metric, similarity in similarities.items())
        score = 0.5 * visual + 0.5 * semantic
        shares = {metric: 0.5 * WEIGHTS[metric] * similarity / score for metric, similarity in similarities.items()}
        found.append(
            {
                "painting": painting,
                "score": score,
                "visual": visual,
                "semantic": semantic,
                "metrics": similarities,
                "shares": {"visual": 0.5 * visual / score, **shares},
            }
        )
    found.sort(key=lambda match: -match["score"])
    return [{"rank": rank} | match for rank, match in enumerate(found, start=1)]


def _influence(shots: list[dict[str, Any]], works: list[dict[str, Any]], duration_s: float) -> list[dict[str, Any]]:
    """Shares of matched time, each shot's spread over its matches, in twenty windows; fifty names of a kind."""
    borders = [n * duration_s / 20 for n in range(21)]
    rows: list[dict[str, Any]] = []
    for by, field in (("movement", "movement"), ("artist", "artist"), ("painting", "id")):
        seconds: dict[Any, list[float]] = {}
        for shot in shots:
            for match, n in itertools.product(shot["matches"], range(20)):
                overlap = min(borders[n + 1], shot["end_s"]) - max(borders[n], shot["start_s"])
                if overlap > 0:
                    of_name = seconds.setdefault(match["painting"][field], [0.0] * 20)
                    of_name[n] += overlap / len(shot["matches"])
        matched = [sum(column) for column in zip(*seconds.values(), strict=True)]
        for key in sorted(seconds, key=lambda key: -sum(seconds[key]))[:50]:
            alike = [work for work in works if work[field] == key]
            share, expected = sum(seconds[key]) / sum(matched), len(alike) / len(works)
            rows.append(
                {
                    "by": by,
                    "name": alike[0]["title"] if by == "painting" else key,
                    "painting_id": key if by == "painting" else None,
                    "share": share,
                    "expected": expected,
                    "lift": share / expected,
                    "windows": [
                        {"start_s": start, "end_s": end, "share": mine / total if total else 0.0}
                        for start, end, mine, total in zip(borders, borders[1:], seconds[key], matched, strict=False)
                    ],
                }
            )
    return rows

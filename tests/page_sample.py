"""Timelines to draw pages of: the shape that `r2r timeline --json` has, with pictures to show."""

from __future__ import annotations

import csv
import functools
import io
import random
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

METRICS = ("dc", "avg_dof", "max_dof", "min_dof", "saturation", "balance", "shadow", "contrast")
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
                "year_from": year,
                "year_to": year + dice.randrange(3),
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
            "image": f"shared/{row['file']}",
        }
        for number, row in enumerate(rows, start=1)
    ]


def timeline(
    works: list[dict[str, Any]], *, shots: int, mean_shot_s: float = 4.0, seed: int = 1, **film: Any
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
                "matches": [] if blank else _matches(dice, works),
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
        "duration_s": duration_s,
        "fps": fps,
        "frames": frame,
        "width": 640,
        "height": 360,
    }
    return {
        "film": about | film,
        "profile": {"id": 1, "name": "starter", "encoder": "descriptor", "depth": "defocus", "revision": 7},
        "shots": listed,
        "influence": _influence(listed, works, duration_s),
    }


def _matches(dice: random.Random, works: list[dict[str, Any]]) -> list[dict[str, Any]]:
    chosen = dice.sample(works, min(5, len(works)))
    scores = sorted((dice.uniform(0.4, 0.95) for _ in chosen), reverse=True)
    return [
        {
            "rank": rank,
            "painting": painting,
            "score": score,
            "visual": min(1.0, score * dice.uniform(0.8, 1.1)),
            "semantic": min(1.0, score * dice.uniform(0.9, 1.2)),
            "metrics": {metric: dice.random() for metric in METRICS},
        }
        for rank, (painting, score) in enumerate(zip(chosen, scores, strict=True), start=1)
    ]


def _influence(shots: list[dict[str, Any]], works: list[dict[str, Any]], duration_s: float) -> list[dict[str, Any]]:
    """Shares of each shot's first match, in twenty windows of equal length."""
    rows: list[dict[str, Any]] = []
    for by, field in (("movement", "movement"), ("artist", "artist"), ("painting", "title")):
        for name in dict.fromkeys(work[field] for work in works):
            expected = sum(work[field] == name for work in works) / len(works)
            windows = [
                {
                    "start_s": n * duration_s / 20,
                    "end_s": (n + 1) * duration_s / 20,
                    "share": _share(shots, field, name, n * duration_s / 20, (n + 1) * duration_s / 20),
                }
                for n in range(20)
            ]
            share = _share(shots, field, name, 0.0, duration_s)
            if share > 0:
                rows.append(
                    {
                        "by": by,
                        "name": name,
                        "share": share,
                        "expected": expected,
                        "lift": share / expected,
                        "windows": windows,
                    }
                )
    return rows


def _share(shots: list[dict[str, Any]], field: str, name: str, start_s: float, end_s: float) -> float:
    total = mine = 0.0
    for shot in shots:
        overlap = min(end_s, shot["end_s"]) - max(start_s, shot["start_s"])
        if shot["matches"] and overlap > 0:
            total += overlap
            mine += overlap * (shot["matches"][0]["painting"][field] == name)
    return mine / total if total else 0.0

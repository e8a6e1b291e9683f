"""A short film made from the demo collection, whose truth is known: which frames came from which work.

Every shot is a camera move over one work under a grade of its own; between shots are cuts, a few dissolves and
a few fades; it opens on black and a title card.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from r2r_workers.demo.painter import MANIFEST

WIDTH, HEIGHT, FPS = 640, 360, 24
TITLE = "THE INVENTED GALLERY"
SUBTITLE = "every picture in this film was painted by a program"
BLACK_FRAMES = FPS * 3 // 4
TITLE_FRAMES = FPS * 2
BLEND_FRAMES = FPS // 2
SCOPE = 2.39  # the one letterboxed look
ENCODERS = (
    ("libx264", {"crf": "20", "preset": "veryfast"}),
    ("mpeg4", {"qscale": "3"}),
    ("libvpx-vp9", {"crf": "28", "b": "0"}),
)

Frame = NDArray[Any]  # (HEIGHT, WIDTH, 3), float32, RGB 0..255
Transition = Literal["cut", "dissolve", "fade"]


@dataclass(frozen=True, slots=True)
class TrueShot:
    """Frames start..end (end exclusive) made from `painting` (a file's stem; None: black or a title).

    `transition` is how the shot begins, `transition_frames` how many of its first frames that takes.
    """

    start: int
    end: int
    painting: str | None
    transition: Transition
    transition_frames: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What a rendered film is known to hold."""

    fps: int
    frames: int
    width: int
    height: int
    shots: tuple[TrueShot, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)


def render_film(
    collection: Path,
    out: Path,
    *,
    seed: int = 1,
    seconds: float = 48,
    on_progress: Callable[[int, int], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Truth:
    """Render a film of `seconds` from works of `collection` to `out`, and its truth to `out` with `.truth.json`.

    Args:
        collection: a folder that `paint_collection` filled.
        out: an .mp4; the same arguments and the same encoder give the same file.
        on_progress: called with (frames done, frames in all) about once a second of film.
        on_note: told in one line where H.264 cannot be encoded and what is used in its place.

    Raises:
        FileNotFoundError: `collection` holds no manifest.
        ValueError: it holds no work, or `seconds` leaves no room for a shot after the titles.
    """
    import av

    rng = np.random.default_rng((seed, 24))
    files = _choose(collection, rng)
    plan = _plan(rng, [file.stem for file in files], round(seconds * FPS))
    encoder, options = _encoder(on_note)
    with av.open(str(out), "w") as container:
        stream = cast(av.VideoStream, container.add_stream(encoder, rate=Fraction(FPS), options=options))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = 1  # the same bytes on any number of cores
        for done, frame in enumerate(_frames(rng, plan, files), 1):
            picture = np.clip(frame + 0.5, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            if on_progress is not None and (done % FPS == 0 or done == plan.frames):
                on_progress(done, plan.frames)
        container.mux(stream.encode())
    out.with_suffix(".truth.json").write_text(plan.to_json() + "\n", encoding="utf-8")
    return plan


def _choose(collection: Path, rng: np.random.Generator) -> list[Path]:
    """Works in the order they will be shown: neighbours are of different movements."""
    import csv

    with (collection / MANIFEST).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ValueError(f"{collection / MANIFEST} lists no work")
    by_movement: dict[str, list[Path]] = {}
    for k in rng.permutation(len(rows)):
        by_movement.setdefault(rows[k]["movement"], []).append(collection / rows[k]["file"])
    rounds = max(len(works) for works in by_movement.values())
    return [works[r] for r in range(rounds) for works in by_movement.values() if r < len(works)]


def _plan(rng: np.random.Generator, names: list[str], total: int) -> Truth:
    """Where each shot begins and how: shots of 2 to 5 s, in a fixed round of transitions, no work twice."""
    shots = [
        TrueShot(0, BLACK_FRAMES, None, "cut", 0),
        TrueShot(BLACK_FRAMES, BLACK_FRAMES + TITLE_FRAMES, None, "fade", BLEND_FRAMES),
    ]
    kinds: tuple[Transition, ...] = (
        "fade",
        "cut",
        "cut",
        "dissolve",
        "cut",
        "cut",
        "cut",
        "fade",
        "cut",
        "cut",
        "dissolve",
        "cut",
    )
    at = shots[-1].end
    if total - at < 2 * FPS:
        raise ValueError(f"a film of {total / FPS:g} s has no room for a shot; it takes {(at + 2 * FPS) / FPS:g} s")
    for k, name in enumerate(names):
        if at >= total:
            break
        length = int(rng.uniform(2.2, 4.6) * FPS)
        last = total - at - length < 2 * FPS or k == len(names) - 1
        end = total if last else at + length
        kind = kinds[k % len(kinds)]
        shots.append(TrueShot(at, end, name, kind, 0 if kind == "cut" else BLEND_FRAMES))
        at = end
    return Truth(FPS, total, WIDTH, HEIGHT, tuple(shots))


def _frames(rng: np.random.Generator, plan: Truth, files: list[Path]) -> Iterator[Frame]:
    """Every frame of the film in order. Under a dissolve the shot before holds its last frame."""
    noise = [rng.normal(0, 1, (HEIGHT, WIDTH, 1)).astype(np.float32) for _ in range(7)]
    by_stem = {file.stem: file for file in files}
    last = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    count = 0
    for number, shot in enumerate(plan.shots):
        if shot.painting is None:
            still = _title() if shot.start else np.zeros((HEIGHT, WIDTH, 3), np.float32)
            source = (still for _ in range(shot.end - shot.start))
        else:
            source = _camera(rng, by_stem[shot.painting], shot.end - shot.start, scope=number % 5 == 4)
        held = last
        for k, clean in enumerate(source):
            frame = clean
            if k < shot.transition_frames:
                share = (k + 1) / (shot.transition_frames + 1)
                frame = clean * share + (held * (1 - share) if shot.transition == "dissolve" else 0)
            last = frame
            yield frame + noise[count % len(noise)] * (0.5 if shot.painting is None else 2.5)
            count += 1


def _camera(rng: np.random.Generator, file: Path, frames: int, *, scope: bool) -> Iterator[Frame]:
    """A pan, a push in or a pull back over one work, graded; `scope` lays bars above and below."""
    import cv2
    from PIL import Image

    image = np.asarray(Image.open(file).convert("RGB"))
    height, width = image.shape[:2]
    aspect = SCOPE if scope else WIDTH / HEIGHT
    view_height = 2 * round(WIDTH / aspect / 2) if scope else HEIGHT
    widest = min(width, height * aspect)  # the widest view that the work fills
    first_width = widest * rng.uniform(0.8, 0.98)
    last_width = float(np.clip(first_width * rng.choice([0.82, 0.9, 1.0, 1.1]), 0.7 * widest, 0.98 * widest))
    first = np.array([rng.uniform(0, width - first_width), rng.uniform(0, height - first_width / aspect), first_width])
    end = np.array([rng.uniform(0, width - last_width), rng.uniform(0, height - last_width / aspect), last_width])
    slow = min(1.0, 0.16 * frames / FPS)  # a long way takes a long shot
    place = first + (end - first) * [slow, slow, 1.0]
    place[:2] = np.clip(place[:2], 0, [width - last_width, height - last_width / aspect])
    grade = _grade(rng, view_height)
    for t in np.linspace(0, 1, frames):
        x, y, w = first + (place - first) * (t * t * (3 - 2 * t))
        zoom = WIDTH / w
        matrix = np.array([[zoom, 0, -x * zoom], [0, zoom, -y * zoom]])
        view = cv2.warpAffine(
            image, matrix, (WIDTH, view_height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        frame = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        top = (HEIGHT - view_height) // 2
        frame[top : top + view_height] = grade(view.astype(np.float32))
        yield frame


def _grade(rng: np.random.Generator, height: int) -> Callable[[Frame], Frame]:
    """Exposure, colour cast, contrast, lift, a pull towards grey and a vignette: one look for one shot."""
    gain = np.float32(rng.uniform(0.8, 1.1)) * rng.uniform(0.92, 1.08, 3).astype(np.float32)
    contrast, lift, mute = (float(rng.uniform(*span)) for span in ((0.88, 1.15), (-8, 10), (0.05, 0.35)))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : WIDTH * 1j]
    fall = (1 - rng.uniform(0.05, 0.15) * (x * x + y * y))[..., None].astype(np.float32)

    def apply(view: Frame) -> Frame:
        out = ((view - 118) * contrast + 118) * gain + lift
        out += (out.mean(axis=2, keepdims=True) - out) * mute
        return np.clip(out * fall, 0, 255)

    return apply


def _title() -> Frame:
    """The title card: pale letters on near black, a rule between."""
    from PIL import Image, ImageDraw, ImageFont

    card = Image.new("RGB", (WIDTH, HEIGHT), (9, 8, 10))
    draw = ImageDraw.Draw(card)
    draw.text((WIDTH / 2, HEIGHT * 0.44), TITLE, font=ImageFont.load_default(38), fill=(232, 222, 200), anchor="mm")
    draw.line([(WIDTH * 0.36, HEIGHT * 0.53), (WIDTH * 0.64, HEIGHT * 0.53)], fill=(150, 110, 60), width=1)
    draw.text((WIDTH / 2, HEIGHT * 0.60), SUBTITLE, font=ImageFont.load_default(15), fill=(170, 160, 146), anchor="mm")
    return np.asarray(card).astype(np.float32)


def _encoder(on_note: Callable[[str], None] | None) -> tuple[str, dict[str, Any]]:
    """H.264 where PyAV carries it; else the next best, said aloud."""
    from av.codec.codec import Codec, UnknownCodecError

    for name, options in ENCODERS:
        try:
            Codec(name, "w")
        except UnknownCodecError:
            continue
        if name != ENCODERS[0][0] and on_note is not None:
            on_note(f"this build of PyAV carries no {ENCODERS[0][0]}; the film is encoded with {name}")
        return name, dict(options)
    raise RuntimeError(f"this build of PyAV carries none of {', '.join(name for name, _ in ENCODERS)}")

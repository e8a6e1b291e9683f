"""Single frames of known truth: the shared tool's camera and grade, without encoding a film around them."""

from __future__ import annotations

import importlib.util
import io
from functools import cache
from pathlib import Path
from types import ModuleType

import cv2  # noqa: TID253
import numpy as np
from PIL import Image

from tests.benchmarks.films import SHARED

WIDTH, HEIGHT, FRAMES = 640, 360, 62


@cache
def tool() -> ModuleType:
    """../shared/tools/make_film.py as a module."""
    spec = importlib.util.spec_from_file_location("make_film", SHARED / "tools" / "make_film.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def frame(path: Path, strength: float, seed: int) -> bytes:
    """The middle frame of a shot that the tool would make of a painting, its bars cut away, as a JPEG.

    The same steps as the tool's `painting_shot`, whose pieces are its own `camera_path` and `grade`.
    """
    rng = np.random.default_rng(seed)
    image = cv2.imread(str(path))
    scale = max(WIDTH / image.shape[1], HEIGHT / image.shape[0]) * 1.25
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=way)
    if strength > 0.3 and rng.random() < 0.3 * strength:
        image = image[:, ::-1].copy()
    of_frame = WIDTH / HEIGHT
    aspect = of_frame if rng.random() < 0.6 else float(rng.choice([2.39, 1.37]))
    look = tool().grade(rng, strength)
    x, y, w, h = tool().camera_path(rng, image, aspect, FRAMES, strength)[FRAMES // 2]
    wide = aspect >= of_frame
    width, height = (WIDTH, round(WIDTH / aspect)) if wide else (round(HEIGHT * aspect), HEIGHT)
    move = np.array([[width / w, 0, -x * width / w], [0, height / h, -y * height / h]])
    view = cv2.warpAffine(image, move, (width, height), flags=cv2.INTER_LINEAR).astype(np.float32)
    yy, xx = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j].astype(np.float32)
    vignette = (1 - 0.18 * (xx**2 + yy**2))[..., None]
    top, left = (HEIGHT - height) // 2, (WIDTH - width) // 2
    cut = (slice(top, top + height), slice(left, left + width))
    noise = rng.normal(0, 1, (HEIGHT, WIDTH, 1)).astype(np.float32)
    out = np.clip(look(view, vignette[cut], noise[cut]), 0, 255).astype(np.uint8)
    picture = Image.fromarray(out[:, :, ::-1])
    picture.thumbnail((512, 512))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=90)
    return jpeg.getvalue()

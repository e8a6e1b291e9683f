"""Pictures to numbers: decode, estimate depth, embed, compute the eight metrics. Arrays in, records out."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import Cancelled, PermanentError
from r2r_shared.records import Features
from r2r_shared.storage import depth_maps
from r2r_workers import metrics
from r2r_workers.models.protocols import Encoder, Models, Picture
from r2r_workers.models.spread import ahead, each

MAX_SIDE_PX = 512
"""Metrics are defined on pictures whose long side is at most this (DESIGN 4.1)."""


T = TypeVar("T")


@dataclass(slots=True)
class Times:
    """Wall seconds spent so far, told apart. `measure` adds to it."""

    decode_s: float = 0.0
    depth_s: float = 0.0
    embed_s: float = 0.0
    metrics_s: float = 0.0


def measure(
    jpegs: Sequence[bytes],
    models: Models,
    batch: int = 16,
    *,
    threads: int = 1,
    should_stop: Callable[[], bool] = lambda: False,
    times: Times | None = None,
    on_depth: Callable[[int, bytes], None] | None = None,
) -> list[Features]:
    """Measure pictures under one profile's models, in the order given.

    A picture's numbers do not depend on its neighbours, on the order or on `batch` (with torch
    models: to rounding, see `TcnEncoder`).

    Args:
        jpegs: active pictures as JPEG files, long side at most 512 px.
        models: from `r2r_workers.models.load`.
        batch: pictures decoded and run at a time; bounds memory.
        threads: that decode pictures and compute metrics; the models have their own.
        should_stop: asked before each batch.
        times: where the time went is added to this.
        on_depth: is given each picture's position and its depth map to look at, a small PNG.

    Raises:
        Cancelled: should_stop said so.
        PermanentError: a picture cannot be decoded whole, or is larger than 512 px; names its position.
    """
    if batch < 1:
        raise ValueError(f"batch is {batch}: at least one picture at a time")
    times = times or Times()
    measured: list[Features] = []
    for start in range(0, len(jpegs), batch):
        if should_stop():
            raise Cancelled("the job is over")
        with _added(times, "decode_s"):
            images = each(_decode, enumerate(jpegs[start : start + batch], start), threads=threads)
        with _added(times, "depth_s"):
            depths = models.depth.estimate(images)
            if on_depth is not None:
                for position, small in enumerate(each(depth_picture, depths, threads=threads), start):
                    on_depth(position, small)
        with _added(times, "embed_s"):
            embeddings = models.encoder.embed(images)
        with _added(times, "metrics_s"):
            measured += each(_features, zip(images, depths, embeddings, strict=True), threads=threads)
    return measured


def embed(
    pictures: Sequence[T],
    read: Callable[[T], bytes],
    encoder: Encoder,
    *,
    batch: int = 64,
    threads: int = 1,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int], None] = lambda done: None,
) -> NDArray[np.float32]:
    """Embed pictures alone, in the order given: for those whose metrics are known. (n, dim), rows of unit length.

    The next pictures are read and decoded while the encoder is at work; two batches of them at most are held.

    Args:
        read: the JPEG of a picture, as `measure` takes it; called from several threads.
        batch: pictures that the encoder is given at a time.
        threads: that read and decode.
        should_stop: asked before each batch.
        on_progress: told how many are done.

    Raises:
        Cancelled, PermanentError: as `measure`; and what `read` raises.
    """

    def load(numbered: tuple[int, T]) -> Picture:
        return _decode((numbered[0], read(numbered[1])))

    parts: list[NDArray[np.float32]] = [np.zeros((0, encoder.dim), np.float32)]
    decoded = ahead(load, enumerate(pictures), threads=threads, most=2 * batch)
    with closing(decoded):
        for start in range(0, len(pictures), batch):
            if should_stop():
                raise Cancelled("the job is over")
            images = list(islice(decoded, batch))
            parts.append(encoder.embed(images))
            on_progress(start + len(images))
    return np.concatenate(parts)


def depth_picture(depth: NDArray[np.float32]) -> bytes:
    """A depth map to look at: a grey PNG, long side 96 px, its own least value black and its greatest white.

    Two such pictures compare in shape alone: their scales differ. The numbers are in the features.

    Args:
        depth: (h, w), any unit.
    """
    import cv2

    height, width = depth.shape
    shrink = min(1.0, depth_maps.LONG_SIDE_PX / max(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = cv2.resize(depth, size, interpolation=cv2.INTER_AREA)
    least, span = float(small.min()), float(np.ptp(small))
    grey = np.rint((small - least) * (255 / span if span > 0 else 0.0)).astype(np.uint8)
    return cv2.imencode(".png", grey)[1].tobytes()


def _features(one: tuple[Picture, NDArray[np.float32], NDArray[np.float32]]) -> Features:
    image, depth, embedding = one
    luma = metrics.luma(image)
    dof = metrics.depth_of_field(depth)
    return Features(
        dc=tuple(metrics.dominant_colours(image).tolist()),
        avg_dof=dof.avg,
        max_dof=dof.max,
        min_dof=dof.min,
        saturation=metrics.saturation(image),
        balance=metrics.balance(luma),
        shadow=tuple(metrics.shadow_pattern(luma).tolist()),
        contrast=metrics.contrast(luma),
        embedding=tuple(embedding.tolist()),
    )


def _decode(numbered: tuple[int, bytes]) -> Picture:
    """(position, JPEG) → (h, w, 3) RGB.

    Pillow, told the format, because it refuses a file that breaks off; OpenCV paints it grey.
    """
    from PIL import Image

    position, jpeg = numbered
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            width, height = image.size
            if max(width, height) > MAX_SIDE_PX:
                raise PermanentError(
                    f"picture {position} is {width} × {height}: metrics are defined up to {MAX_SIDE_PX} px a side"
                )
            return np.array(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise PermanentError(f"picture {position} cannot be decoded as JPEG: {error}") from error


@contextmanager
def _added(times: Times, name: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        setattr(times, name, getattr(times, name) + time.perf_counter() - start)

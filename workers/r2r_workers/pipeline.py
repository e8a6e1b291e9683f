"""Which step follows which, from a film on disk to measured keyframes. No database, no Celery."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import Cancelled
from r2r_shared.records import Features, FilmProbe, FoundShot, SpanAnalysis
from r2r_shared.storage import depth_maps
from r2r_shared.storage.media_store import MediaStore
from r2r_workers import measure
from r2r_workers.media.analyse import analyse_span
from r2r_workers.media.settings import DetectorSettings
from r2r_workers.models.protocols import Models

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MeasuredSpan:
    """A span's shots, and the features of those keyframes that can be matched, in the shots' order.

    `model_s` is the wall time of metrics, depth and embedding, told apart from the decoder's.
    """

    analysis: SpanAnalysis
    features: tuple[Features, ...]
    model_s: float


def analyse_film(
    path: Path,
    *,
    probe: FilmProbe,
    start_frame: int,
    end_frame: int,
    detector: DetectorSettings,
    threads: int,
    stall_s: float,
    limit_s: float,
    models: Callable[[], Models],
    store: MediaStore,
    image_key: Callable[[int], str],
    on_progress: Callable[[str, int, int], None],
    should_stop: Callable[[], bool],
) -> MeasuredSpan:
    """Decode a span once, keep its keyframes in the media store, then measure them.

    The decoder runs in a child that has ended before the first model runs: a reader that waits for a model
    fills the memory. What is measured is the stored JPEG, so that any later profile sees the same pixels.

    Args:
        threads: of the decoder, and then of what measures its keyframes.
        models: asked for only when there is something to measure.
        image_key: frame number → media store key.
        on_progress: (stage, frames read, shots found).
    """
    analysis = analyse_span(
        path,
        probe=probe,
        start_frame=start_frame,
        end_frame=end_frame,
        detector=detector,
        threads=threads,
        stall_s=stall_s,
        limit_s=limit_s,
        on_progress=lambda frames, shots: on_progress("decode", frames, shots),
        should_stop=should_stop,
    )
    if should_stop():  # nothing is kept for nobody
        raise Cancelled("the job is over")
    for shot in analysis.shots:
        for kept in shot.keyframes:
            store.put(image_key(kept.frame), kept.jpeg)
    on_progress("measure", analysis.frames_read, len(analysis.shots))
    keyframes = [kept for shot in matchable(analysis.shots) for kept in shot.keyframes]
    features, model_s = measure_pictures(
        [kept.jpeg for kept in keyframes],
        models,
        threads=threads,
        should_stop=should_stop,
        store=store,
        images=[image_key(kept.frame) for kept in keyframes],
    )
    return MeasuredSpan(analysis, tuple(features), model_s)


def measure_pictures(
    jpegs: Sequence[bytes],
    models: Callable[[], Models],
    *,
    threads: int,
    should_stop: Callable[[], bool],
    store: MediaStore | None = None,
    images: Sequence[str] = (),
) -> tuple[list[Features], float]:
    """Features of stored pictures, in their order, and the wall seconds that took, loading the models aside.

    Args:
        store: where the depth map of each is kept, to be looked at; None keeps none.
        images: the pictures' keys in it, in the same order.

    Raises:
        Cancelled: should_stop said so.
        Unavailable: the store does not take a depth map.
    """
    if not jpegs:
        return [], 0.0
    loaded = models()
    began = time.perf_counter()

    def keep(position: int, depth: bytes) -> None:
        assert store is not None
        store.put(depth_maps.key(images[position], loaded.depth.digest), depth)

    features = measure.measure(
        jpegs, loaded, threads=threads, should_stop=should_stop, on_depth=None if store is None else keep
    )
    return features, time.perf_counter() - began


def embed_pictures(
    pictures: Sequence[T],
    read: Callable[[T], bytes],
    models: Callable[[], Models],
    *,
    threads: int,
    should_stop: Callable[[], bool],
    on_progress: Callable[[int], None],
) -> tuple[NDArray[np.float32], float]:
    """Embeddings of stored pictures whose metrics are known, (n, dim), and the wall seconds, loading models aside.

    Raises:
        Cancelled: should_stop said so.
    """
    if not pictures:
        return np.zeros((0, 0), np.float32), 0.0
    encoder = models().encoder
    began = time.perf_counter()
    vectors = measure.embed(pictures, read, encoder, threads=threads, should_stop=should_stop, on_progress=on_progress)
    return vectors, time.perf_counter() - began


def matchable(shots: Sequence[FoundShot]) -> list[FoundShot]:
    """Shots that may resemble something: black, white and title cards are never matched."""
    return [shot for shot in shots if shot.blank is None]

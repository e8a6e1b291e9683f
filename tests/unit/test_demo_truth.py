"""The arithmetic of holding a timeline against a film's truth."""

from __future__ import annotations

from typing import Any

import pytest

from r2r_workers.demo.truth import compare


def true(start: int, end: int, painting: str | None, transition: str = "cut", frames: int = 0) -> dict[str, Any]:
    return {"start": start, "end": end, "painting": painting, "transition": transition, "transition_frames": frames}


def seen(number: int, start: int, end: int, *stems: str, transition: str = "cut") -> dict[str, Any]:
    matches = [{"rank": k, "painting": {"file": f"works/{stem}.jpg"}} for k, stem in enumerate(stems, 1)]
    return {"number": number, "start_frame": start, "end_frame": end, "transition": transition, "matches": matches}


def hold(found: list[dict[str, Any]], shots: list[dict[str, Any]]):
    return compare({"shots": found}, {"shots": shots})


def test_a_perfect_timeline_is_perfect():
    shots = [true(0, 20, None), true(20, 80, "a"), true(80, 140, "b", "dissolve", 12), true(140, 200, "c")]
    found = [
        seen(1, 0, 20),
        seen(2, 20, 86, "a", "b"),
        seen(3, 86, 140, "b", transition="dissolve"),
        seen(4, 140, 200, "c"),
    ]

    report = hold(found, shots)

    assert [check.rank for check in report.shots] == [1, 1, 1]
    assert (report.shots_found, report.first, report.in_first_five) == (3, 3, 3)
    assert (report.cuts, report.cuts_found, report.cuts_extra) == (2, 2, 0)
    assert (report.blends, report.blends_found) == (1, 1)


@pytest.mark.parametrize(
    ("stems", "rank", "first", "five"),
    [
        (("a", "b"), 1, 1, 1),
        (("b", "c", "d", "e", "a"), 5, 0, 1),
        (("b", "c", "d", "e", "f", "a"), 6, 0, 0),
        (("b",), None, 0, 0),
        ((), None, 0, 0),
    ],
)
def test_the_rank_is_the_true_painting_s(stems, rank, first, five):
    report = hold([seen(7, 0, 48, *stems)], [true(0, 48, "a")])

    (check,) = report.shots
    assert (check.number, check.rank, check.first) == (7, rank, stems[0] if stems else None)
    assert (report.first, report.in_first_five) == (first, five)


def test_matches_count_by_rank_and_not_by_their_place_in_the_list():
    shot = seen(1, 0, 48, "a", "b")
    shot["matches"].reverse()

    assert hold([shot], [true(0, 48, "a")]).shots[0].first == "a"


def test_a_shot_swallowed_by_its_neighbour_is_not_found():
    report = hold([seen(1, 0, 148, "a", "b")], [true(0, 100, "a"), true(100, 148, "b")])

    assert [check.found for check in report.shots] == [True, False]
    assert report.shots[1].rank == 2  # told, but not counted
    assert (report.first, report.in_first_five, report.cuts_found) == (1, 1, 0)


@pytest.mark.parametrize(("begin", "expected"), [(97, 0), (98, 1), (102, 1), (103, 0)])
def test_a_cut_is_found_within_two_frames(begin, expected):
    report = hold([seen(1, 0, begin, "a"), seen(2, begin, 200, "b")], [true(0, 100, "a"), true(100, 200, "b")])

    assert (report.cuts_found, report.cuts_extra) == (expected, 1 - expected)


def test_one_boundary_answers_for_one_cut_only():
    shots = [true(0, 50, "a"), true(50, 52, None), true(52, 100, "b")]

    assert hold([seen(1, 0, 51, "a"), seen(2, 51, 100, "b")], shots).cuts_found == 1
    assert hold([seen(1, 0, 50, "a"), seen(2, 50, 52), seen(3, 52, 100, "b")], shots).cuts_found == 2


@pytest.mark.parametrize(("begin", "expected"), [(97, 0), (98, 1), (106, 1), (114, 1), (115, 0)])
def test_a_dissolve_is_found_anywhere_within_it(begin, expected):
    found = [seen(1, 0, begin, "a"), seen(2, begin, 200, "b", transition="dissolve")]
    report = hold(found, [true(0, 100, "a"), true(100, 200, "b", "dissolve", 12)])

    assert (report.blends, report.blends_found) == (1, expected)


def test_a_film_of_which_nothing_was_found():
    report = hold([], [true(0, 48, "a"), true(48, 96, "b")])

    assert (report.shots_found, report.first, report.cuts, report.cuts_found) == (0, 0, 1, 0)
    assert report.shots[0].number is None

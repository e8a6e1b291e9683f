"""Reasons by which refusals are counted: a film's name is left out, whatever it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from r2r_cli.ingesting.bulk import refusal
from r2r_shared.errors import FilmRefused


@pytest.mark.parametrize(
    ("place", "message", "reason"),
    [
        (Path("x"), "x is text, not a film", "is text, not a film"),
        (Path("is"), "is is empty (0 bytes)", "is empty"),
        (Path("/films/a.mp4"), "a.mp4 holds no video (audio in a mov container)", "holds no video"),
        (Path("/films/a.mp4"), "/films/a.mp4 does not exist", "does not exist"),
        (Path("film"), "none of the film's frames says when", "none of the film's frames says when"),
        ("s3://b/a.mp4", "cannot read s3://b/a.mp4: there is no such bucket", "cannot read: there is no such bucket"),
    ],
)  # fmt: skip
def test_a_reason_names_no_film_and_keeps_its_words(place, message, reason):
    assert refusal(place, FilmRefused(message)).reason == reason


def test_a_reason_that_came_with_the_error_is_kept():
    error = FilmRefused("a.mp4 lies on 7", reason="lies elsewhere")

    assert refusal(Path("a.mp4"), error).reason == "lies elsewhere"

"""Which pictures are title cards, and which job options name a detector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from r2r_shared.errors import UserError
from r2r_shared.film.index import FilmIndex
from r2r_shared.film.probe import scan
from r2r_workers.media.blank import is_title_card
from r2r_workers.media.geometry import plan_geometry
from r2r_workers.media.reader import open_reader
from r2r_workers.media.settings import DetectorSettings

TRAILER = Path(__file__).parents[3] / "shared" / "media" / "sintel_trailer_480.mp4"


def card(*words: tuple[str, int, int]) -> np.ndarray:
    """(216, 512, 3) white words on near-black; each is (text, left, baseline)."""
    import cv2

    picture = np.full((216, 512, 3), 10, np.uint8)
    for text, left, baseline in words:
        cv2.putText(picture, text, (left, baseline), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (240, 240, 240), 1)
    return picture


def test_lines_of_text_are_a_title_card() -> None:
    assert is_title_card(card(("REEL TO REAL", 180, 110)))
    assert is_title_card(card(("Directed by", 190, 60), ("somebody", 200, 100), ("and others", 195, 140)))


def test_an_emblem_may_stand_above_the_name() -> None:
    import cv2

    picture = card(("a studio of some renown", 150, 180))
    cv2.circle(picture, (256, 90), 40, (240, 240, 240), 1)

    assert is_title_card(picture)


def test_a_thin_drawing_that_stands_upright_is_a_picture() -> None:
    import cv2

    picture = card()
    cv2.ellipse(picture, (256, 100), (25, 60), 0, 0, 360, (240, 240, 240), 1)
    cv2.line(picture, (256, 40), (256, 160), (240, 240, 240), 1)

    assert not is_title_card(picture)


def test_a_scene_is_no_title_card() -> None:
    rng = np.random.default_rng(1)
    assert not is_title_card(np.kron(rng.integers(0, 255, (27, 64, 3)), np.ones((8, 8, 1))).astype(np.uint8))
    assert not is_title_card(card())


def test_the_cards_of_a_real_trailer() -> None:
    if not TRAILER.is_file():
        pytest.skip(f"{TRAILER.name} is not in ../shared/media")
    film = scan(TRAILER)
    index = FilmIndex.from_bytes(film.index)
    frames = open_reader("pyav", TRAILER, index, plan_geometry(film), threads=2).read(0)
    cards = {index.time_s(n) for n, picture in frames if n % 12 == 0 and is_title_card(picture)}

    assert {9.5, 10.0, 10.5, 11.0, *np.arange(42, 47, 0.5), 48.0, *np.arange(49, 51, 0.5)} <= cards
    assert all(9 <= time_s <= 11.5 or time_s >= 41 for time_s in cards)


def test_a_job_names_its_detector() -> None:
    assert DetectorSettings.from_options({}) == DetectorSettings()
    assert DetectorSettings.from_options({"kind": "transnet"}).kind == "transnet"
    assert DetectorSettings.from_options({"min_content": 20}).min_content == 20


@pytest.mark.parametrize(
    "options",
    [{"threshold": 3}, {"kind": "magic"}, {"min_content": float("nan")}, {"min_content": "15"}, {"min_content": True}],
)
def test_options_of_another_version_are_refused_with_a_reason(options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="the job") as caught:
        DetectorSettings.from_options(options)

    assert "--force" in caught.value.hint

"""What a notebook asks with: what is of a wrong kind is one plain complaint, and not an error from deep inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from r2r_shared.errors import NotFound, UserError
from r2r_shared.queries import profiles, ranges
from r2r_shared.reading.library import Library, library
from r2r_shared.storage.media_store import MediaStore
from tests import synthetic
from tests.synthetic import Shot, World


@pytest.fixture
def reading(conn, settings) -> Library:
    """A film of twelve shots and some paintings, as a notebook has them."""
    world, profile_id = World(dim=8), synthetic.add_profile(conn, dim=8)
    synthetic.add_paintings(conn, profile_id, world.draw(12))
    synthetic.add_film(conn, profile_id, [Shot(3, world.draw(1)) for _ in range(12)])
    ranges.refresh(conn, profile_id)
    profile = profiles.named(conn, "synthetic")
    assert profile is not None
    return Library(conn, MediaStore(settings.media_root), settings, profile)


WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "a truth for a film": (lambda r: r.timeline(True), "a bool names no film"),
    "no film": (lambda r: r.shots(None), "a NoneType names no film"),
    "half a number for a film": (lambda r: r.film(1.5), "a float names no film"),
    "a timeline where a film is asked for": (lambda r: r.similar(r.timeline("A film")), "a Timeline names no film"),
    "a NUL in a film": (lambda r: r.timeline("A\0film"), "has a NUL character"),
    "a NUL in a painting": (lambda r: r.echoes("No.\0 1"), "has a NUL character"),
    "a list of paintings": (lambda r: r.echoes([1, 2]), "a list names no painting"),
    "a NUL in words": (lambda r: r.paintings("sun\0flowers"), "words='sun.*' has a NUL character"),
    "a NUL in an artist": (lambda r: r.paintings(artist="\0"), "artist=.* has a NUL character"),
    "a NUL in a collection": (lambda r: r.paintings(collection="\0"), "collection=.* has a NUL character"),
    "a number for words": (lambda r: r.paintings(5), "words=5 is no text"),
    "a number for a collection": (lambda r: r.paintings(collection=5), "collection=5 is no text"),
    "a number for an artist": (lambda r: r.matches("A film", artist=5), "artist=5 is no text"),
    "a number for a movement": (lambda r: r.matches("A film", movement=5), "movement=5 is no text"),
    "text for a number of paintings": (lambda r: r.matches("A film", top_k="5"), "top_k='5' is no number of paintings"),
    "text for one of a timeline": (lambda r: r.matches(r.timeline("A film"), top_k="5"), "top_k='5' is no number"),
    "a truth for a number": (lambda r: r.timeline("A film", top_k=True), "top_k=True is no number of paintings"),
    "text for a number of rows": (lambda r: r.hubs(limit="5"), "limit='5' is no number of rows"),
    "text for a number of names": (lambda r: r.catalogue_influence(names="5"), "names='5' is no number of rows"),
    "text for a length": (lambda r: r.windows("A film", window_s="12"), "window_s='12' is no length of a window"),
    "a list of weights": (lambda r: r.timeline("A film", weights=[0.1] * 8), r"weights=\[0.1.* are no weights"),
    "a weight that is none": (lambda r: r.timeline("A film", weights={"dc": None}), "dc=None is not a weight"),
    "a word for a truth": (lambda r: r.matches("A film", convincing="no"), "convincing='no' is neither True nor False"),
    "a kind of name that is a list": (lambda r: r.influence("A film", of=["artist"]), "is no kind of name"),
    "no picture": (lambda r: r.picture(None), "a NoneType names no picture"),
}


@pytest.mark.parametrize(("ask", "complaint"), WRONG.values(), ids=WRONG)
def test_a_question_of_the_wrong_kind_is_one_plain_complaint(reading: Library, ask, complaint):
    with pytest.raises(UserError, match=complaint) as told:
        ask(reading)

    assert told.value.hint
    assert "\n" not in told.value.message


def test_a_profile_of_the_wrong_kind_is_told_before_anything_is_opened(settings, conn):
    with pytest.raises(UserError, match="profile=5 is no text"), library(profile=5, settings=settings):
        pass


def test_numbers_out_of_a_data_frame_are_as_good_as_pythons(reading: Library):
    film = reading.film("A film")
    shots = reading.shots(np.int64(film.id)).to_pandas()  # type: ignore[arg-type]

    assert reading.film(shots["film_id"].iloc[0]) == film
    assert reading.matches(film, top_k=np.int64(2)) == reading.matches(film, top_k=2)  # type: ignore[arg-type]
    painting_id = reading.matches(film).to_pandas()["painting_id"].iloc[0]
    assert reading.echoes(painting_id) == reading.echoes(int(painting_id))
    assert len(reading.windows(film, window_s=np.float64(12))) == 3 * len(reading.influence(film))


@pytest.mark.parametrize("name", [2**80, -1, 0, "A\udc80film", "no such film"])
def test_a_film_that_is_not_there_is_not_found_however_odd_its_name(reading: Library, name):
    with pytest.raises(NotFound):
        reading.film(name)
    with pytest.raises(NotFound):
        reading.echoes(name)

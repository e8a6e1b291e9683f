"""Which film a person means: by path, number, title or a piece of it; never by nothing, never one of several."""

from __future__ import annotations

import os

import pytest

from r2r_shared.errors import NotFound
from r2r_shared.queries import films
from tests import synthetic


@pytest.fixture
def film(conn):
    """Adds a film of that title."""
    profile_id = synthetic.add_profile(conn)

    def add(title, *, year=None, path=None):
        film_id, _, _ = synthetic.add_film(conn, profile_id, [], year=year)
        path = path or f"/films/{film_id}.mp4"
        conn.execute("UPDATE films SET title = %s, path = %s WHERE id = %s", (title, path, film_id))
        return film_id

    return add


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
@pytest.mark.parametrize("whole", [True, False])
def test_nothing_names_no_film(conn, film, blank, whole):
    film("The Only One")
    with pytest.raises(NotFound, match="no film is named"):
        films.find(conn, blank, whole=whole)


def test_a_piece_of_a_title_is_enough_to_look_and_not_to_remove(conn, film):
    film_id = film("Barry Lyndon")

    assert films.find(conn, "lyndon") == film_id
    with pytest.raises(NotFound, match="no film answers to “lyndon”") as refused:
        films.find(conn, "lyndon", whole=True)
    assert "whole title" in refused.value.hint
    for name in ("barry lyndon", str(film_id), f"/films/{film_id}.mp4"):
        assert films.find(conn, name, whole=True) == film_id


def test_a_whole_title_counts_before_pieces_of_others(conn, film):
    film("Solaris Revisited")
    film_id = film("Solaris", year=1972)
    assert films.find(conn, "solaris") == film_id


def test_several_films_are_listed(conn, film):
    ids = [film("Solaris", year=1972), film("Solaris", year=2002)]

    with pytest.raises(NotFound) as refused:
        films.find(conn, "solaris")

    assert refused.value.message == f"“solaris” could be: {ids[0]} Solaris (1972); {ids[1]} Solaris (2002)"
    assert "number" in refused.value.hint


@pytest.mark.parametrize("whole", [True, False])
def test_a_number_that_is_another_film_s_title_is_not_guessed(conn, film, whole):
    first = film("Metropolis")
    second = film(str(first))

    with pytest.raises(NotFound, match=f"could be: {first} Metropolis; {second} {first}") as refused:
        films.find(conn, str(first), whole=whole)

    assert f"film {first} by its path" in refused.value.hint
    assert films.find(conn, str(second), whole=whole) == second
    assert films.find(conn, f"/films/{first}.mp4", whole=whole) == first


def test_a_film_whose_title_is_its_own_number_is_no_riddle(conn, film):
    film_id = film("x")
    conn.execute("UPDATE films SET title = id::text WHERE id = %s", (film_id,))
    assert films.find(conn, str(film_id)) == film_id


def test_a_title_with_wildcards_is_taken_by_the_letter(conn, film):
    film("A Hundred Men")
    film_id = film("100% Wolf")
    assert films.find(conn, "100%") == film_id
    with pytest.raises(NotFound, match="no film answers"):
        films.find(conn, "_undred")


def test_a_name_that_is_no_text_is_no_film_s(conn, film, tmp_path):
    film("x")
    with pytest.raises(NotFound, match=r"no film answers to “caf\\xe9”"):
        films.find(conn, "caf\udce9")

    path = tmp_path / "caf\udce9.mp4"
    path.write_bytes(b"a film")
    with pytest.raises(NotFound, match="has not been ingested"):
        films.find(conn, os.fspath(path), digest_of=lambda _: b"other")


def test_a_film_is_known_by_its_bytes_under_a_name_that_is_no_text(conn, film, tmp_path):
    film_id = film("x")
    path = tmp_path / "caf\udce9.mp4"
    path.write_bytes(b"a film")

    assert films.find(conn, os.fspath(path), digest_of=lambda _: films.get(conn, film_id).sha256) == film_id

"""A film is its bytes: a file at its path that holds others is not the film."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from r2r_shared.errors import PermanentError
from r2r_shared.film_file import FilmFile, Stamp, check_unchanged, digest


def known(*paths: Path) -> FilmFile:
    return FilmFile(digest(paths[0]), tuple((path, Stamp.of(path)) for path in paths))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"the film")
    return path


def test_an_untouched_file_is_the_film(path: Path) -> None:
    assert known(path).locate() == (path, Stamp.of(path))


def test_a_copy_with_another_time_is_the_film_by_its_bytes(path: Path) -> None:
    film = known(path)
    os.utime(path, ns=(1, 1))

    assert film.locate() == (path, Stamp(len(b"the film"), 1))


def test_other_bytes_of_the_same_length_are_not_the_film(path: Path) -> None:
    film = known(path)
    path.write_bytes(b"THE FILM")
    os.utime(path, ns=(1, 1))

    with pytest.raises(PermanentError, match="no longer the film"):
        film.locate()


def test_a_film_seen_in_two_places_is_found_in_the_one_that_is_left(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "b.mp4"
    copy.write_bytes(path.read_bytes())
    film = known(path, copy)
    path.write_bytes(b"something longer")

    assert film.locate()[0] == copy

    copy.unlink()
    with pytest.raises(PermanentError, match="no longer the film"):
        film.locate()
    path.unlink()
    with pytest.raises(PermanentError, match="not there for this worker"):
        film.locate()


def test_what_is_no_regular_file_is_no_film(path: Path) -> None:
    film = known(path)
    path.unlink()
    os.mkfifo(path)

    with pytest.raises(PermanentError, match="not there"):
        film.locate()


def test_a_film_that_is_written_to_while_it_is_read_is_noticed(path: Path) -> None:
    stamp = Stamp.of(path)
    check_unchanged(path, stamp)
    with path.open("ab") as file:
        file.write(b"more")

    with pytest.raises(PermanentError, match="changed while"):
        check_unchanged(path, stamp)

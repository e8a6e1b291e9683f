"""A film is its bytes: a file at its place that holds others is not the film."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from r2r_shared.errors import AnalysisFailed, PermanentError, Unavailable
from r2r_shared.film.file import FilmFile, Here, Located
from r2r_shared.film.places import InRoot, OnDisk, Place, upload_of
from r2r_shared.film.stamps import Stamp, check_unchanged, digest
from r2r_shared.storage.media_store import MediaStore
from r2r_shared.storage.scratch import Scratch

FILM = b"the film"


def known(*paths: Path) -> FilmFile:
    return FilmFile(digest(paths[0]), tuple((OnDisk(path), Stamp.of(path)) for path in paths))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(FILM)
    return path


def here(tmp_path: Path, roots: Mapping[str, Path] | None = None) -> Here:
    """A machine with these roots, and a media store of its own directory."""
    return Here(roots or {}, Scratch(tmp_path / "scratch", 1 << 20), MediaStore(str(tmp_path / "media")))


def locate(film: FilmFile, machine: Here) -> Located:
    with ExitStack() as held:
        return held.enter_context(film.locate(machine))


def test_an_untouched_file_is_the_film(path, tmp_path):
    assert locate(known(path), here(tmp_path)) == (path, Stamp.of(path))


def test_a_copy_with_another_time_is_the_film_by_its_bytes(path, tmp_path):
    film = known(path)
    os.utime(path, ns=(1, 1))

    assert locate(film, here(tmp_path)) == (path, Stamp(len(FILM), 1))


def test_other_bytes_of_the_same_length_are_not_the_film(path, tmp_path):
    film = known(path)
    path.write_bytes(b"THE FILM")
    os.utime(path, ns=(1, 1))

    with pytest.raises(PermanentError, match="no longer the film"):
        locate(film, here(tmp_path))


def test_a_film_seen_in_two_places_is_found_in_the_one_that_is_left(path, tmp_path):
    copy = tmp_path / "b.mp4"
    copy.write_bytes(path.read_bytes())
    film = known(path, copy)
    path.write_bytes(b"something longer")

    assert locate(film, here(tmp_path)).path == copy

    copy.unlink()
    with pytest.raises(PermanentError, match="no longer the film"):
        locate(film, here(tmp_path))
    (tmp_path / "its neighbour.mp4").touch()
    path.unlink()
    with pytest.raises(PermanentError, match=r"not there for this worker .*: if it was moved"):
        locate(film, here(tmp_path))


def test_an_empty_directory_or_none_is_a_share_that_is_away(path, tmp_path):
    film = known(path)
    path.unlink()
    with pytest.raises(Unavailable, match=r"a\.mp4 cannot be read by this worker"):
        locate(film, here(tmp_path / "other"))

    lost = FilmFile(film.sha256, ((OnDisk(tmp_path / "no" / "share" / "a.mp4"), film.places[0][1]),))
    with pytest.raises(Unavailable) as away:
        locate(lost, here(tmp_path / "other"))
    assert "R2R_FILM_ROOTS" in away.value.hint


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EACCES, errno.ENOTCONN])
def test_a_share_that_does_not_answer_may_answer_later(path, tmp_path, monkeypatch, number):
    film = known(path)

    def away(_: Path) -> Stamp:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("r2r_shared.film.file.Stamp.of", away)
    with pytest.raises(Unavailable, match="cannot be read by this worker"):
        locate(film, here(tmp_path))


def test_links_in_a_circle_are_no_share(path, tmp_path):
    film = known(path)
    path.unlink()
    path.symlink_to(path)

    with pytest.raises(PermanentError, match="not there"):
        locate(film, here(tmp_path))


def test_what_is_no_regular_file_is_no_film(path, tmp_path):
    film = known(path)
    path.unlink()
    os.mkfifo(path)

    with pytest.raises(PermanentError, match="not there"):
        locate(film, here(tmp_path))


def test_a_film_under_a_root_is_found_where_this_machine_mounts_it(path, tmp_path):
    film = FilmFile(digest(path), ((InRoot("archive", "silent/a.mp4"), Stamp.of(path)),))
    mounted = tmp_path / "elsewhere"
    (mounted / "silent").mkdir(parents=True)
    (mounted / "silent" / "a.mp4").write_bytes(FILM)

    found = locate(film, here(tmp_path, {"archive": mounted, "nas": tmp_path}))

    assert found.path == mounted / "silent" / "a.mp4"


def test_a_machine_without_the_root_leaves_the_film_to_others_and_says_what_to_set(path, tmp_path):
    film = FilmFile(digest(path), ((InRoot("archive", "a.mp4"), Stamp.of(path)),))

    with pytest.raises(Unavailable, match="no film root “archive”: it has nas") as put_off:
        locate(film, here(tmp_path, {"nas": tmp_path}))

    assert "R2R_FILM_ROOTS=archive=" in put_off.value.hint


def test_a_film_that_is_gone_says_the_three_ways(path, tmp_path):
    film = known(path)
    path.rename(tmp_path / "moved.mp4")

    with pytest.raises(PermanentError) as refused:
        locate(film, here(tmp_path))

    said = str(refused.value)
    for way in ("ingest` it where it is now", "same path", "R2R_FILM_ROOTS", "--upload"):
        assert way in said
    assert "\n" not in said


def test_a_link_that_leads_out_of_a_root_is_not_followed(path, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.mp4").symlink_to(path)
    (root / "up").symlink_to(tmp_path)
    for rest in ("a.mp4", "up/a.mp4"):
        film = FilmFile(digest(path), ((InRoot("archive", rest), Stamp.of(path)),))
        with pytest.raises(PermanentError, match=f"leads out of {root}"):
            locate(film, here(tmp_path, {"archive": root}))


def test_an_upload_serves_a_machine_that_has_another_film_at_the_path(path, tmp_path):
    film = known(path)
    machine = here(tmp_path)
    upload = upload_of(film.sha256, "a.mp4")
    stamp = machine.store.put_file(upload.key, path, sha256=film.sha256)
    path.write_bytes(b"another machine's film")
    places: tuple[tuple[Place, Stamp], ...] = ((upload, stamp), *film.places)

    assert locate(FilmFile(film.sha256, places), machine).path == machine.store.path_or_none(upload.key)


def test_a_film_that_is_written_to_while_it_is_read_is_noticed(path):
    stamp = Stamp.of(path)
    check_unchanged(path, stamp)
    with path.open("ab") as file:
        file.write(b"more")

    with pytest.raises(PermanentError, match="changed while"):
        check_unchanged(path, stamp)


def test_what_goes_wrong_with_a_film_that_was_found_is_not_taken_for_a_film_that_is_not_there(path, tmp_path):
    """`locate` is around the whole analysis: an error of that is its own."""
    with pytest.raises(OSError, match="the decoder's"), known(path).locate(here(tmp_path)):
        raise OSError("the decoder's")


def test_what_a_decoder_says_of_a_copy_is_said_of_the_film(path, tmp_path):
    film = known(path)
    machine = here(tmp_path)
    upload = upload_of(film.sha256, "The Film.mp4")
    stamp = machine.store.put_file(upload.key, path, sha256=film.sha256)
    path.unlink()

    with (
        pytest.raises(AnalysisFailed, match=r"^The_Film\.mp4, frames 0 to 9"),
        FilmFile(film.sha256, ((upload, stamp),)).locate(machine) as found,
    ):
        raise AnalysisFailed(f"{found.path.name}, frames 0 to 9: it hangs")

"""Where a file may be written, and what is never written over."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from r2r_cli import files
from r2r_shared.errors import UserError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "old.csv", tmp_path / "now.csv"
    target.write_text("a longer text than the new one")
    link.symlink_to(target)

    files.write_text(link, "new")

    assert link.is_symlink()
    assert target.read_text() == "new"
    assert names(target.parent) == ["old.csv"]

    # And one that leads to nothing yet makes it there
    target.unlink()
    files.write_text(link, "again")
    assert (link.is_symlink(), target.read_text()) == (True, "again")


def test_a_pipe_is_written_into_and_stays_one(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()

    files.write_all([(pipe, b"through"), (tmp_path / "beside.txt", b"kept")])

    reader.join(timeout=10)
    assert read == [b"through"]
    assert pipe.is_fifo()
    assert (tmp_path / "beside.txt").read_bytes() == b"kept"


@pytest.mark.parametrize("appended", [False, True])
def test_standard_output_is_written_to_as_it_stands(tmp_path, appended):
    """/dev/stdout leads to /proc/self/fd/1: here by the latter, which no mistake can replace by a file."""
    out = tmp_path / "out"
    out.write_text("before\n" if appended else "")
    code = "from pathlib import Path; from r2r_cli import files; files.write_text(Path('/proc/self/fd/1'), 'said\\n')"

    with out.open("a") as file:
        subprocess.run([sys.executable, "-c", f"{code}; print('after')"], check=True, stdout=file)
    piped = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert out.read_text() == ("before\n" if appended else "") + "said\nafter\n"
    assert piped.stdout == "said\n"


def test_where_one_cannot_be_written_into_none_is_moved(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    place = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(place))

        with pytest.raises(UserError) as caught:
            files.write_all([(tmp_path / "a.txt", b"new"), (place, b"new")])

    assert caught.value.message.startswith(f"{place} cannot be written")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt", "socket"]


@pytest.mark.parametrize("name", ["-", "folder", "gone/a.txt"])
def test_what_is_no_place_for_a_file_is_said_and_nothing_is_moved(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()

    with pytest.raises(UserError):
        files.write_all([(tmp_path / "a.txt", b"new"), (Path(name), b"new")])

    assert names(tmp_path) == ["folder"]
    assert names(tmp_path / "folder") == []


@pytest.mark.parametrize("name", ["film.mp4", "FILM.MOV", "a.mkv", "scan.tif", "photograph.jpg", "a.mxf"])
def test_a_film_or_picture_is_not_written_over_with_something_else(tmp_path, name):
    (tmp_path / name).write_bytes(b"a film")
    (tmp_path / "link.csv").symlink_to(tmp_path / name)

    for place in (tmp_path / name, tmp_path / "link.csv"):
        with pytest.raises(UserError) as caught:
            files.write_all([(tmp_path / "good.csv", b"new"), (place, b"shot,start_s")])
        assert caught.value.hint == "name another file"

    assert (tmp_path / name).read_bytes() == b"a film"
    assert not (tmp_path / "good.csv").exists()


def test_a_picture_of_ours_takes_the_place_of_an_older_one(tmp_path):
    picture = tmp_path / "triplets.jpg"
    for data in (b"\xff\xd8\xff\xe0 old", b"\xff\xd8\xff\xe0 new"):
        files.write_bytes(picture, data)

    assert picture.read_bytes() == b"\xff\xd8\xff\xe0 new"


def test_a_film_is_known_by_every_name_it_has(tmp_path):
    film = tmp_path / "film without an ending"
    film.write_bytes(b"a film")
    (tmp_path / "link").symlink_to(film)
    os.link(film, tmp_path / "second.csv")

    for name in (film, tmp_path / "link", tmp_path / "second.csv", tmp_path / "." / film.name):
        with pytest.raises(UserError):
            files.spare(film, [tmp_path / "new.csv", name])
    files.spare(film, [tmp_path / "new.csv"])
    files.spare(tmp_path / "gone.mp4", [film])

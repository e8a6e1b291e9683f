"""Bad input gets one clear line, exit code 1, and leaves no trace."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.acceptance.cli import Cli


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory, material: Path) -> Path:
    """One file of each kind that is no film."""
    folder = tmp_path_factory.mktemp("bad")
    film = (material / "film.mp4").read_bytes()
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("this is no film\n" * 100)
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile 'film.mp4'\n")
    (folder / "list.m3u8").write_text("#EXTM3U\n#EXTINF:10,\nfilm.mp4\n")
    _sound(folder / "sound.mp4")
    (folder / "no-index.mp4").write_bytes(film[: len(film) // 2].replace(b"moov", b"free"))
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe.mp4")
    (folder / "folder.mp4").mkdir()
    return folder


def _sound(path: Path) -> None:
    """A second of silence in a film's container."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="stereo")
        for number in range(44):
            frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 44100, 1024 * number, Fraction(1, 44100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


BAD = ["empty.mp4", "text.mp4", "list.mp4", "list.m3u8", "no-index.mp4", "sound.mp4", "loop", "pipe.mp4", "folder.mp4"]


@pytest.mark.parametrize("name", [*BAD, "absent.mp4"])
def test_a_file_that_is_no_film_is_refused_in_one_line(ingested: Cli, bad: Path, name: str) -> None:
    before = (ingested.json("films", "list"), ingested.json("jobs", "list"))

    said = ingested.run("ingest", bad / name, code=1)

    lines = said.stderr.strip().splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "hint"], said.stderr
    assert name in lines[0]
    assert (ingested.json("films", "list"), ingested.json("jobs", "list")) == before


def test_a_file_of_sound_alone_is_named_as_that(ingested: Cli, bad: Path) -> None:
    (refused,) = ingested.json("ingest", bad / "sound.mp4", code=1)["refused"]

    assert "sound.mp4 holds no video" in refused["error"]
    assert refused["hint"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/dev/zero", "is a device, not a film file"),
        ("/dev/null", "is a device, not a film file"),
        ("http://127.0.0.1:9/film.mp4", "is an address that is not opened"),
        ("concat:a.mp4|b.mp4", "does not exist"),
    ],
)
def test_devices_and_addresses_are_not_opened(ingested: Cli, name: str, reason: str) -> None:
    """An address is taken for the name of a file, and there is none: nobody listens at that port."""
    before = ingested.json("films", "list")

    said = ingested.run("ingest", name, code=1)

    lines = said.stderr.strip().splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "hint"], said.stderr
    assert reason in lines[0]
    assert ingested.json("films", "list") == before


def test_a_good_film_beside_a_bad_one_is_taken(fresh: Cli, bad: Path, material: Path) -> None:
    said = fresh.json("ingest", bad / "text.mp4", material / "film.mp4", code=1)

    assert [film["state"] for film in said["films"]] == ["ready"]
    assert [Path(row["path"]).name for row in said["refused"]] == ["text.mp4"]

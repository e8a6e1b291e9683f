"""What is no film is refused with one line that says why, and one that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from r2r_shared.errors import FilmRefused
from r2r_shared.film import probe
from r2r_shared.film import scan as film_scan
from tests.unit.media_films import coded_film, write_film

QUICK = {"preset": "ultrafast"}


def refusal(path: Path) -> FilmRefused:
    with pytest.raises(FilmRefused) as caught:
        probe.probe(path, limit_s=60)
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value


def mux_sound(container: av.container.OutputContainer, stream: av.AudioStream) -> None:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), format="fltp", layout="mono")
    frame.sample_rate = 44100
    container.mux(stream.encode(frame))
    container.mux(stream.encode())


def test_a_path_that_leads_to_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    loop = tmp_path / "loop.mp4"
    loop.symlink_to(loop)
    empty = tmp_path / "empty.mp4"
    empty.touch()

    assert "is a pipe" in refusal(pipe).message
    assert "is a directory" in refusal(tmp_path).message
    assert "is a device" in refusal(Path("/dev/zero")).message
    assert "leads in a circle" in refusal(loop).message
    assert "link" in refusal(loop).hint
    assert "does not exist" in refusal(tmp_path / "none.mp4").message
    assert "is empty" in refusal(empty).message


def test_a_path_through_a_file_or_into_what_may_not_be_entered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.touch()

    through = refusal(file / "b.mp4")
    assert "leads through a file" in through.message
    assert through.hint == "check the path"

    long = refusal(tmp_path / ("a" * 300))
    assert "cannot be reached" in long.message
    assert "link" not in long.hint

    def shut(path: Path, *, strict: bool) -> Path:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "resolve", shut)  # root, who may run the tests, may enter everything
    closed = refusal(file)
    assert "may not be looked at" in closed.message
    assert "permission" in closed.hint


def test_frames_whose_order_nothing_tells(tmp_path: Path) -> None:
    path = coded_film(tmp_path / "a.mpg", 30, codec="libx265", options={**QUICK, "x265-params": "log-level=none"})

    assert "does not tell in what order" in refusal(path).message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("#EXTM3U\nhttp://example.org/a.ts\n", "a playlist"),
        ("ffconcat version 1.0\nfile other.mp4\n", "a playlist"),
        ("<MPD></MPD>", "a playlist"),
        ("Dear diary,\n", "text"),
    ],
)
def test_text_that_calls_itself_a_film(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_text(text)

    assert f"is {what}, not a film" in refusal(path).message


def test_a_playlist_never_opens_another_file(tmp_path: Path) -> None:
    coded_film(tmp_path / "other.mp4", 5, options=QUICK)
    for name, text in (
        ("a.m3u8", "#EXTM3U\n#EXTINF:1,\nother.mp4\n"),
        ("a.ffconcat", "ffconcat version 1.0\nfile other.mp4\n"),
    ):
        (tmp_path / name).write_text(text)
        refusal(tmp_path / name)
    with pytest.raises(FilmRefused):
        probe.probe(Path(f"concat:{tmp_path}/other.mp4"))
    with pytest.raises(FilmRefused):
        probe.probe(Path("http://localhost:1/film.mp4"))


def test_an_mp4_whose_index_is_missing(tmp_path: Path) -> None:
    path = coded_film(tmp_path / "a.mp4", 20, options=QUICK)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])

    assert "no index (moov)" in refusal(path).message


def test_sound_without_pictures(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        mux_sound(container, container.add_stream("aac", rate=44100, layout="mono"))

    assert "no video" in refusal(path).message


def test_sound_with_a_cover_picture(tmp_path: Path) -> None:
    path = tmp_path / "album.mp4"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        sound = container.add_stream("aac", rate=44100, layout="mono")
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux(cover.encode(picture))
        mux_sound(container, sound)

    assert "cover picture" in refusal(path).message


def test_pictures_that_do_not_decode(tmp_path: Path) -> None:
    path = coded_film(tmp_path / "a.mkv", 30, options=QUICK)
    with av.open(str(path)) as container:
        packets = [bytes(p) for p in container.demux(video=0) if p.size]
    data = path.read_bytes()
    for packet in packets:
        data = data.replace(packet, b"\x00\x00\x00\x01" + b"\xff" * (len(packet) - 4))
    path.write_bytes(data)

    assert "no picture that can be decoded" in refusal(path).message


def test_noise_and_unwelcome_containers(tmp_path: Path) -> None:
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(np.random.default_rng(1).bytes(100_000))
    gif = write_film(tmp_path / "a.gif", [np.zeros((64, 64, 3), np.uint8)] * 3, codec="gif", pix_fmt="rgb8")

    assert "no film container" in refusal(noise).message
    assert "no film container" in refusal(gif).message


def test_absurd_pictures_and_codecs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = coded_film(tmp_path / "a.mp4", 5, options=QUICK)
    monkeypatch.setattr(film_scan, "MAX_SIDE_PX", 100)
    with pytest.raises(FilmRefused, match="claims pictures of 144×112"):
        probe.scan(path)
    monkeypatch.undo()
    monkeypatch.setattr(film_scan, "CODECS", frozenset({"vp9"}))
    with pytest.raises(FilmRefused, match="coded as h264"):
        probe.scan(path)


def test_an_encrypted_film(tmp_path: Path) -> None:
    clear, path = coded_film(tmp_path / "clear.mp4", 20, options=QUICK), tmp_path / "locked.mp4"
    lock = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "0" * 31 + "1", "encryption_kid": "0" * 31 + "2"}
    with av.open(str(clear)) as source, av.open(str(path), "w", options=lock) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)

    assert "encrypted" in refusal(path).message


def test_a_probe_that_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = coded_film(tmp_path / "a.mp4", 5, options=QUICK)
    sleeper = tmp_path / "python"
    sleeper.write_text("#!/bin/sh\nexec sleep 1000\n")
    sleeper.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(sleeper))

    with pytest.raises(FilmRefused, match="could not be looked through within 1 s"):
        probe.probe(path, limit_s=1)


def test_the_probe_process_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R2R_DATABASE_URL", "postgresql://secret")
    show = subprocess.run(["env"], env=probe.child_environment(), capture_output=True, check=True)
    assert b"secret" not in show.stdout


def test_bars_are_found_where_all_pictures_have_them() -> None:
    rng = np.random.default_rng(2)

    def picture(low: int, high: int) -> np.ndarray:
        noisy = rng.integers(0, 12, (200, 400)).astype(np.uint8)
        noisy[low:high] = rng.integers(60, 200, (high - low, 400))
        return noisy

    assert film_scan.active_box([picture(30, 170), picture(31, 170)]).y == 30
    assert film_scan.active_box([picture(30, 170), picture(0, 200)]).height == 200  # one lit picture keeps all
    assert film_scan.active_box([picture(30, 200)]).height == 200  # bars come in pairs
    night = rng.integers(0, 20, (200, 400)).astype(np.uint8)
    assert film_scan.active_box([night]).height == 200

"""Both readers give the same frames under the same numbers, on everything that they share."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from r2r_shared.film import scan as film_scan
from r2r_shared.film.index import FilmIndex
from r2r_shared.film.probe import scan
from r2r_shared.records import Box
from r2r_workers.media.decord_reader import DecordReader
from r2r_workers.media.geometry import plan_geometry
from r2r_workers.media.reader import open_reader
from tests.unit.media_films import coded_film, coded_picture, numbers, read_number, write_film

CLOSED = {"g": "30", "preset": "ultrafast", "bf": "2", "b_strategy": "0"}
X265 = {"x265-params": "log-level=none:open-gop=0:keyint=30:bframes=3", "preset": "ultrafast"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "30", "lag-in-frames": "0"}

SHARED_CASES = {
    "h264 with B-frames": ("a.mp4", {"options": {**CLOSED, "preset": "veryfast", "bf": "3"}}),
    "h264 in mov": ("a.mov", {"options": CLOSED}),
    "h264 in mkv": ("a.mkv", {"options": CLOSED}),
    "hevc in mp4": ("a.mp4", {"codec": "libx265", "options": X265}),
    "hevc in mkv": ("a.mkv", {"codec": "libx265", "options": X265}),
    "hevc of 10 bits": ("a.mp4", {"codec": "libx265", "pix_fmt": "yuv420p10le", "options": X265}),
    "vp9 in webm": ("a.webm", {"codec": "libvpx-vp9", "options": VP9}),
    "vp9 in mp4": ("a.mp4", {"codec": "libvpx-vp9", "options": VP9}),
    "vp9 in mkv": ("a.mkv", {"codec": "libvpx-vp9", "options": VP9}),
    "variable rate": ("a.mkv", {"options": CLOSED, "times": [n * 40 + (n % 3) * 9 for n in range(90)]}),
    "odd sizes": ("a.mp4", {"options": CLOSED, "pix_fmt": "yuv444p", "width": 145, "height": 113}),
    "wide pixels": ("a.mp4", {"options": CLOSED, "aspect": Fraction(4, 3)}),
    "starts late": ("a.mkv", {"options": CLOSED, "first_pts": 50}),
    "on its side": ("a.mov", {"options": CLOSED, "rotation": 90}),
}


@pytest.mark.parametrize("case", SHARED_CASES)
def test_both_readers_are_frame_exact(case: str, tmp_path: Path) -> None:
    name, how = SHARED_CASES[case]
    path = coded_film(tmp_path / name, **how)
    film = scan(path)
    if case != "odd sizes":
        assert film.reader == "decord", film.reader_reason
    truth = [(n, n) for n in range(90)]

    for start in (0, 31, 59, 75):
        assert numbers(film, path, "pyav", start) == truth[start:]
        assert numbers(film, path, "decord", start) == truth[start:]


def noise(number: int) -> np.ndarray:
    """(450, 800, 3) a picture with detail of every size, which every way of scaling treats in a way of its own."""
    rng = np.random.default_rng(number)
    coarse = np.kron(rng.integers(0, 256, (45, 80, 3)), np.ones((10, 10, 1)))
    return (0.5 * coarse + 0.5 * rng.integers(0, 256, (450, 800, 3))).astype(np.uint8)


@pytest.mark.parametrize(
    "how",
    [
        {"options": CLOSED},
        {"options": CLOSED, "pix_fmt": "yuv444p"},
        {"codec": "libx265", "options": X265, "pix_fmt": "yuv420p10le"},
        {"options": CLOSED, "rotation": 90},
    ],
)
def test_a_scaled_film_looks_the_same_by_either_reader(how: dict[str, Any], tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mov", [noise(n) for n in range(6)], **how)
    film = scan(path)
    index, geometry = FilmIndex.from_bytes(film.index), plan_geometry(film)
    assert max(geometry.decode_width, geometry.decode_height) == 512

    one = [picture.astype(int) for _, picture in open_reader("decord", path, index, geometry, threads=1).read(0)]
    other = [picture for _, picture in open_reader("pyav", path, index, geometry, threads=1).read(0)]

    assert np.abs(np.stack(one) - np.stack(other)).max() <= 1


@pytest.mark.parametrize("reader", ["decord", "pyav"])
def test_a_letterbox_is_cut_away_by_either_reader(reader: str, tmp_path: Path) -> None:
    pictures = [np.pad(coded_picture(n, 640, 360), ((60, 60), (0, 0), (0, 0))) for n in range(60)]
    path = write_film(tmp_path / "a.mp4", pictures, options=CLOSED)
    film = scan(path)
    index = FilmIndex.from_bytes(film.index)
    assert film.active == Box(0, 60, 640, 360)

    for number, picture in open_reader(reader, path, index, plan_geometry(film), threads=1).read(40):
        assert picture.shape == (288, 512, 3)
        assert picture.min(axis=(1, 2)).max() > 100 > picture.min()  # lines of grey, not of black
        assert picture[[0, -1]].min() > 60
        assert read_number(picture) == number


def test_decord_is_handed_runs_of_bounded_length(tmp_path: Path) -> None:
    long = {**CLOSED, "g": "1000", "keyint_min": "1000", "sc_threshold": "0"}
    film = scan(coded_film(tmp_path / "long.mp4", film_scan.LONGEST_GOP + 1, options=long))
    assert film.reader == "pyav"
    assert "too far apart" in film.reader_reason

    path = coded_film(tmp_path / "a.mp4", 700, options={**CLOSED, "g": "70", "sc_threshold": "0"})
    index = FilmIndex.from_bytes(scan(path).index)
    geometry = plan_geometry(scan(path))
    reader = DecordReader(path, index, geometry, threads=1, alive=lambda: None)
    assert [frames for _, frames in reader._runs(0)] == [280, 280, 140]
    assert [frames for _, frames in reader._runs(490)] == [210]


@pytest.mark.parametrize(
    ("reader", "name"), [("decord", "a.mp4"), ("pyav", "a.mp4"), ("pyav", "a.avi"), ("pyav", "a.ts")]
)
def test_frames_that_are_passed_over_are_a_sign_of_life(reader: str, name: str, tmp_path: Path) -> None:
    path = coded_film(tmp_path / name, 200, options={**CLOSED, "g": "250", "sc_threshold": "0"})
    film = scan(path)
    index = FilmIndex.from_bytes(film.index)
    signs: list[None] = []

    def alive() -> None:
        signs.append(None)

    frames = open_reader(reader, path, index, plan_geometry(film), threads=1, alive=alive).read(190)

    assert next(frames)[0] == 190
    assert len(signs) >= (2 if reader == "decord" else 180)


@pytest.mark.parametrize("reader", ["decord", "pyav"])
def test_pixels_do_not_depend_on_where_reading_began(reader: str, tmp_path: Path) -> None:
    path = coded_film(tmp_path / "a.mp4", options=CLOSED)
    film = scan(path)
    index, geometry = FilmIndex.from_bytes(film.index), plan_geometry(film)
    whole = [p.copy() for _, p in open_reader(reader, path, index, geometry, threads=2).read(0)]

    for start in (29, 30, 31, 77):
        for number, picture in open_reader(reader, path, index, geometry, threads=1).read(start):
            assert np.array_equal(picture, whole[number])


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_turns_the_way_that_decord_turns_a_file(rotation: int, tmp_path: Path) -> None:
    decord = pytest.importorskip("decord")
    path = coded_film(tmp_path / "a.mov", 10, options=CLOSED, rotation=rotation)
    film = scan(path)
    index, geometry = FilmIndex.from_bytes(film.index), plan_geometry(film)

    theirs = decord.VideoReader(str(path), width=film.width, height=film.height).get_batch(range(10)).asnumpy()

    for reader in ("decord", "pyav"):
        for number, picture in open_reader(reader, path, index, geometry, threads=1).read(0):
            assert np.abs(picture.astype(int) - theirs[number]).mean() < 4


def test_shown_size_rotation_and_times_are_the_containers(tmp_path: Path) -> None:
    wide = scan(coded_film(tmp_path / "wide.mp4", options=CLOSED, aspect=Fraction(4, 3)))
    assert (wide.width, wide.height, wide.coded_width) == (192, 112, 144)

    turned = scan(coded_film(tmp_path / "turned.mov", options=CLOSED, rotation=90))
    assert (turned.width, turned.height) == (112, 144)

    times = [n * 40 + (n % 3) * 9 for n in range(90)]
    varying = scan(coded_film(tmp_path / "vfr.mkv", options=CLOSED, times=times))
    index = FilmIndex.from_bytes(varying.index)
    assert varying.variable_rate
    assert [round(index.time_s(n) * 1000) for n in range(90)] == times

    late = scan(coded_film(tmp_path / "late.mkv", options=CLOSED, first_pts=50))
    assert late.start_s == pytest.approx(2.0)
    assert FilmIndex.from_bytes(late.index).time_s(0) == 0

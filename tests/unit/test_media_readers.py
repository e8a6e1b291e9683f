"""Both readers give the same frames under the same numbers, on everything that they share."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from r2r_shared.film_index import FilmIndex
from r2r_shared.probe import scan
from r2r_shared.records import FilmProbe
from r2r_workers.media.geometry import plan_geometry
from r2r_workers.media.reader import open_reader
from tests.unit.media_films import coded_film, read_number

CLOSED = {"g": "30", "preset": "ultrafast", "bf": "2", "b_strategy": "0"}
X265 = {"x265-params": "log-level=none:open-gop=0:keyint=30:bframes=3", "preset": "ultrafast"}
OPEN_X265 = {"x265-params": "log-level=none:open-gop=1:keyint=20:min-keyint=20:bframes=3", "preset": "ultrafast"}
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

PYAV_CASES = {
    "open groups of pictures": ("a.mp4", {"codec": "libx265", "options": OPEN_X265}),
    "open groups, h264": (
        "a.mkv",
        {"options": {"x264-params": "open-gop=1:keyint=20:bframes=3", "preset": "veryfast"}},
    ),
    "transport stream": ("a.ts", {"options": CLOSED}),
    "avi, MPEG-4": ("a.avi", {"codec": "mpeg4", "options": {"bf": "0", "g": "12", "b": "3000000"}}),
    "avi, MPEG-4, B-frames": ("a.avi", {"codec": "mpeg4", "options": {"bf": "2", "g": "12", "b": "3000000"}}),
    "MPEG-2 in a transport stream": (
        "a.ts",
        {"codec": "mpeg2video", "options": {"g": "12", "bf": "2", "b": "3000000"}},
    ),
    "10-bit h264": ("a.mp4", {"options": CLOSED, "pix_fmt": "yuv420p10le"}),
    "av1": ("a.mkv", {"codec": "libsvtav1", "options": {"preset": "7", "crf": "4", "g": "30"}}),
    "vp8": ("a.webm", {"codec": "libvpx", "options": VP9}),
}


def numbers(film: FilmProbe, path: Path, reader: str, start: int) -> list[tuple[int, int]]:
    index = FilmIndex.from_bytes(film.index)
    geometry = plan_geometry(film)
    frames = open_reader(reader, path, index, geometry, threads=2).read(start)
    return [(number, read_number(np.rot90(picture, geometry.turns))) for number, picture in frames]


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


@pytest.mark.parametrize("case", PYAV_CASES)
def test_what_decord_misreads_is_read_by_pyav(case: str, tmp_path: Path) -> None:
    name, how = PYAV_CASES[case]
    path = coded_film(tmp_path / name, **how)
    film = scan(path)
    assert film.reader == "pyav"
    assert film.reader_reason

    for start in (0, 31, 59, 75):
        assert numbers(film, path, "pyav", start) == [(n, n) for n in range(start, 90)]


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

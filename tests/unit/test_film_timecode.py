"""A film's own start timecode, as containers state it, and what the probe keeps of it."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from r2r_shared.film.probe import probe, probe_from_json, probe_to_json
from tests.unit.media_films import coded_film

NTSC, FILM = Fraction(30000, 1001), Fraction(24000, 1001)


@pytest.mark.parametrize(
    ("name", "rate", "timecode"),
    [
        ("pal.mp4", 25, "10:00:00:00"),
        ("film.mov", FILM, "01:00:00:00"),
        ("drop.mp4", NTSC, "00:59:59;28"),
        ("drop.mov", NTSC, "23:59:59;29"),
        ("without.mov", NTSC, "01:00:00:00"),
        ("tagged.mkv", 25, "09:08:07:06"),
        ("tagged-drop.mkv", NTSC, "00:01:00;02"),
    ],
)
def test_a_timecode_is_found_where_the_container_has_it(tmp_path, name, rate, timecode):
    found = probe(coded_film(tmp_path / name, 30, rate=rate, timecode=timecode))

    assert found.start_timecode == timecode
    assert Fraction(found.fps_num, found.fps_den) == pytest.approx(rate, rel=1e-4)
    # And it is kept as JSON, where older films have none
    as_json = probe_to_json(found)
    assert probe_from_json(as_json) == found
    as_json.pop("start_timecode")
    assert probe_from_json(as_json) == dataclasses.replace(found, start_timecode=None)


def test_a_film_without_one_has_none(tmp_path):
    assert probe(coded_film(tmp_path / "film.mp4", 30)).start_timecode is None


@pytest.mark.parametrize("text", ["soon", "1:2:3:4", "01:00:00:00 or so", "01:00:00:00\x1b[31m", "٠١:00:00:00", ""])
def test_a_tag_that_is_no_timecode_is_none(tmp_path, text):
    assert probe(coded_film(tmp_path / "film.mkv", 10, timecode=text)).start_timecode is None

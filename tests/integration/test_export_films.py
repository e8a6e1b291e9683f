"""Films of every rate, made, probed and stored: their exports point at the frames that the films themselves have."""

from __future__ import annotations

import io
import json
from fractions import Fraction

import jsonschema
import opentimelineio as otio
import pyarrow.parquet as pq
import pympi
import pytest
import webvtt

from r2r_shared import citation, exports, schemas
from r2r_shared.film.index import FilmIndex
from r2r_shared.film.places import OnDisk
from r2r_shared.film.probe import probe
from r2r_shared.queries import films, profiles, ranges
from r2r_shared.queries.timeline import timeline
from tests import synthetic
from tests.synthetic import Shot, World
from tests.unit.media_films import coded_film

NTSC, FILM = Fraction(30000, 1001), Fraction(24000, 1001)
FRAMES, SHOTS = 60, [(0, 17), (17, 18), (18, 41), (41, 60)]
UNEVEN = [n * 33 + (n % 3) * 11 for n in range(FRAMES)]
HOLE = [round((n if n < 30 else n + 3) * 1000 / 24) for n in range(FRAMES)]  # three frames of 24 a second are missing
MADE: dict[str, dict] = {
    "23.976.mp4": {"rate": FILM},
    "25.mkv": {"rate": 25, "timecode": "10:00:00:00"},
    "drop.mov": {"rate": NTSC, "timecode": "00:00:58;20"},  # the minute that leaves two labels out is in it
    "variable.mkv": {"times": UNEVEN},
    "late.mp4": {"rate": 25, "first_pts": 40},
    "late.ts": {"rate": 25, "first_pts": 40},
    "a hole.mp4": {"rate": 24, "times": HOLE},
}


@pytest.fixture
def stored(conn, tmp_path):
    """Make a film, look at it, store what an ingest stores, and give back its timeline, its index and itself."""
    profile_id = synthetic.add_profile(conn)
    synthetic.add_paintings(conn, profile_id, World().draw(30))
    ranges.refresh(conn, profile_id)

    def made(name: str):
        path = coded_film(tmp_path / name, FRAMES, **MADE[name])
        looked = probe(path)
        index = FilmIndex.from_bytes(looked.index)
        film_id = films.add(
            conn, sha256=name.ljust(32).encode(), place=OnDisk(path), size_bytes=1, title=name, probe=looked
        )
        shots = [Shot((end - start) / 25, World().draw(1)) for start, end in SHOTS]  # as many frames of its 25 a second
        job_id, _ = synthetic.add_analysis(conn, film_id, profile_id, shots)
        conn.execute("UPDATE films SET analysis_id = %s WHERE id = %s", (job_id, film_id))
        for start, end in SHOTS:
            conn.execute(
                "UPDATE shots SET start_s = %s, end_s = %s WHERE job_id = %s AND start_frame = %s",
                (index.time_s(start), index.end_s(end - 1), job_id, start),
            )
        found = timeline(conn, film_id, profile_id).to_json()
        cited = citation.of_profile(conn, profiles.get(conn, profile_id))
        return found, index, path, cited

    return made


def write(name, found, cited, **choices):
    return exports.write(exports.FORMATS[name], found, cited, exports.Choices(**choices))


@pytest.mark.parametrize("name", MADE)
def test_every_export_points_at_the_films_own_frames(stored, tmp_path, name):
    found, index, path, cited = stored(name)
    jsonschema.Draft202012Validator(schemas.timeline()).validate(found)
    film = found["film"]
    assert film["variable_rate"] == (name in {"variable.mkv", "a hole.mp4"})
    assert film["sha256"] == name.ljust(32).encode().hex()
    assert [(shot["start_frame"], shot["end_frame"]) for shot in found["shots"]] == SHOTS
    times = [(index.time_s(start), index.end_s(end - 1)) for start, end in SHOTS]

    # Tables and tiers count from the first frame
    table = pq.read_table(io.BytesIO(write("parquet", found, cited))).to_pylist()
    assert sorted({(row["start_s"], row["end_s"]) for row in table}) == times
    eaf_path = tmp_path / "film.eaf"
    eaf_path.write_bytes(write("eaf", found, cited))
    eaf = pympi.Eaf(str(eaf_path))
    slots = sorted((start, end) for start, end, _ in eaf.get_annotation_data_for_tier("shots"))
    assert slots == [(round(1000 * start), round(1000 * end)) for start, end in times]
    (media,) = eaf.get_linked_files()
    assert (eaf_path.parent / media["RELATIVE_MEDIA_URL"]).resolve() == path

    # A player's clock has the first frame where the container says, but for transport streams
    offset = 1.6 if name == "late.mp4" else 0.0
    assert int(media["TIME_ORIGIN"]) == pytest.approx(1000 * offset, abs=1)
    chapters = webvtt.from_buffer(io.BytesIO(write("vtt", found, cited)))
    for cue, (start, end) in zip(chapters, times, strict=True):
        assert seconds(cue.start) == pytest.approx(offset + start, abs=0.0006)
        assert seconds(cue.end) == pytest.approx(offset + end, abs=0.0006)
    items = json.loads(write("annotations", found, cited))["first"]["items"]
    fragments = {one["target"]["selector"]["value"] for one in items}
    told = {tuple(float(t) for t in one.removeprefix("t=").split(",")) for one in fragments}
    assert sorted(told) == [pytest.approx((offset + start, offset + end), abs=2e-6) for start, end in times]

    # Editors count frames, of a film with even ones exactly
    timelines = [otio.adapters.read_from_string(write("otio", found, cited).decode(), "otio_json")]
    rate = timelines[0].global_start_time.rate
    timelines.append(otio.adapters.read_from_string(write("edl", found, cited).decode(), "cmx_3600", rate=rate))
    first = {"25.mkv": 36_000 * 25, "drop.mov": 58 * 30 + 20}.get(name, 0)
    assert timelines[0].global_start_time.to_frames() == first
    if name == "a hole.mp4":  # 22.9 on average
        assert film["fps"] < 23
        assert rate == 24
    for edited in timelines:
        clips = [one.source_range for one in edited.find_clips()]
        spans = [(one.start_time.to_frames() - first, one.end_time_exclusive().to_frames() - first) for one in clips]
        if film["variable_rate"]:
            assert spans == [(round(start * rate), round(end * rate)) for start, end in times]
        else:
            assert spans == SHOTS


def seconds(timestamp):
    hours, minutes, rest = timestamp.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


def test_drop_frame_labels_are_those_of_the_film(stored):
    found, *_, cited = stored("drop.mov")
    assert found["film"]["start_timecode"] == "00:00:58;20"

    text = write("edl", found, cited).decode()

    assert "FCM: DROP FRAME" in text
    # 40 frames after 00:00:58;20 comes the minute: frame 41 is its second label, 00:01:00;03
    assert "00:00:59;08 00:01:00;03 " in text


def test_a_film_that_was_probed_before_timecodes_were_looked_for_has_none(stored, conn):
    found, *_, cited = stored("25.mkv")
    conn.execute("UPDATE films SET probe = probe - 'start_timecode' - 'base_rate'")
    assert films.probe_of(conn, found["film"]["id"]).start_timecode is None

    again = timeline(conn, found["film"]["id"], found["profile"]["id"]).to_json()

    assert again["film"] == found["film"] | {"start_timecode": None, "base_rate": None}
    assert " 00:00:00:00 " in write("edl", again, cited).decode()

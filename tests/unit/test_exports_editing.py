"""OTIO and EDL, opened by OpenTimelineIO and its CMX 3600 reader, say what `timeline --json` says, to the frame."""

from __future__ import annotations

import re
from fractions import Fraction

import opentimelineio as otio
import pytest

from r2r_shared import exports
from r2r_shared.errors import UserError
from tests.unit.export_samples import CASES, CITATION, NTSC, timeline

EVERY = pytest.mark.parametrize("found", CASES.values(), ids=CASES)
AWAY = {"variable": NTSC, "18, a silent film": Fraction(24000, 1001)}
"""Films that are counted at another rate than their own."""
STARTS = {
    "25": 10 * 3600 * 25,
    "29.97 without": 3600 * 30,
    "59.94 drop-frame": 10 * 215_784 - 2,
    "past midnight": 24 * 3600 * 25 - 50,
}
"""Of the films whose first frame has a label other than zero: how many frames after midnight that is."""
COLOURS = {True: "GREEN", False: "YELLOW", None: "WHITE"}


def write(name, found, **choices):
    return exports.write(exports.FORMATS[name], found, CITATION, exports.Choices(**choices))


def case_of(found):
    return next(name for name, one in CASES.items() if one is found)


def places(found):
    """The rate a film is counted at, and each shot's frames at it, by the definitions alone."""
    film = found["film"]
    fps = AWAY.get(case_of(found))
    if fps is None:
        fps = Fraction(film["fps_num"], film["fps_den"])
        return fps, [(shot["start_frame"], shot["end_frame"]) for shot in found["shots"]]
    return fps, [(round(shot["start_s"] * fps), round(shot["end_s"] * fps)) for shot in found["shots"]]


@pytest.fixture
def read(tmp_path):
    def opened(found, ending=".otio", **how):
        path = tmp_path / f"film{ending}"
        path.write_bytes(write(ending[1:], found))
        return otio.adapters.read_from_file(str(path), **how)

    return opened


def frames_of(clip):
    span = clip.source_range
    return span.start_time.to_frames(), span.end_time_exclusive().to_frames()


@EVERY
def test_otio_has_a_clip_for_each_shot(found, read):
    opened = read(found)
    fps, told = places(found)
    first = STARTS.get(case_of(found), 0)

    clips = list(opened.find_clips())
    assert [frames_of(clip) for clip in clips] == [(first + start, first + end) for start, end in told]
    assert {clip.source_range.start_time.rate for clip in clips} <= {float(fps)}
    assert (opened.global_start_time.to_frames(), opened.global_start_time.rate) == (first, float(fps))
    assert all(clip.available_range().start_time.to_frames() == first for clip in clips)
    for clip, shot in zip(clips, found["shots"], strict=True):
        assert clip.name == f"Shot {shot['number']}"
        # And in the track it stands where it stands in the film: gaps are filled
        assert clip.range_in_parent().start_time + opened.global_start_time == clip.source_range.start_time
        there = clip.available_range()
        assert there.start_time <= clip.source_range.start_time
        assert clip.source_range.end_time_exclusive() <= there.end_time_exclusive()
        assert clip.media_reference.target_url == "./" + clip.media_reference.target_url.split("/")[-1]


@EVERY
def test_otio_marks_each_nearest_painting_and_keeps_all_numbers(found, read):
    opened = read(found)

    for clip, shot in zip(opened.find_clips(), found["shots"], strict=True):
        assert [(marker.name, marker.color) for marker in clip.markers] == [
            (named(match["painting"]), COLOURS[match["convincing"]]) for match in shot["matches"][:1]
        ]
        assert all(marker.marked_range.start_time == clip.source_range.start_time for marker in clip.markers)
        kept = plain(clip.metadata["r2r"])
        for name in ("number", "start_frame", "end_frame", "start_s", "end_s", "transition", "blank", "convincing"):
            assert kept[name] == plain(shot[name])
        told = [
            without(match, "shares") | {"painting": without(match["painting"], "image")} for match in shot["matches"]
        ]
        assert kept["matches"] == plain(told)


def plainly(text):
    """Without line ends and control characters."""
    return " ".join(re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())


def named(painting):
    """A painting in one line."""
    return f"{plainly(painting['title']) or 'untitled'} by {plainly(painting['artist']) or 'an unknown artist'}"


def without(record, name):
    return {key: value for key, value in record.items() if key != name}


def plain(value):
    """OTIO's own maps and lists as Python's."""
    if hasattr(value, "items"):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, float):
        return float(f"{value:.14g}")  # OTIO's parser is right to the last digit but one
    if isinstance(value, str | int | None):
        return value
    return [plain(one) for one in value]


def test_otio_says_how_it_was_made(read):
    opened = read(CASES["29.97 drop-frame"])
    about = plain(opened.metadata["r2r"])

    assert about["citation"] == CITATION.to_json()
    assert about["start_timecode"] == "00:00:00;00"
    assert about["film"]["file"] == "a film’s 100%#?.mp4"
    assert "path" not in about["film"], "this machine's folders are nobody's business"
    assert opened.name == CASES["25"]["film"]["title"]
    uneven = read(CASES["variable"])
    assert "true seconds" in uneven.metadata["r2r"]["rate"]


# OpenTimelineIO's reader knows no second day, and no list without events: those two are looked at below.
READABLE = {name: found for name, found in CASES.items() if name not in ("past midnight", "no shots")}


@pytest.mark.parametrize("found", READABLE.values(), ids=READABLE)
def test_edl_has_an_event_for_each_shot(found, read):
    fps, told = places(found)
    opened = read(found, ".edl", rate=float(fps))
    first = STARTS.get(case_of(found), 0)

    clips = list(opened.find_clips())
    assert [frames_of(clip) for clip in clips] == [(first + start, first + end) for start, end in told]
    # And on the record side: where there is a gap between shots, the track has one
    for clip in clips:
        start = clip.range_in_parent().start_time.to_frames()
        assert start == frames_of(clip)[0] - frames_of(clips[0])[0]
        assert clip.name == plainly(found["film"]["path"].rpartition("/")[2])


@EVERY
def test_edl_marks_each_nearest_painting(found):
    """OpenTimelineIO's reader passes over markers in drop-frame, so each line is looked at."""
    text = write("edl", found).decode()
    events = re.split(r"^\d{3,}  AX       V     C        ", text, flags=re.MULTILINE)[1:]

    assert len(events) == len(found["shots"])
    for event, shot in zip(events, found["shots"], strict=True):
        label = event.split()[2]  # of the track
        marks = re.findall(r"^\* LOC: (\S{11}) (\w+) +(.*)\r$", event, flags=re.MULTILINE)
        assert [(at, colour) for at, colour, _ in marks] == [
            (label, COLOURS[m["convincing"]]) for m in shot["matches"][:1]
        ]
        assert f"* SHOT {shot['number']} FRAMES {shot['start_frame']}-{shot['end_frame'] - 1} " in event
        seconds = re.search(r"SECONDS ([\d.]+)-([\d.]+) ", event)
        assert [float(one) for one in seconds.groups()] == [round(shot["start_s"], 6), round(shot["end_s"], 6)]
        scores = re.findall(r"^\* PAINTING (\d+): .* SCORE ([\d.]+)(?: CORRECTED ([\d.]+))?", event, flags=re.MULTILINE)
        assert scores == [
            (str(m["rank"]), f"{m['score']:.4f}", "" if m["corrected"] is None else f"{m['corrected']:.4f}")
            for m in shot["matches"]
        ]


@pytest.mark.parametrize("case", ["25", "awkward titles", "none convincing", "not judged"])
def test_otios_reader_finds_the_markers(case, read):
    found = CASES[case]

    for clip, shot in zip(read(found, ".edl", rate=25).find_clips(), found["shots"], strict=True):
        (marker,) = clip.markers
        assert marker.color == COLOURS[shot["matches"][0]["convincing"]]
        assert marker.marked_range.start_time == clip.source_range.start_time
        assert marker.name == named(shot["matches"][0]["painting"])


@EVERY
def test_no_title_makes_a_line_of_its_own(found):
    """Whatever a reader takes for the end of a line, only ours end lines; and each is a comment or an event."""
    text = write("edl", found).decode()

    assert text.splitlines(keepends=True) == [f"{line}\r\n" for line in text.split("\r\n")[:-1]]
    head, fcm, *lines = text.splitlines()
    assert head == f"TITLE: {plainly(found['film']['title'])}"
    assert fcm in ("FCM: DROP FRAME", "FCM: NON-DROP FRAME")
    assert all(line.startswith("* ") or re.match(r"\d{3,}  AX ", line) for line in lines)
    assert sum(line.startswith("* LOC: ") for line in lines) == sum(bool(shot["matches"]) for shot in found["shots"])


def test_edl_drop_frame_is_said_in_every_way():
    text = write("edl", CASES["29.97 drop-frame"]).decode()

    assert "FCM: DROP FRAME\r\n" in text
    assert all(re.match(r"\* LOC: \d\d:\d\d:\d\d;\d\d ", one) for one in text.splitlines() if one.startswith("* LOC"))
    # Frames 1797, 1799, 1800, 1802, 17983: the labels around a minute that leaves two out, and a tenth that does not
    begins = re.findall(r"^\d{3}  AX +V +C +(\S+) (\S+) \1 \2\r$", text, flags=re.MULTILINE)
    assert begins == [
        ("00:00:00;00", "00:00:59;27"),
        ("00:00:59;27", "00:00:59;29"),
        ("00:00:59;29", "00:01:00;02"),
        ("00:01:00;02", "00:01:00;04"),
        ("00:01:00;04", "00:10:00;01"),
    ]


def test_a_person_may_say_the_start_and_drop_frame():
    found = timeline([30, 1800], fps=NTSC)

    zero = "00:00:00:00 00:00:01:00 "
    assert zero + zero.strip() in write("edl", found).decode()
    assert zero + "01:00:00:00 01:00:01:00" in write("edl", found, start_timecode="01:00:00:00").decode()
    dropped = write("edl", found, start_timecode="01:00:00:00", drop_frame=True).decode()
    assert "00:00:00;00 00:00:01;00 01:00:00;00 01:00:01;00" in dropped
    opened = otio.adapters.read_from_string(write("otio", found, start_timecode="01:00:00;00").decode(), "otio_json")
    assert opened.global_start_time.to_frames() == 107_892
    for name in ("edl", "otio"):
        with pytest.raises(UserError):
            write(name, CASES["25"], start_timecode="01:00:00;00")
        with pytest.raises(UserError):
            write(name, CASES["25"], start_timecode="01:00:00:25")


def test_a_start_moves_the_track_and_not_the_films_own_timecode():
    """Whoever conforms by source timecode gets the frames that the shots are of."""
    found = CASES["25"]  # its file begins at 10:00:00:00
    text = write("edl", found, start_timecode="01:00:00:00").decode()

    assert "  10:00:00:00 10:00:01:15 01:00:00:00 01:00:01:15\r\n" in text
    assert "* LOC: 01:00:00:00 GREEN" in text
    assert "* SOURCE FROM 10:00:00:00 (THE FILE'S OWN, ELSE ZERO), RECORD FROM 01:00:00:00\r\n" in text
    opened = otio.adapters.read_from_string(write("otio", found, start_timecode="01:00:00:00").decode(), "otio_json")
    assert opened.global_start_time.to_frames() == 25 * 3600
    clips = list(opened.find_clips())
    assert {clip.available_range().start_time.to_frames() for clip in clips} == {25 * 36_000}
    assert frames_of(clips[1]) == (25 * 36_000 + 40, 25 * 36_000 + 41)
    assert all(clip.markers[0].marked_range.start_time == clip.source_range.start_time for clip in clips)
    about = opened.metadata["r2r"]
    assert (about["start_timecode"], about["source_timecode"]) == ("01:00:00:00", "10:00:00:00")


def test_the_track_may_count_drop_frame_while_the_file_does_not():
    found = CASES["29.97 without"]  # its file begins at 01:00:00:00, and frame 1800 is its 01:01:00:00

    text = write("edl", found, start_timecode="02:00:00;00").decode()

    assert "FCM: DROP FRAME" in text
    assert "  01:01:00:00 01:01:00:02 02:01:00;02 02:01:00;04\r\n" in text


def test_a_label_that_the_file_cannot_have_counts_from_zero_where_a_start_is_said():
    found = timeline([40, 100], start_timecode="01:00:00:29")  # at 25

    with pytest.raises(UserError) as caught:
        write("edl", found)
    assert caught.value.hint == "--start-timecode 00:00:00:00"
    assert (
        "  00:00:00:00 00:00:01:15 02:00:00:00 02:00:01:15"
        in write("edl", found, start_timecode="02:00:00:00").decode()
    )


def test_a_silent_film_is_counted_at_the_rate_that_a_person_names():
    """16 frames a second, counted at 24: a second is a second."""
    found = timeline([16, 40, 160], fps=Fraction(16))

    text = write("edl", found, rate="24").decode()

    assert "* RATE 24\r\n" in text
    assert "positions are made of true seconds" in text
    labels = re.findall(r"^\d{3}  AX +V +C +(\S+) (\S+) ", text, flags=re.MULTILINE)
    assert labels == [
        ("00:00:00:00", "00:00:01:00"),
        ("00:00:01:00", "00:00:02:12"),
        ("00:00:02:12", "00:00:10:00"),
    ]
    opened = otio.adapters.read_from_string(write("otio", found, rate="24").decode(), "otio_json")
    assert [frames_of(clip) for clip in opened.find_clips()] == [(0, 24), (24, 60), (60, 240)]
    assert {clip.source_range.start_time.rate for clip in opened.find_clips()} == {24.0}
    # Of a film that has that rate nothing changes
    assert write("edl", CASES["25"], rate="25") == write("edl", CASES["25"])
    with pytest.raises(UserError) as caught:
        write("edl", found, rate="16")
    assert "23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60" in caught.value.hint


def test_past_midnight_labels_begin_anew_and_a_line_says_so():
    text = write("edl", CASES["past midnight"]).decode()

    assert "23:59:59:00 00:00:01:00 23:59:59:00 00:00:01:00" in text
    assert "PASSES MIDNIGHT" in text
    assert "PASSES MIDNIGHT" not in write("edl", CASES["25"]).decode()


def test_more_than_999_events_are_numbered_on_and_a_line_says_so():
    text = write("edl", CASES["two hours"]).decode()

    numbers = re.findall(r"^(\d+)  AX ", text, flags=re.MULTILINE)
    assert numbers == [f"{n:03}" for n in range(1, 1501)]
    assert "* 1500 EVENTS, OF WHICH A CMX 3600 ITSELF READS 999" in text


def test_edl_says_how_it_was_made_and_counted():
    text = write("edl", CASES["variable"]).decode()

    assert f"* {CITATION.text()}\r\n" in text
    assert "* MADE AT 2026-11-26T09:30:15+00:00\r\n" in text
    assert "* RATE 29.97\r\n" in text
    assert "positions are made of true seconds" in text
    assert "true seconds" not in write("edl", CASES["23.976"]).decode()
    assert "* RATE 23.976\r\n" in write("edl", CASES["23.976"]).decode()


def test_a_film_without_shots_has_a_list_without_events():
    lines = write("edl", CASES["no shots"]).decode().splitlines()

    assert lines[:2] == ['TITLE: The “Film” & <its> "title"', "FCM: NON-DROP FRAME"]
    assert all(line.startswith("* ") for line in lines[2:])


def test_shots_shorter_than_a_frame_of_the_rate_get_one_each(read):
    """Three frames within 9 ms, counted at 30: each is a clip, and none lies over another."""
    times = [0.0, 1.0, 1.003, 1.006, 1.009, 3.0]
    found = timeline([1, 2, 3, 4, 5], times=times, fps=Fraction(29))

    text = write("edl", found).decode()
    opened = otio.adapters.read_from_string(text, "cmx_3600", rate=24000 / 1001)
    spans = [frames_of(clip) for clip in opened.find_clips()]
    assert spans[0] == (0, 24)
    assert all(start < end for start, end in spans)
    assert [start for start, _ in spans[1:]] == [end for _, end in spans[:-1]]

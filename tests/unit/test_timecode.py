"""Timecode: known labels, and a label for each frame of the day that leads back to it."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from r2r_shared.errors import UserError
from r2r_shared.exports.timecode import STANDARD, Rate, clock_of, label, parse, rate_of

FILM, NTSC, DOUBLE = (Rate(Fraction(n, 1001), by_time=False) for n in (24000, 30000, 60000))
PAL = Rate(Fraction(25), by_time=False)
COUNTED = [(Rate(fps, by_time=False), drop) for fps in STANDARD for drop in (False, True)]
COUNTED = [(rate, drop) for rate, drop in COUNTED if not drop or rate.has_drop_frame]


def film(fps: Fraction, **more):
    return {"fps_num": fps.numerator, "fps_den": fps.denominator, "fps": float(fps)} | more


@pytest.mark.parametrize(
    ("rate", "drop", "frames", "text"),
    [
        (PAL, False, 0, "00:00:00:00"),
        (PAL, False, 90_000, "01:00:00:00"),
        (FILM, False, 24 * 3600, "01:00:00:00"),  # an hour and 3.6 s by the clock
        (NTSC, False, 1800, "00:01:00:00"),
        (NTSC, True, 1799, "00:00:59;29"),
        (NTSC, True, 1800, "00:01:00;02"),
        (NTSC, True, 17_981, "00:09:59;29"),
        (NTSC, True, 17_982, "00:10:00;00"),
        (NTSC, True, 17_982 + 1799, "00:10:59;29"),
        (NTSC, True, 17_982 + 1800, "00:11:00;02"),
        (NTSC, True, 107_892, "01:00:00;00"),
        (DOUBLE, True, 3599, "00:00:59;59"),
        (DOUBLE, True, 3600, "00:01:00;04"),
        (DOUBLE, True, 215_784, "01:00:00;00"),
    ],
)
def test_known_labels(rate, drop, frames, text):
    assert label(frames, rate, drop=drop) == text
    assert parse(text, rate, drop=drop) == frames


@given(st.sampled_from(COUNTED), st.integers(0, 24 * 3600 * 60))
def test_every_frame_of_the_day_has_a_label_of_its_own(counted, frames):
    rate, drop = counted
    day = clock_of(film(rate.fps), start="00:00:00;00" if drop else None).day
    assume(frames < day)

    assert parse(label(frames, rate, drop=drop), rate, drop=drop) == frames
    # And labels rise with the frames
    assert frames + 1 == day or label(frames, rate, drop=drop) < label(frames + 1, rate, drop=drop)


@given(st.sampled_from(COUNTED), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 59))
def test_every_label_that_is_not_left_out_is_some_frames(counted, hours, minutes, seconds, frame):
    rate, drop = counted
    text = f"{hours:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{frame:02}"
    left_out = drop and seconds == 0 and minutes % 10 and frame < rate.nominal // 15
    if frame >= rate.nominal or left_out:
        with pytest.raises(UserError):
            parse(text, rate, drop=drop)
        return

    assert label(parse(text, rate, drop=drop), rate, drop=drop) == text


@given(st.sampled_from(COUNTED), st.integers(0, 2_000_000))
def test_opentimelineio_counts_alike(counted, frames):
    rate, drop = counted
    assume(frames < clock_of(film(rate.fps), start="00:00:00;00" if drop else None).day)
    time = opentimelineio.opentime.RationalTime(frames, float(rate.fps))

    assert opentimelineio.opentime.to_timecode(time, float(rate.fps), drop) == label(frames, rate, drop=drop)


@given(st.integers(0, 143), st.integers(0, 17_981))
def test_drop_frame_keeps_to_the_clock(tens, rest):
    """A label read as a clock is never more than a second off, however late in the day."""
    frames = 17_982 * tens + rest
    hours, minutes, last = label(frames, NTSC, drop=True).split(":")
    seconds, frame = last.split(";")

    shown = 3600 * int(hours) + 60 * int(minutes) + int(seconds) + int(frame) / 30
    # 17,982 frames last 599.9994 s, so that a day ends 86 ms early
    assert abs(shown - float(frames / NTSC.fps)) < 0.2


def test_labels_begin_anew_after_midnight():
    clock = clock_of(film(Fraction(25)), start="23:59:59:24")

    assert [clock.label(n) for n in range(3)] == ["23:59:59:24", "00:00:00:00", "00:00:00:01"]
    assert clock_of(film(NTSC.fps), start="23:59:59;29").label(1) == "00:00:00;00"


@pytest.mark.parametrize(
    ("fps", "nominal", "by_time"),
    [
        (Fraction(24000, 1001), 24, False),
        (Fraction(2997, 125), 24, False),  # 23.976, as some containers write it
        (Fraction(24), 24, False),
        (Fraction(25), 25, False),
        (Fraction(2997, 100), 30, False),
        (Fraction(60000, 1001), 60, False),
        (Fraction(18), 24, True),
        (Fraction(2372, 100), 24, True),
        (Fraction(120), 60, True),
        (Fraction(1, 2), 24, True),
    ],
)
def test_a_film_is_counted_at_its_own_rate_or_the_nearest(fps, nominal, by_time):
    rate = rate_of(film(fps))

    assert (rate.nominal, rate.by_time) == (nominal, by_time)
    assert rate_of(film(fps, variable_rate=True)).by_time


def test_24_and_23_976_are_two_rates():
    assert rate_of(film(Fraction(24))).fps == 24
    assert rate_of(film(Fraction(2997, 125))).fps == Fraction(24000, 1001)
    assert rate_of(film(Fraction(30))).fps == 30


def test_the_start_that_a_person_says_counts_then_the_films_own_then_zero():
    own = film(NTSC.fps, start_timecode="02:00:00;00")

    assert clock_of(own, start="01:00:00:00").label(0) == "01:00:00:00"
    assert clock_of(own).label(0) == "02:00:00;00"
    assert clock_of(film(NTSC.fps, start_timecode=None)).label(0) == "00:00:00:00"
    assert clock_of(film(NTSC.fps)).label(0) == "00:00:00:00"
    assert clock_of(own | {"start_timecode": "02:00:00:00"}, drop_frame=True).label(0) == "02:00:00;00"


@pytest.mark.parametrize(
    ("fps", "start", "drop_frame", "said", "hint"),
    [
        (25, "01:00:00:25", False, "no timecode at 25 frames", "00 to 24"),
        (25, "01:00:00;00", False, "no drop-frame timecode at 25", "01:00:00:00, with a colon"),
        (25, None, True, "no drop-frame timecode at 25", "with a colon"),
        (NTSC.fps, "00:01:00;01", False, "00:01:00;01 is left out", "00:01:00;02"),
        (NTSC.fps, "00:01:00:00", True, "00:01:00:00 is left out", "00:01:00;02"),
        (DOUBLE.fps, "00:01:00;03", False, "is left out", "00:01:00;04"),
        (25, "24:00:00:00", False, "no timecode", "from 00"),
        (25, "01:60:00:00", False, "no timecode", "from 00"),
        (25, "1:00:00:00", False, "is no timecode", "HH:MM:SS:FF"),
        (25, "01:00:00:00\n", False, "is no timecode", "HH:MM:SS:FF"),
        (25, "٠١:00:00:00", False, "is no timecode", "HH:MM:SS:FF"),
        (25, "tomorrow", False, "is no timecode", "HH:MM:SS:FF"),
        (25, "", False, "is no timecode", "HH:MM:SS:FF"),
    ],
)
def test_a_start_that_cannot_be_is_an_error_with_the_remedy(fps, start, drop_frame, said, hint):
    with pytest.raises(UserError) as caught:
        clock_of(film(Fraction(fps)), start=start, drop_frame=drop_frame)

    assert said in caught.value.message
    assert hint in caught.value.hint


def test_a_films_own_start_that_cannot_be_says_whose_it_is():
    with pytest.raises(UserError) as caught:
        clock_of(film(Fraction(25), start_timecode="01:00:00;29"))

    assert "the film's own start timecode" in caught.value.message
    assert caught.value.hint == "--start-timecode 00:00:00:00"


@pytest.mark.parametrize(
    ("fps", "own", "rate", "nearest"),
    [
        (NTSC.fps, "00:59:55;20", "25", "00:59:55:17"),
        (NTSC.fps, "00:59:55;20", "30", "00:59:55:20"),
        (DOUBLE.fps, "10:00:00;59", "24", "10:00:00:23"),
        (Fraction(25), "10:00:00:24", "24", "10:00:00:23"),
        (Fraction(30), "01:00:00:29", "25", "01:00:00:24"),
    ],
)
def test_a_rate_at_which_the_films_own_start_is_none_is_named_and_the_nearest_start_offered(fps, own, rate, nearest):
    with pytest.raises(UserError) as caught:
        clock_of(film(fps, start_timecode=own), rate=rate)

    assert f"{own}, is none at --rate {rate}" in caught.value.message
    assert caught.value.hint.startswith(f"--start-timecode {nearest} ")
    assert clock_of(film(fps, start_timecode=own), rate=rate, start=nearest).label(0) == nearest


@pytest.mark.parametrize(
    ("average", "stated", "counted"),
    [
        (Fraction(576, 25), "24/1", Fraction(24)),  # 23.04: 24 with a hole
        (Fraction(1446, 100), "24/1", Fraction(24)),
        (Fraction(28), "60000/1001", Fraction(60000, 1001)),
        (Fraction(28), "30000/1001", Fraction(30000, 1001)),
        (Fraction(28), "24/1", Fraction(30000, 1001)),  # faster than its container states, which then is not so
        (Fraction(28), "1000/1", Fraction(30000, 1001)),  # of times in milliseconds
        (Fraction(28), "90000/1", Fraction(30000, 1001)),
        (Fraction(28), None, Fraction(30000, 1001)),
        (Fraction(28), "1/0", Fraction(30000, 1001)),  # a data set of strangers
        (Fraction(28), "1e999999999", Fraction(30000, 1001)),
        (Fraction(28), "nan", Fraction(30000, 1001)),
    ],
)
def test_uneven_frames_are_counted_at_the_rate_that_their_container_states(average, stated, counted):
    found = rate_of(film(average, variable_rate=True, base_rate=stated))

    assert found == Rate(counted, by_time=True)


def test_the_frames_of_an_even_film_say_its_rate_themselves():
    assert rate_of(film(Fraction(25), base_rate="50/1")) == Rate(Fraction(25), by_time=False)
    assert rate_of(film(Fraction(25)), Fraction(24)) == Rate(Fraction(24), by_time=True)
    assert rate_of(film(Fraction("23.976")), Fraction(24000, 1001)) == Rate(Fraction(24000, 1001), by_time=False)

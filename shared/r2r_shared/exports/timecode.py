"""Timecode: frames as HH:MM:SS:FF, drop-frame included, as SMPTE ST 12-1 counts them.

A film at 23.976 frames a second counts as 24: its timecode runs slower than a clock. Only 29.97 and 59.94 have
drop-frame, which leaves out two (four) labels at each minute that is no tenth one, so that the label keeps to the
clock; no frame is dropped. The last separator says which: `:` without, `;` with. After 23:59:59 labels begin anew at
zero, as on tape.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from r2r_shared.errors import UserError

STANDARD = (
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(48),
    Fraction(50), Fraction(60000, 1001), Fraction(60),
)  # fmt: skip
"""The rates that editing programs have projects of, frames a second."""

SAME = Fraction(1, 5000)
"""Rates that differ by less are one: containers write 23.976 for 24000/1001. 24 is five times as far away."""

ZERO = "00:00:00:00"
_FRACTION = re.compile(r"[0-9]{1,9}/[1-9][0-9]{0,8}")
_LABEL = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rate:
    """A standard rate.

    Attributes:
        fps: frames a second.
        by_time: the film's frames do not come at this rate (theirs is variable, or no standard one): positions are
            made of seconds, and a frame's number in the film is another.
    """

    fps: Fraction
    by_time: bool

    @property
    def nominal(self) -> int:
        """Frames that a second of timecode counts."""
        return round(self.fps)

    @property
    def has_drop_frame(self) -> bool:
        return self.fps.denominator == 1001 and self.nominal in (30, 60)

    @property
    def shown(self) -> str:
        """25, 29.97, 23.976."""
        return f"{float(self.fps):.3f}".rstrip("0").rstrip(".")

    def position(self, frame: int, time_s: float) -> int:
        """Where a frame of the film stands, in frames of this rate after its first."""
        return round(time_s * self.fps) if self.by_time else frame


def named_rate(text: str) -> Fraction:
    """The standard rate that a person means by 23.976, 24 and so on.

    Raises:
        UserError: none is called so.
    """
    named = {Rate(fps, by_time=False).shown: fps for fps in STANDARD}
    if text not in named:
        raise UserError(f"--rate {text} is no rate of editing programs", f"--rate {', '.join(named)}")
    return named[text]


def rate_of(film: dict[str, Any], fps: Fraction | None = None) -> Rate:
    """The rate to count a film's timecode at.

    Its own if that is a standard one; of a film with a hole or with uneven frames, the one that its container states;
    else the nearest to its average.

    Args:
        fps: count at this standard rate instead.
    """
    own = Fraction(film["fps_num"], film["fps_den"]) if film.get("fps_den") else Fraction(film["fps"])
    variable = bool(film.get("variable_rate"))
    if fps is None:
        like = (variable and _stated(film, least=own)) or own
        fps = min(STANDARD, key=lambda one: max(one, like) / min(one, like))
    return Rate(fps, variable or abs(fps - own) > SAME * fps)


def _stated(film: dict[str, Any], *, least: Fraction) -> Fraction | None:
    """The standard rate that a film's container states, unless its frames come faster: then it cannot be true."""
    text = str(film.get("base_rate") or "")
    if _FRACTION.fullmatch(text) is None:
        return None
    stated = Fraction(text)
    return next((one for one in STANDARD if abs(one - stated) <= SAME * one and one >= least * (1 - SAME)), None)


@dataclass(frozen=True, slots=True)
class Clock:
    """A timecode for a film: `first` is the label of its first frame, as a number of frames after midnight."""

    rate: Rate
    drop: bool
    first: int

    @property
    def day(self) -> int:
        """Labels there are: after so many frames they begin anew."""
        return 144 * _ten_minutes(self.rate, drop=self.drop)

    def label(self, position: int) -> str:
        """The timecode of the frame that stands so many after the first."""
        return label(self.first + position, self.rate, drop=self.drop)


def clock_of(
    film: dict[str, Any], *, start: str | None = None, drop_frame: bool = False, rate: str | None = None
) -> Clock:
    """The clock of the track that a film is cut up on: an editor's record timecode.

    Args:
        start: the label of its first frame; else the film's own, else 00:00:00:00.
        drop_frame: count drop-frame though no `;` says so.
        rate: as `named_rate` takes it; else the film's.

    Raises:
        UserError: the label is none at that rate, or the rate is none.
    """
    return _clock(film, rate_of(film, None if rate is None else named_rate(rate)), start, drop_frame=drop_frame)


def source_of(film: dict[str, Any], record: Clock) -> Clock:
    """The clock of the film's own file, whatever the track's is: an editor's source timecode.

    It is what the file states, so that whoever looks a picture up by it finds that picture. One that states nothing, or
    a label that is none at the rate that is counted at, counts from zero.
    """
    own = film.get("start_timecode")
    try:
        return _clock(film, record.rate, None, drop_frame=False) if own else Clock(record.rate, record.drop, 0)
    except UserError:
        return Clock(record.rate, record.drop, 0)


def _clock(film: dict[str, Any], rate: Rate, start: str | None, *, drop_frame: bool) -> Clock:
    own = film.get("start_timecode")
    text = (own or ZERO) if start is None else start
    drop = drop_frame or text[-3:-2] in (";", ".", ",")
    try:
        return Clock(rate, drop, parse(text, rate, drop=drop))
    except UserError as error:
        if start is not None or drop_frame or not own:
            raise
        nearest = _nearest(film, rate)
        if nearest is not None and rate.fps != rate_of(film).fps:
            raise UserError(
                f"the film's own start timecode, {own}, is none at --rate {rate.shown}: {error.message}",
                f"--start-timecode {nearest} is the nearest there; or leave --rate out",
            ) from None
        raise UserError(
            f"the film's own start timecode does not fit it: {error.message}", f"--start-timecode {ZERO}"
        ) from None


def _nearest(film: dict[str, Any], rate: Rate) -> str | None:
    """The film's own start as a label of another rate: the same second, the frame that lies nearest in it.

    None where it is no label at the film's own rate either.
    """
    own, text = rate_of(film), film["start_timecode"]
    try:
        parse(text, own, drop=text[-3:-2] in (";", ".", ","))
    except UserError:
        return None
    frame = min(round(int(text[-2:]) * rate.nominal / own.nominal), rate.nominal - 1)
    return f"{text[:8]}:{frame:02}"


def label(frames: int, rate: Rate, *, drop: bool) -> str:
    """The timecode that stands so many frames after midnight; drop-frame is known by its `;`."""
    nominal, left_out = rate.nominal, _left_out(rate, drop=drop)
    tens, rest = divmod(frames % (144 * _ten_minutes(rate, drop=drop)), _ten_minutes(rate, drop=drop))
    # The first minute of ten is whole; each of the other nine begins with `left_out` labels that nobody sees.
    minutes = max(0, rest - left_out) // (60 * nominal - left_out) if drop else 0
    number = tens * 600 * nominal + rest + minutes * left_out
    seconds, frame = divmod(number, nominal)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{';' if drop else ':'}{frame:02}"


def parse(text: str, rate: Rate, *, drop: bool) -> int:
    """How many frames after midnight a label stands.

    Raises:
        UserError: it is no timecode, or none at this rate.
    """
    found = _LABEL.fullmatch(text)
    if found is None:
        raise UserError(f"“{text}” is no timecode", "write HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame")
    if drop and not rate.has_drop_frame:
        raise UserError(
            f"there is no drop-frame timecode at {rate.shown} frames a second, only at 29.97 and 59.94",
            f"--start-timecode {text[:8]}:{text[9:]}, with a colon, and no --drop-frame",
        )
    hours, minutes, seconds, frame = (int(found[place]) for place in (1, 2, 3, 5))
    if hours > 23 or minutes > 59 or seconds > 59 or frame >= rate.nominal:
        raise UserError(
            f"{text} is no timecode at {rate.shown} frames a second: 23:59:59:{rate.nominal - 1:02} is the last",
            f"--start-timecode with frames from 00 to {rate.nominal - 1:02}",
        )
    left_out = _left_out(rate, drop=drop)
    if seconds == 0 and minutes % 10 and frame < left_out:
        raise UserError(
            f"{text} is left out of drop-frame timecode", f"--start-timecode {text[:8]};{left_out:02} is the next one"
        )
    minutes += 60 * hours
    return (60 * minutes + seconds) * rate.nominal + frame - left_out * (minutes - minutes // 10)


def _left_out(rate: Rate, *, drop: bool) -> int:
    return rate.nominal // 15 if drop else 0


def _ten_minutes(rate: Rate, *, drop: bool) -> int:
    return 600 * rate.nominal - 9 * _left_out(rate, drop=drop)

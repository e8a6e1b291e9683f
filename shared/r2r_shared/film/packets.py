"""The packets of a film's picture: how many frames there are, when each is shown, and where decoding may start."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import FilmRefused
from r2r_shared.film.index import FilmIndex

TIMELESS = frozenset({"avi", "asf", "mpeg"})
"""Containers whose packets do not tell when their picture is shown. Program streams try to, but where several
pictures share a packet of theirs, libavformat gives its time to the wrong one."""

JOINED = frozenset({"mpegts", "mpeg"})
"""Containers that can be joined end to end as files, each part with a clock of its own."""

LONGEST_DECLARED = frozenset({"matroska,webm", "flv"})
"""Containers whose header declares the length of the longest stream alone."""

BACK_S, AHEAD_S = 1.0, 60.0
"""A clock that falls back or leaps ahead further than this is another one. A hole in a recording is shorter."""

EVEN_STEPS = 3.0
"""Times of a program stream that stay within so many frames of an even spacing are meant to be even."""

NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class PacketTable:
    """What one pass over a film's packets tells; arrays are (packets,), in decoding order.

    Attributes:
        container: libavformat's name of the format.
        only_idr: H.264 in a container that tells no presentation times: what precedes an I-frame is not known.
        pts, dts: ticks; NO_TIME where there is none.
        key: decoding may start here: I-frames, IDR pictures alone where `only_idr`.
        duration: ticks, 0 where unknown.
        hidden: packets that an edit list hides.
        skipped: packets without any time, or broken ones.
        end_s: when the last packet ends; that of any stream where the header declares the longest.
    """

    container: str
    only_idr: bool
    pts: NDArray[np.int64]
    dts: NDArray[np.int64]
    key: NDArray[np.bool_]
    duration: NDArray[np.int64]
    hidden: int
    skipped: int
    end_s: float

    @property
    def by_place(self) -> bool:
        """Whether frames are numbered by place; see FilmIndex."""
        return self.container in TIMELESS


@dataclass(slots=True)
class Passed:
    """How many packets were broken and stepped over."""

    broken: int = 0


def unbroken(container: Any, *streams: Any, passed: Passed | None = None) -> Iterator[Any]:
    """Packets of `streams`, or of all, that hold something; what cannot be read is stepped over and counted."""
    from av.error import FFmpegError

    passed = passed or Passed()
    packets = container.demux(*streams)
    in_a_row = 0
    while in_a_row < 1000:  # a demuxer that stands still would fail for ever
        try:
            packet = next(packets)
        except StopIteration:
            return
        except FFmpegError:
            passed.broken += 1
            in_a_row += 1
            packets = container.demux(*streams)  # from where it was: the one that raised is spent
            continue
        in_a_row = 0
        if packet.size:
            yield packet


def has_place(packet: Any, *, by_place: bool) -> bool:
    """Whether a packet of the picture counts as a frame: probe and reader have to agree on it."""
    return not packet.is_discard and (by_place or packet.pts is not None or packet.dts is not None)


def read_packets(container: Any, stream: Any) -> PacketTable:
    """Read every packet of `stream` once, decoding nothing. Damaged packets are stepped over."""
    name = str(container.format.name)
    by_place = name in TIMELESS
    only_idr = by_place and stream.codec_context.codec.canonical_name == "h264"
    streams = () if name in LONGEST_DECLARED else (stream,)
    pts: list[int] = []
    dts: list[int] = []
    key: list[bool] = []
    duration: list[int] = []
    ends: dict[int, int] = {}  # ticks by stream
    hidden = timeless = 0
    passed = Passed()
    for packet in unbroken(container, *streams, passed=passed):
        time = packet.dts if packet.pts is None else packet.pts
        length = int(packet.duration or 0)
        at = packet.stream.index
        if time is not None:
            ends[at] = max(ends.get(at, 0), time + length)
        if at != stream.index:
            continue
        if not has_place(packet, by_place=by_place):
            hidden += packet.is_discard
            timeless += not packet.is_discard
            continue
        pts.append(NO_TIME if packet.pts is None else packet.pts)
        dts.append(NO_TIME if packet.dts is None else packet.dts)
        key.append(bool(packet.is_keyframe) and (not only_idr or _is_idr(bytes(packet))))
        duration.append(length)
    return PacketTable(
        container=name,
        only_idr=only_idr,
        pts=np.array(pts, np.int64),
        dts=np.array(dts, np.int64),
        key=np.array(key, np.bool_),
        duration=np.array(duration, np.int64),
        hidden=hidden,
        skipped=passed.broken + timeless,
        end_s=max((float(end * container.streams[at].time_base) for at, end in ends.items()), default=0.0),
    )


def _is_idr(data: bytes) -> bool:
    """Whether H.264 in Annex B form holds an IDR picture: its first slice is of type 5."""
    at = data.find(b"\0\0\1")
    while 0 <= at < len(data) - 3:
        kind = data[at + 3] & 31
        if kind in (1, 5):
            return kind == 5
        at = data.find(b"\0\0\1", at + 3)
    return False


def build_index(table: PacketTable, time_base: Fraction, rate: Fraction | None) -> FilmIndex:
    """Number the frames, tell when each is shown, and find where decoding may start.

    Raises:
        FilmRefused: too few packets say when.
    """
    step = _usual_step(table, time_base, rate)
    times = _filled(table.dts, step) if table.by_place else np.where(table.pts == NO_TIME, table.dts, table.pts)
    clocks = _clocks(times, table, time_base, step)
    for (place, ticks), (end, _) in itertools.pairwise([*clocks, (len(times), 0)]):
        times[place:end] += ticks
    if not table.by_place:
        return _by_time(times, table, time_base, step, clocks)
    if table.container == "mpeg":
        times = _evened(times)
    pts = np.maximum.accumulate(times)
    # Frames shown before an I-frame but decoded after it are lost to who starts there. An IDR picture has none.
    open_gop = not (table.only_idr or table.key.all())
    starts = _from_0(np.flatnonzero(table.key))
    return FilmIndex(pts, time_base, starts, int(pts[-1]) + step, open_gop, by_place=True, clocks=clocks)


def _by_time(
    times: NDArray[np.int64], table: PacketTable, time_base: Fraction, step: int, clocks: tuple[tuple[int, int], ...]
) -> FilmIndex:
    """Sort packets into presentation order.

    An I-frame is a clean entry when nothing shown before it is decoded after it and the reverse: then it and all
    that follows stand without what came before.
    """
    order = np.argsort(times, kind="stable")
    pts = times[order]
    number = np.empty(len(pts), np.int64)
    number[order] = np.arange(len(pts))
    latest_before = np.maximum.accumulate(np.concatenate([[NO_TIME], times[:-1]]))
    earliest_from = np.minimum.accumulate(times[::-1])[::-1]
    clean = table.key & (latest_before < times) & (earliest_from >= times)
    open_gop = bool((table.key & ~clean).any())
    starts = _from_0(np.sort(number[table.key if open_gop else clean]))
    last = int(table.duration[order[-1]]) or step
    return FilmIndex(pts, time_base, starts, int(pts[-1]) + last, open_gop, clocks=clocks)


def _from_0(starts: NDArray[np.int64]) -> NDArray[np.int32]:
    """`starts`, with frame 0 among them: a film that begins without an I-frame is read from its beginning."""
    return np.union1d(starts, [0]).astype(np.int32)


def _usual_step(table: PacketTable, time_base: Fraction, rate: Fraction | None) -> int:
    """Ticks from frame to frame, at least 1."""
    known = table.dts[table.dts != NO_TIME]
    if table.duration.any():
        step = float(np.median(table.duration[table.duration > 0]))
    elif rate:
        step = float(1 / (rate * time_base))
    else:
        step = float(np.median(np.diff(known))) if len(known) > 1 else 1.0
    return max(1, round(step))


def _filled(dts: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """Decoding times, which are also when frames come out of the decoder; unknown ones follow the last known evenly.

    Raises:
        FilmRefused: none is known.
    """
    places = np.arange(len(dts))
    known = np.flatnonzero(dts != NO_TIME)
    if len(known) == 0:
        raise FilmRefused(
            "none of the film's frames says when it is shown",
            "copy it into another container: ffmpeg -fflags +genpts -i film -c copy film.mkv",
        )
    last = np.maximum.accumulate(np.where(dts != NO_TIME, places, known[0]))
    return dts[last] + step * (places - last)


def _clocks(
    times: NDArray[np.int64], table: PacketTable, time_base: Fraction, step: int
) -> tuple[tuple[int, int], ...]:
    """Where a joined file's clock starts again, and what to add so that each part follows the one before it.

    Decoding times tell, for they never fall within a part.
    """
    if table.container not in JOINED:
        return ()
    ticking = times if table.by_place else np.where(table.dts == NO_TIME, times, table.dts)
    jump_s = np.diff(ticking) * float(time_base)
    places = [0, *(np.flatnonzero((jump_s < -BACK_S) | (jump_s > AHEAD_S)) + 1).tolist(), len(times)]
    clocks: list[tuple[int, int]] = []
    ticks = 0
    for (before, place), (_, end) in itertools.pairwise(itertools.pairwise(places)):
        ticks += int(times[before:place].max()) + step - int(times[place:end].min())
        clocks.append((place, ticks))
    return tuple(clocks)


def _evened(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """A program stream's times, or the even spacing that they were meant to have."""
    if len(times) < 2:
        return times
    step = int(times[-1] - times[0]) / (len(times) - 1)
    even = np.array(times[0] + step * np.arange(len(times)), np.float64)
    return np.rint(even).astype(np.int64) if np.abs(times - even).max() <= EVEN_STEPS * step else times

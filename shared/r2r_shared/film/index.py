"""Which frames a film has, when each is shown, and where a decoder may start.

Made once by the probe and stored with the film, so that every worker numbers frames alike, wherever it starts
to read: frame n is the n-th in presentation order, and its time comes from the container, not from a rate.
"""

from __future__ import annotations

import bisect
import json
import math
import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"R2RI\x02"


@dataclass(frozen=True, slots=True, eq=False)
class FilmIndex:
    """Frame times and starting points of one film.

    Attributes:
        pts: (frames,) presentation times in units of `time_base`, ascending; equal neighbours are allowed.
        time_base: seconds per unit.
        iframes: (n,) frame numbers at which decoding may start, ascending; see `open_gop`.
        end_pts: when the last frame stops being shown.
        open_gop: True where frames after an I-frame may lean on frames before it: a reader that wants
            frame iframes[k] then starts at iframes[k - 1].
        by_place: True where packets tell no presentation times: a frame's number is then its turn in the decoder's
            output, and `iframes` are I-frames' places among the packets (frames before them may come after).
        clocks: ((place, ticks), …): from the place-th packet on, `ticks` are added to what packets say, because the
            file's clock starts again there; empty where it does not. Such a file cannot be sought in by time.
    """

    pts: NDArray[np.int64]
    time_base: Fraction
    iframes: NDArray[np.int32]
    end_pts: int
    open_gop: bool = False
    by_place: bool = False
    clocks: tuple[tuple[int, int], ...] = ()

    @property
    def frames(self) -> int:
        """How many frames the film shows."""
        return len(self.pts)

    @property
    def duration_s(self) -> float:
        """From the first frame's appearance to the last one's end, seconds."""
        return self.end_s(self.frames - 1)

    @property
    def fps(self) -> float:
        """Average frame rate."""
        return self.frames / self.duration_s

    def time_s(self, frame: int) -> float:
        """When `frame` appears, in seconds after the first frame."""
        return float((int(self.pts[frame]) - int(self.pts[0])) * self.time_base)

    def end_s(self, frame: int) -> float:
        """When `frame` gives way to the next, in seconds after the first frame's appearance."""
        until = int(self.pts[frame + 1]) if frame + 1 < self.frames else self.end_pts
        return float((until - int(self.pts[0])) * self.time_base)

    def frame_at(self, pts: int) -> int | None:
        """The frame shown at `pts`, to within half the gap to its neighbours; None where there is none."""
        at = int(np.searchsorted(self.pts, pts, side="left"))
        if at < self.frames and int(self.pts[at]) == pts:
            return at
        near = [n for n in (at - 1, at) if 0 <= n < self.frames]
        best = min(near, key=lambda n: abs(int(self.pts[n]) - pts))
        gap = max(1, (self.end_pts - int(self.pts[0])) // self.frames)
        return best if 2 * abs(int(self.pts[best]) - pts) < gap else None

    def start_before(self, frame: int) -> int:
        """The last I-frame at or before `frame`; one more before that in a film of open GOPs."""
        at = int(np.searchsorted(self.iframes, frame, side="right")) - 1
        return int(self.iframes[max(0, at - 1 if self.open_gop else at)])

    def clock_ticks(self, place: int) -> int:
        """What is added to the times that the packet at `place` says."""
        at = bisect.bisect(self.clocks, place, key=itemgetter(0))
        return self.clocks[at - 1][1] if at else 0

    def to_bytes(self) -> bytes:
        """Compact form: a JSON head, then deflated deltas of times and I-frames (about 1 byte a frame)."""
        head = json.dumps(
            {
                "frames": self.frames,
                "iframes": len(self.iframes),
                "time_base": [self.time_base.numerator, self.time_base.denominator],
                "end_pts": self.end_pts,
                "open_gop": self.open_gop,
                "by_place": self.by_place,
                "clocks": self.clocks,
            }
        ).encode()
        deltas = np.diff(self.pts, prepend=np.int64(0)).astype("<i8").tobytes()
        starts = np.diff(self.iframes, prepend=np.int32(0)).astype("<i4").tobytes()
        return _MAGIC + struct.pack("<I", len(head)) + head + zlib.compress(deltas + starts, 6)

    @staticmethod
    def from_bytes(data: bytes, *, frames: int | None = None) -> FilmIndex:
        """Read what `to_bytes` wrote.

        Args:
            frames: so many it must have: of a stranger's, that is looked at before anything is unpacked.

        Raises:
            ValueError: the bytes are something else, or cut short.
        """
        if data[: len(_MAGIC)] != _MAGIC:
            raise ValueError("not a frame index")
        at = len(_MAGIC)
        (size,) = struct.unpack_from("<I", data, at)
        head = json.loads(data[at + 4 : at + 4 + size])
        there, starts = int(head["frames"]), int(head["iframes"])
        if min(there, starts) < 0 or (frames is not None and (there != frames or starts > 2 * frames + 1_000)):
            raise ValueError(f"a frame index of {there} frames and {starts} I-frames")
        length = 8 * there + 4 * starts
        unpacking = zlib.decompressobj()
        body = unpacking.decompress(data[at + 4 + size :], length + 1)
        if len(body) != length or not unpacking.eof:
            raise ValueError("a frame index of the wrong length")
        return FilmIndex(
            pts=np.cumsum(np.frombuffer(body, "<i8", there), dtype=np.int64),
            time_base=Fraction(*head["time_base"]),
            iframes=np.cumsum(np.frombuffer(body, "<i4", starts, 8 * there), dtype=np.int32),
            end_pts=int(head["end_pts"]),
            open_gop=bool(head["open_gop"]),
            by_place=bool(head["by_place"]),
            clocks=tuple((int(place), int(ticks)) for place, ticks in head["clocks"]),
        )


def plan_spans(index: FilmIndex, segment_s: float) -> list[tuple[int, int]]:
    """Cut a film into spans of about `segment_s` seconds that begin on I-frames and cover every frame once.

    The first span begins at frame 0 even where the film's first I-frame comes later.

    Returns:
        [(start frame, end frame exclusive), …]

    Raises:
        ValueError: the length is not finite, or not above 0.
    """
    if not (math.isfinite(segment_s) and segment_s > 0):
        raise ValueError(f"a segment has a finite length above 0 s, not {segment_s:g} s")
    starts = [0]
    for frame in index.iframes.tolist():
        if frame > 0 and index.time_s(frame) - index.time_s(starts[-1]) >= segment_s:
            starts.append(frame)
    # A last span shorter than half of the others is not worth a process of its own.
    if len(starts) > 1 and index.duration_s - index.time_s(starts[-1]) < segment_s / 2:
        starts.pop()
    return list(zip(starts, [*starts[1:], index.frames], strict=True))

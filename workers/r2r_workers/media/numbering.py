"""Which frame of the film a decoded frame is."""

from __future__ import annotations

from typing import Any, Protocol

from r2r_shared.film.index import FilmIndex


class Numbering(Protocol):
    """Numbers frames in the order in which one decoder gives them."""

    def number(self, frame: Any, last: int) -> int | None:
        """The frame's number; None where it is none of the film's.

        Args:
            last: the number given last.
        """
        ...


class ByTime:
    """By the presentation times that the container tells."""

    def __init__(self, index: FilmIndex) -> None:
        self._index = index

    def number(self, frame: Any, last: int) -> int | None:
        """See `Numbering.number`."""
        following = last + 1
        time = frame.pts if frame.pts is not None else frame.dts
        if time is None:
            return following if following < self._index.frames else None
        number = self._index.frame_at(int(time))
        if number is not None and number <= last < self._index.frames - 1 and self._index.pts[following] == time:
            return following  # two frames with one time
        return number


class ByPlace:
    """By the decoder's own order, where the container tells none: packets bear their places as times.

    A frame comes out when the decoder has been given the packet `delay` places behind the one of the same number,
    and frame.dts names that packet. So the number is frame.dts − delay, whatever was lost before.

    The delay is 1 for codecs with B-frames, and 0 for others. That of H.264 hangs on the stream, and is seen
    whenever an IDR picture comes out: its number is its place, frame.pts, for it parts those before from those after.
    """

    def __init__(self, index: FilmIndex, *, only_idr: bool) -> None:
        self._index = index
        self._parting = frozenset(index.iframes.tolist()) if only_idr else frozenset[int]()
        self._most = 16 if only_idr else 1
        self._delay: int | None = None
        self._next: int | None = None

    def number(self, frame: Any, last: int) -> int | None:
        """See `Numbering.number`."""
        del last
        if frame.dts is None:  # no packet drove it out but the film's end
            number = frame.pts if self._next is None else self._next
        else:
            if self._delay is None or frame.pts in self._parting:
                self._delay = min(self._most, frame.dts - frame.pts)
            number = frame.dts - self._delay
        if number is None:
            return None
        self._next = number + 1
        return number if number < self._index.frames else None

"""Packets of a film's picture from an I-frame on, whatever the container's idea of a seek."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from r2r_shared.film.index import FilmIndex
from r2r_shared.film.packets import JOINED, has_place, unbroken


def packets_from(container: Any, stream: Any, index: FilmIndex, frame: int, alive: Callable[[], None]) -> Iterator[Any]:
    """Packets in decoding order, beginning with the I-frame `frame`; broken ones are stepped over.

    Times are those of the index. In a film that is numbered by place, packets bear their places instead.

    Args:
        alive: called for every packet that is passed over.
    """
    if index.by_place:
        # A program stream's times are not as in the index (see film_packets), so it cannot be sought in by them.
        sought = not index.clocks and container.format.name not in JOINED
        packets = (_sought if sought else _counted)(container, stream, index, frame, alive)
        for place, packet in enumerate((p for p in packets if has_place(p, by_place=True)), frame):
            packet.pts = packet.dts = place
            yield packet
    else:
        yield from (_counted if index.clocks else _sought)(container, stream, index, frame, alive)


def _sought(container: Any, stream: Any, index: FilmIndex, frame: int, alive: Callable[[], None]) -> Iterator[Any]:
    """A seek in MPEG-TS or AVI may land late. Then it is tried again from further back, in the end from the start."""
    wanted = int(index.pts[frame])
    back = 0
    while True:
        target = wanted - back
        from_start = frame == 0 or target <= int(index.pts[0])
        if from_start:
            container.seek(0)
        else:
            container.seek(target, stream=stream, backward=True)
        packets = unbroken(container, stream)
        for packet in packets:
            alive()
            time = packet.dts if index.by_place or packet.pts is None else packet.pts
            if time is None:
                continue
            # A film need not begin with an I-frame: then take all there is.
            if frame == 0 or (time == wanted and packet.is_keyframe):
                yield packet
                yield from packets
                return
            if time > wanted and packet.is_keyframe:
                break
        if from_start:
            return
        back = max(2 * back, round(1 / index.time_base))


def _counted(container: Any, stream: Any, index: FilmIndex, frame: int, alive: Callable[[], None]) -> Iterator[Any]:
    """Counted from the file's start, for only that tells a packet's place, and which of its clocks timed it."""
    wanted = int(index.pts[frame])
    begun = frame == 0
    packets = (p for p in unbroken(container, stream) if has_place(p, by_place=index.by_place))
    for place, packet in enumerate(packets):
        if index.by_place:
            begun = place >= frame
        else:
            packet.pts = (packet.dts if packet.pts is None else packet.pts) + index.clock_ticks(place)
            begun = begun or (packet.pts == wanted and packet.is_keyframe)
        if begun:
            yield packet
        else:
            alive()

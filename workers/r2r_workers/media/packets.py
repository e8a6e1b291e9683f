"""Packets of a film's picture from an I-frame on, whatever the container's idea of a seek."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from r2r_shared.film_index import FilmIndex


def packets_from(container: Any, stream: Any, index: FilmIndex, frame: int) -> Iterator[Any]:
    """Packets in decoding order, beginning with the I-frame `frame`; broken ones are stepped over.

    A seek in MPEG-TS or AVI may land late. Then it is tried again from further back, in the end from the start.
    """
    wanted = int(index.pts[frame])
    back = 0
    while True:
        target = wanted - back
        from_start = frame == 0 or target <= int(index.pts[0])
        if from_start:
            container.seek(0)
            target = int(index.pts[0])
        else:
            container.seek(target, stream=stream, backward=True)
        packets = _unbroken(container, stream)
        for packet in packets:
            time = packet.pts if packet.pts is not None else packet.dts
            if time is None:
                continue
            if time == wanted and (packet.is_keyframe or frame == 0):
                yield packet
                yield from packets
                return
            if frame == 0 and from_start:  # the film does not begin with an I-frame: take all there is
                yield packet
                yield from packets
                return
            if time > wanted and packet.is_keyframe:
                break
        if from_start:
            return
        back = max(2 * back, round(1 / index.time_base))


def _unbroken(container: Any, stream: Any) -> Iterator[Any]:
    from av.error import FFmpegError

    packets = container.demux(stream)
    failures = 0
    while failures < 1000:  # a demuxer that stands still would fail for ever
        try:
            packet = next(packets)
        except StopIteration:
            return
        except FFmpegError:
            failures += 1
            continue
        if packet.size:
            yield packet

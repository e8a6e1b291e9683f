"""The reader for everything: slower than decord on some films, right on all of them, and it reads damaged ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from r2r_shared.film_index import FilmIndex
from r2r_shared.film_scan import choose_stream, open_film
from r2r_workers.media.geometry import Geometry
from r2r_workers.media.packets import packets_from
from r2r_workers.media.reader import Picture, upright


class PyavReader:
    """Reads with PyAV; frames are numbered by their presentation time."""

    name = "pyav"

    def __init__(self, path: Path, index: FilmIndex, geometry: Geometry, *, threads: int) -> None:
        self._path = path
        self._index = index
        self._geometry = geometry
        self._threads = threads

    def read(self, start: int) -> Iterator[tuple[int, Picture]]:
        """See `Reader.read`."""
        with open_film(self._path) as container:
            stream = choose_stream(container, self._path.name)
            stream.codec_context.thread_count = self._threads
            stream.codec_context.thread_type = "AUTO"
            last = start - 1
            for frame in self._decode(container, stream, start):
                number = self._number(frame, last)
                if number is None or number <= last:
                    continue
                last = number
                scaled = frame.reformat(
                    width=self._geometry.decode_width,
                    height=self._geometry.decode_height,
                    format="rgb24",
                    interpolation="BICUBIC",
                )
                yield number, upright(scaled.to_ndarray(), self._geometry)

    def _decode(self, container: Any, stream: Any, start: int) -> Iterator[Any]:
        from av.error import FFmpegError

        context = stream.codec_context
        for packet in packets_from(container, stream, self._index, self._index.start_before(start)):
            try:
                yield from context.decode(packet)
            except FFmpegError:  # a damaged packet costs its own frames, not the film
                continue
        try:
            yield from context.decode(None)
        except FFmpegError:
            return

    def _number(self, frame: Any, last: int) -> int | None:
        time = frame.pts if frame.pts is not None else frame.dts
        if time is None:
            return last + 1 if last + 1 < self._index.frames else None
        number = self._index.frame_at(int(time))
        following = last + 1
        if number is not None and number <= last < self._index.frames - 1 and self._index.pts[following] == time:
            return following  # two frames with one time
        return number

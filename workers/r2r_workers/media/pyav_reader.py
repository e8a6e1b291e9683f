"""The reader for everything: slower than decord on some films, right on all of them, and it reads damaged ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from r2r_shared.film.index import FilmIndex
from r2r_shared.film.scan import choose_stream, codec_name, open_film
from r2r_workers.media.geometry import Geometry
from r2r_workers.media.numbering import ByPlace, ByTime
from r2r_workers.media.packets import packets_from
from r2r_workers.media.reader import Picture, upright
from r2r_workers.media.scaling import Scaler


class PyavReader:
    """Reads with PyAV; frames are numbered by their presentation time where the container tells it."""

    name = "pyav"

    def __init__(
        self, path: Path, index: FilmIndex, geometry: Geometry, *, threads: int, alive: Callable[[], None]
    ) -> None:
        self._path = path
        self._index = index
        self._geometry = geometry
        self._threads = threads
        self._alive = alive

    def read(self, start: int) -> Iterator[tuple[int, Picture]]:
        """See `Reader.read`."""
        with open_film(self._path) as container:
            stream = choose_stream(container, self._path.name)
            stream.codec_context.thread_count = self._threads
            stream.codec_context.thread_type = "AUTO"
            if self._index.by_place:
                numbering = ByPlace(self._index, only_idr=codec_name(stream) == "h264")
            else:
                numbering = ByTime(self._index)
            scaler = Scaler(self._geometry)
            last = start - 1
            for frame in self._decode(container, stream, start):
                number = numbering.number(frame, last)
                if number is None or number <= last:
                    continue
                last = number
                yield number, upright(scaler.scale(frame), self._geometry)

    def _decode(self, container: Any, stream: Any, start: int) -> Iterator[Any]:
        from av.error import FFmpegError

        context = stream.codec_context
        first = self._index.start_before(start)
        for packet in packets_from(container, stream, self._index, first, self._alive):
            self._alive()
            try:
                yield from context.decode(packet)
            except FFmpegError:  # a damaged packet costs its own frames, not the film
                continue
        try:
            yield from context.decode(None)
        except FFmpegError:
            return

"""The reader for mp4, mov, mkv and webm with H.264, HEVC or VP9. The only module that imports decord.

decord reads ahead without bound: while it waits for a picture it queues every packet to the file's end, and it
decodes them all whether or not anyone takes them. So it is never given the file. PyAV hands it one run of closed
groups of pictures at a time, as a Matroska file in memory: what it can read ahead ends with the run, it never
seeks, it opens nothing by name, and it need not index a ten-gigabyte film for each span of it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from r2r_shared.film_index import FilmIndex
from r2r_shared.film_scan import choose_stream, open_film
from r2r_workers.media.geometry import Geometry
from r2r_workers.media.packets import packets_from
from r2r_workers.media.reader import Picture, ReaderFailed, upright

RUN_FRAMES = 192
"""Runs are about this long: enough to keep the threads busy, 85 MB of pictures if all are waiting."""
BATCH_FRAMES = 64


class DecordReader:
    """Reads with decord, run by run."""

    name = "decord"

    def __init__(self, path: Path, index: FilmIndex, geometry: Geometry, *, threads: int) -> None:
        self._path = path
        self._index = index
        self._geometry = geometry
        self._threads = threads

    def read(self, start: int) -> Iterator[tuple[int, Picture]]:
        """See `Reader.read`.

        Raises:
            ReaderFailed: decord sees other frames than the packets promise, or none.
        """
        import decord

        decord.logging.set_level(decord.logging.FATAL)
        first = self._index.start_before(start)
        for data, frames in self._runs(first):
            try:
                video: Any = decord.VideoReader(
                    io.BytesIO(data),
                    ctx=decord.cpu(0),
                    width=self._geometry.decode_width,
                    height=self._geometry.decode_height,
                    num_threads=self._threads,
                )
                if len(video) != frames:
                    raise ReaderFailed(f"decord finds {len(video)} frames where {frames} are")
                for at in range(0, frames, BATCH_FRAMES):
                    count = min(BATCH_FRAMES, frames - at)
                    batch = video.get_batch(range(at, at + count)).asnumpy()
                    for k in range(max(0, start - first - at), count):
                        yield first + at + k, upright(batch[k], self._geometry)
            except (decord.DECORDError, RuntimeError) as exc:
                raise ReaderFailed(f"decord: {str(exc).splitlines()[0][:200]}") from exc
            first += frames

    def _runs(self, first: int) -> Iterator[tuple[bytes, int]]:
        """Runs of whole groups of pictures from frame `first`, remuxed into memory, with their frame counts."""
        starts = {int(self._index.pts[n]) for n in self._index.iframes}
        with open_film(self._path) as container:
            stream = choose_stream(container, self._path.name)
            run: list[Any] = []
            for packet in packets_from(container, stream, self._index, first):
                if len(run) >= RUN_FRAMES and packet.is_keyframe and packet.pts in starts:
                    yield self._remux(stream, run, first), len(run)
                    first += len(run)
                    run = []
                run.append(packet)
            if run:
                yield self._remux(stream, run, first), len(run)

    def _remux(self, stream: Any, run: list[Any], first: int) -> bytes:
        times = np.sort(np.array([packet.pts for packet in run], np.int64))
        if not np.array_equal(times, self._index.pts[first : first + len(run)]):
            raise ReaderFailed(f"the packets after frame {first} are not those the probe saw")
        import av

        buffer = io.BytesIO()
        with av.open(buffer, "w", format="matroska") as opened:
            out: Any = opened
            target = out.add_stream_from_template(stream)
            for packet in run:
                packet.stream = target
                packet.pts -= int(times[0])
                packet.dts = None if packet.dts is None else packet.dts - int(times[0])
                out.mux(packet)
        return buffer.getvalue()

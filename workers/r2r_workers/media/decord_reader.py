"""The reader for mp4, mov, mkv and webm with H.264, HEVC or VP9. The only module that imports decord.

decord reads ahead without bound: while it waits for a picture it queues every packet to the file's end, and it
decodes them all whether or not anyone takes them. So it is never given the file. PyAV hands it one run of closed
groups of pictures at a time, as a Matroska file in memory: what it can read ahead ends with the run, it never
seeks, it opens nothing by name, and it need not index a ten-gigabyte film for each span of it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from r2r_shared.film.index import FilmIndex
from r2r_shared.film.scan import LONGEST_GOP, choose_stream, open_film
from r2r_workers.media.geometry import Geometry
from r2r_workers.media.packets import packets_from
from r2r_workers.media.reader import Picture, ReaderFailed, upright

RUN_FRAMES = LONGEST_GOP
"""The longest run: enough to keep the threads busy, and 135 MB of 16:9 pictures if all of them are waiting. The
probe gives films with longer groups of pictures to PyAV."""
BATCH_FRAMES = 64


class DecordReader:
    """Reads with decord, run by run."""

    name = "decord"

    def __init__(
        self, path: Path, index: FilmIndex, geometry: Geometry, *, threads: int, alive: Callable[[], None]
    ) -> None:
        self._path = path
        self._index = index
        self._geometry = geometry
        self._threads = threads
        self._alive = alive

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
                for k, picture in enumerate(self._pictures(data, frames), first):
                    if k >= start:
                        yield k, upright(picture, self._geometry)
            except (decord.DECORDError, RuntimeError) as exc:
                raise ReaderFailed(f"decord: {str(exc).splitlines()[0][:200]}") from exc
            first += frames

    def _pictures(self, data: bytes, frames: int) -> Iterator[Picture]:
        """A run's pictures as decord gives them. What it holds goes when this ends, before the next run begins."""
        import decord

        video: Any = decord.VideoReader(
            io.BytesIO(data),
            ctx=decord.cpu(0),
            width=self._geometry.decode_width,
            height=self._geometry.decode_height,
            num_threads=2 * self._threads,  # frame threads wait for one another: as many as cores leave gaps
        )
        if len(video) != frames:
            raise ReaderFailed(f"decord finds {len(video)} frames where {frames} are")
        for at in range(0, frames, BATCH_FRAMES):
            yield from video.get_batch(range(at, min(at + BATCH_FRAMES, frames))).asnumpy()
            self._alive()

    def _runs(self, first: int) -> Iterator[tuple[bytes, int]]:
        """Runs of whole groups of pictures from frame `first`, remuxed into memory, with their frame counts."""
        with open_film(self._path) as container:
            stream = choose_stream(container, self._path.name)
            run: list[Any] = []
            end = self._run_end(first)
            for packet in packets_from(container, stream, self._index, first, self._alive):
                self._alive()
                run.append(packet)
                if first + len(run) == end:
                    yield self._remux(stream, run, first), len(run)
                    first, run = end, []
                    end = self._run_end(first)
            if run:
                yield self._remux(stream, run, first), len(run)

    def _run_end(self, first: int) -> int:
        """The last I-frame within reach of a run that begins at frame `first`, else the next one, else the end."""
        ends = [*self._index.iframes[self._index.iframes > first].tolist(), self._index.frames]
        return max((end for end in ends if end <= first + RUN_FRAMES), default=ends[0])

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

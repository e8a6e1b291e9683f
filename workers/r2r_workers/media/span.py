"""The one streaming pass over a span of film: frames in, finished shots out. Runs inside the decoding child."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from r2r_shared.film.index import FilmIndex
from r2r_shared.records import Box, FoundKeyframe, FoundShot, Transition
from r2r_workers.media import letterbox
from r2r_workers.media.adaptive import AdaptiveFinder
from r2r_workers.media.blank import blank_frame, blank_shot
from r2r_workers.media.geometry import Geometry
from r2r_workers.media.keyframes import Chosen, KeyframePicker
from r2r_workers.media.reader import Picture, Reader
from r2r_workers.media.settings import DetectorSettings
from r2r_workers.media.shots import DelayLine, Settled, TransitionFinder
from r2r_workers.media.signals import measure, shrink
from r2r_workers.media.timing import Timing, plan_timing

JPEG_QUALITY = 92


@dataclass(slots=True)
class Tally:
    """Frames of the span itself: those read, out of those that the index promises."""

    read: int = 0
    missing: int = 0


def find_shots(
    reader: Reader,
    index: FilmIndex,
    geometry: Geometry,
    settings: DetectorSettings,
    *,
    start_frame: int,
    end_frame: int,
    threads: int,
    tally: Tally,
    on_frame: Callable[[int], None],
) -> Iterator[FoundShot]:
    """Shots that begin in start_frame..end_frame−1, each as soon as it ends.

    Reads from far enough before the span to decide as one would who had read from the film's start, and on past its
    end until its last shot is closed.
    """
    timing = plan_timing(index.fps)
    finder = make_finder(settings, timing, threads=threads)
    line = DelayLine(timing, finder)
    open_shot: _OpenShot | None = None
    seen_first = False

    def settle(frames: Iterator[Settled]) -> Iterator[FoundShot | None]:
        """Shots as they close; None once the span is done."""
        nonlocal open_shot, seen_first
        for settled in frames:
            first_of_film = not seen_first and start_frame == 0
            seen_first = True
            begins = settled.boundary is not None or first_of_film
            if begins and open_shot:
                yield open_shot.close(settled.frame)
                open_shot = None
            # A film whose first frames cannot be read begins all the same: in its first span.
            if settled.frame >= end_frame and open_shot is None and not first_of_film:
                yield None
                return
            if begins and settled.frame >= start_frame:
                transition = settled.boundary.transition if settled.boundary else "cut"
                open_shot = _OpenShot(0 if first_of_film else settled.frame, transition, index, geometry)
            if open_shot:
                open_shot.add(settled)

    needed = timing.context + finder.delay
    for frame, picture in read_with_lead(reader, start_frame, needed=needed, lead=needed + 8 * timing.step):
        if start_frame <= frame < end_frame:
            tally.read += 1
        on_frame(frame)
        small = shrink(picture)
        for shot in settle(line.feed(frame, picture, small, measure(small))):
            if shot is None:
                tally.missing = end_frame - start_frame - tally.read
                return
            yield shot
    for shot in settle(line.finish()):
        if shot is None:
            break
        yield shot
    if open_shot:
        yield open_shot.close(index.frames)
    tally.missing = end_frame - start_frame - tally.read


def read_with_lead(reader: Reader, start_frame: int, *, needed: int, lead: int) -> Iterator[tuple[int, Picture]]:
    """Frames from `lead` before `start_frame` on.

    What is decided about a frame hangs on those that were read before it, however far back: where so many of them
    cannot be decoded that fewer than `needed` are left, they are read again from twice as far.
    """
    reach = lead
    while True:
        first = max(0, start_frame - reach)
        before: deque[tuple[int, Picture]] = deque(maxlen=lead)
        frames = reader.read(first)
        for frame, picture in frames:
            if frame < start_frame:
                before.append((frame, picture))
                continue
            if len(before) < needed and first > 0:
                break
            while before:
                yield before.popleft()
            yield frame, picture
            yield from frames
            return
        else:
            return  # nothing of the span can be read
        reach *= 2


def make_finder(settings: DetectorSettings, timing: Timing, *, threads: int) -> TransitionFinder:
    """The finder that the settings name."""
    if settings.kind == "transnet":
        from r2r_workers.media.transnet import TransnetFinder  # an extra

        return TransnetFinder(settings, timing, threads=threads)
    return AdaptiveFinder(settings, timing)


class _OpenShot:
    """A shot whose end is not known yet."""

    def __init__(self, start_frame: int, transition: Transition, index: FilmIndex, geometry: Geometry) -> None:
        self._start = start_frame
        self._transition: Transition = transition
        self._index = index
        self._geometry = geometry
        self._picker = KeyframePicker(index.time_s(start_frame))
        self._keyframes: list[FoundKeyframe] = []
        self._titles: list[Picture] = []
        self._frames = self._black = self._white = 0

    def add(self, settled: Settled) -> None:
        blank = blank_frame(settled.signals)
        self._frames += 1
        self._black += blank == "black"
        self._white += blank == "white"
        time_s = self._index.time_s(settled.frame)
        chosen = self._picker.add(
            settled.frame, time_s, settled.picture, settled.signals, settled=not settled.in_transition
        )
        if chosen:
            self._keep(chosen)

    def close(self, end_frame: int) -> FoundShot:
        end_s = self._index.end_s(end_frame - 1)
        for chosen in self._picker.close(end_s):
            self._keep(chosen)
        return FoundShot(
            start_frame=self._start,
            end_frame=end_frame,
            start_s=self._index.time_s(self._start),
            end_s=end_s,
            transition=self._transition,
            blank=blank_shot(self._black, self._white, self._frames, self._titles),
            keyframes=tuple(self._keyframes),
        )

    def _keep(self, chosen: Chosen) -> None:
        import cv2

        height, width = chosen.picture.shape[:2]
        if len(self._titles) < 3:
            self._titles.append(chosen.picture)
        bars = letterbox.find_bars(chosen.rows, chosen.columns)
        box = letterbox.inner_box(bars, (len(chosen.rows), len(chosen.columns)), (height, width))
        if not letterbox.begins_abruptly(chosen.picture, box):
            box = Box(0, 0, width, height)
        picture = chosen.picture[box.y : box.y + box.height, box.x : box.x + box.width]
        bgr = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2BGR)
        _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        self._keyframes.append(
            FoundKeyframe(
                frame=chosen.frame,
                time_s=chosen.time_s,
                jpeg=jpeg.tobytes(),
                width=box.width,
                height=box.height,
                crop=self._geometry.to_shown(Box(box.x, box.y, box.width, box.height)),
            )
        )

"""Decoded frames, scaled to RGB as decord scales them: by libavfilter's bilinear scaler, to the bit.

A film may be read by either reader, by one span after another or when a child of decord's was killed; what is
chosen among its frames must not hang on which of them it was.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from r2r_workers.media.geometry import Geometry
from r2r_workers.media.reader import Picture


class Scaler:
    """Scales PyAV's frames to the analysis picture before rotation."""

    def __init__(self, geometry: Geometry) -> None:
        self._size = f"{geometry.decode_width}:{geometry.decode_height}"
        self._form: tuple[Any, ...] | None = None
        self._graph: Any = None

    def scale(self, frame: Any) -> Picture:
        """(decode_height, decode_width, 3) RGB."""
        form = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if form != self._form:  # a film may change its form in the middle
            self._graph, self._form = self._make_graph(frame), form
        self._graph.push(frame)
        return self._graph.pull().to_ndarray()

    def _make_graph(self, frame: Any) -> Any:
        import av.filter

        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format.name,
                time_base=Fraction(1, 1000),  # it has to have one
            ),
            graph.add("scale", f"{self._size}:flags=bilinear"),
            graph.add("format", "pix_fmts=rgb24"),
            graph.add("buffersink"),
        ).configure()
        return graph

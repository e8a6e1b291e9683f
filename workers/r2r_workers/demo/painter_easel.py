"""A canvas being painted: soft fields, shapes and gradients that every movement composes with.

Places are fractions of the width and height (0..1), lengths fractions of the shorter side, so that a work has
the same composition at any size. Colours are RGB, float32, 0..1.
"""

# Painters are long because pictures are; things take a place, a size and colours in that order throughout.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# float32 throughout; not said in the types, because NumPy's stubs widen every mixture with a Python float
Image = NDArray[Any]  # (h, w, 3), RGB 0..1
Field = NDArray[Any]  # (h, w)
Points = NDArray[np.float64]  # (n, 2), x and y as fractions
_SHIFT = 4  # sub-pixel bits of OpenCV's polygon filler


def rgb(colour: str) -> NDArray[Any]:
    """`"d8b25c"` as three values in 0..1."""
    return np.array([int(colour[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255


def palette(colours: str) -> list[NDArray[Any]]:
    """A blank-separated list of hexadecimal colours."""
    return [rgb(colour) for colour in colours.split()]


def mix(a: Any, b: Any, share: Any) -> Any:
    """`a` where `share` is 0, `b` where it is 1."""
    return a + (b - a) * share


def curve(points: Any, *, closed: bool = False, steps: int = 12) -> Points:
    """A Catmull-Rom spline through `points`: (n·steps, 2)."""
    p = np.asarray(points, np.float64)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (p[i : len(p) - 3 + i, None] for i in range(4))
    out = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    out = out.reshape(-1, 2)
    return out if closed else np.concatenate([out, p[-2:-1]])


class Easel:
    """One canvas, its paint so far and the random numbers that this work alone draws from.

    Attributes:
        image: (h, w, 3), RGB 0..1.
        x, y: (h, w), fractions across and down.
        short: the shorter side in pixels: one unit of length.
    """

    def __init__(self, rng: np.random.Generator, width: int, height: int) -> None:
        self.rng = rng
        self.width, self.height = width, height
        self.short = min(width, height)
        self.y, self.x = (grid.astype(np.float32) for grid in np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j])
        self.image: Image = np.zeros((height, width, 3), np.float32)

    @property
    def ratio_x(self) -> float:
        """What one unit of length is of the width."""
        return self.short / self.width

    @property
    def ratio_y(self) -> float:
        """What one unit of length is of the height."""
        return self.short / self.height

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def pick(self, items: Sequence[Any]) -> Any:
        return items[int(self.rng.integers(len(items)))]

    def offshoot(self) -> np.random.Generator:
        """A generator for what depends on the canvas' size: it costs `rng` one number, however much it gives."""
        return np.random.default_rng(int(self.rng.integers(2**62)))

    def noise(self, cells: float, octaves: int = 4, stretch: tuple[float, float] = (1, 1)) -> Field:
        """Fractal noise in 0..1, `cells` bumps along the longer side, `stretch`ed in x and y."""
        import cv2

        rng = self.offshoot()
        total = np.zeros((self.height, self.width), np.float32)
        longer = max(self.width, self.height)
        for octave in range(octaves):
            count = cells * 2**octave
            across = max(2, round(count * self.width / longer / stretch[0]) + 1)
            down = max(2, round(count * self.height / longer / stretch[1]) + 1)
            grid = rng.random((down, across), np.float32) - 0.5
            total += cv2.resize(grid, (self.width, self.height), interpolation=cv2.INTER_CUBIC) * 0.5**octave
        return np.clip(total * 0.75 + 0.5, 0, 1)

    def skyline(self, base: float, rise: float, cells: float, octaves: int = 5, roughness: float = 0.5) -> Field:
        """The height (as y) of a ridge at each column, (w,): `base` less up to `rise`."""
        ticks = np.linspace(0, 1, self.width)
        total, weight, norm = np.zeros(self.width), 1.0, 0.0
        for octave in range(octaves):
            knots = max(3, round(cells * 2**octave) + 1)
            heights = self.rng.random(knots)
            at = ticks * (knots - 1)
            left = np.minimum(at.astype(int), knots - 2)
            part = at - left
            part = part if octave > 1 else part * part * (3 - 2 * part)
            total += weight * mix(heights[left], heights[left + 1], part)
            norm += weight
            weight *= roughness
        return (base - rise * total / norm).astype(np.float32)

    def below(self, line: Any, soft: float = 0.002) -> Field:
        """1 under `line` (a y, or one per column), 0 above, over `soft` of the height."""
        return np.clip((self.y - line) / max(soft, 1 / self.height) + 0.5, 0, 1)

    def gradient(self, stops: Sequence[tuple[float, Any]], along: Field | None = None) -> Image:
        """Colours that change down the canvas (or along a field): `stops` are (place, colour)."""
        where = self.y if along is None else along
        places = [stop[0] for stop in stops]
        colours = np.stack([stop[1] for stop in stops])
        table = np.stack([np.interp(np.linspace(0, 1, 512), places, colours[:, c]) for c in range(3)], 1)
        return table.astype(np.float32)[np.clip(where * 511, 0, 511).astype(np.int32)]

    def glow(self, x: float, y: float, radius: float, power: float = 2.0) -> Field:
        """A light at (x, y) that has fallen to 1/e at `radius` units."""
        distance = np.hypot((self.x - x) / self.ratio_x, (self.y - y) / self.ratio_y) / radius
        return np.exp(-(distance**power)).astype(np.float32)

    def fill(self, colour: Any, mask: Any) -> None:
        """Lay `colour` (three values or an image) where `mask` (0..1) says."""
        self.image += (colour - self.image) * np.asarray(mask, np.float32)[..., None]

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, *, turn: float = 0.0, wobble: float = 0.0, n: int = 40
    ) -> Points:
        """Points of an ellipse of radii in units, turned by `turn` radians, its outline uneven by `wobble`."""
        t = np.linspace(0, 2 * np.pi, n, endpoint=False)
        r = np.ones(n)
        if wobble:
            for k in (2, 3, 5):
                r += wobble / k * np.cos(k * t + self.between(0, 6.28)) * self.between(0.4, 1.6)
        u, v = rx * r * np.cos(t), ry * r * np.sin(t)
        dx = u * np.cos(turn) - v * np.sin(turn)
        dy = u * np.sin(turn) + v * np.cos(turn)
        return np.stack([x + dx * self.ratio_x, y + dy * self.ratio_y], 1)

    def ribbon(self, path: Any, widths: Any) -> Points:
        """The outline of a stroke along `path` (n, 2) whose full width in units is `widths` (n or one)."""
        p = np.asarray(path, np.float64) / (self.ratio_x, self.ratio_y)
        along = np.gradient(p, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], 1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        half = np.broadcast_to(np.asarray(widths, np.float64), len(p))[:, None] / 2
        outline = np.concatenate([p + normal * half, (p - normal * half)[::-1]])
        return outline * (self.ratio_x, self.ratio_y)

    def mask(self, points: Any, soft: float = 0.0) -> Field:
        """The inside of a polygon as 0..1, its edge blurred over `soft` units."""
        return self.window(points, soft, whole=True)[0]

    def shape(self, points: Any, colour: Any, *, soft: float = 0.0, alpha: float = 1.0) -> None:
        """Lay `colour` (three values or an image of the canvas' size) inside a polygon."""
        mask, (top, bottom, left, right) = self.window(points, soft, whole=False)
        if mask.size == 0:
            return
        part = self.image[top:bottom, left:right]
        paint = colour[top:bottom, left:right] if np.ndim(colour) == 3 else colour
        part += (paint - part) * (mask * alpha)[..., None]

    def line(self, path: Any, colour: Any, width: float, *, soft: float = 0.0, alpha: float = 1.0) -> None:
        """A line of even `width` in units; a brush line that swells is a `ribbon`."""
        self.shape(self.ribbon(path, width), colour, soft=soft, alpha=alpha)

    def window(self, points: Any, soft: float, *, whole: bool) -> tuple[Field, tuple[int, int, int, int]]:
        """A polygon's mask inside its own bounding box (or the whole canvas), and that box."""
        import cv2

        pixels = np.asarray(points, np.float64) * (self.width, self.height)
        sigma = soft * self.short
        pad = int(3 * sigma) + 2
        left, top = np.floor(pixels.min(0)).astype(int) - pad
        right, bottom = np.ceil(pixels.max(0)).astype(int) + pad
        if whole:
            left, top, right, bottom = 0, 0, self.width, self.height
        left, top = max(0, int(left)), max(0, int(top))
        right, bottom = min(self.width, int(right)), min(self.height, int(bottom))
        if right <= left or bottom <= top:
            return np.zeros((0, 0), np.float32), (0, 0, 0, 0)
        mask = np.zeros((bottom - top, right - left), np.uint8)
        corners = np.round((pixels - (left, top) - 0.5) * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SHIFT)
        out = mask.astype(np.float32) / 255
        if sigma > 0.3:
            out = cv2.GaussianBlur(out, (0, 0), sigma)
        return out, (top, bottom, left, right)

"""How paint lies: strokes that follow a flow, dots, bristles and impasto, canvas, paper, varnish, cracks."""

# Painters are long because pictures are; things take a place, a size and colours in that order throughout.

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_workers.demo.painter_easel import Easel, Field, Image, rgb


def shape_angle(image: Image, smooth_px: float) -> Field:
    """The direction along which a picture changes least, radians (h, w): brushes follow forms.

    Structure tensor: half the angle of (Jxx − Jyy, 2 Jxy), turned by a right angle.
    """
    import cv2

    grey = cv2.GaussianBlur(image.mean(axis=2), (0, 0), 1.5)
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    xx, yy, xy = (cv2.GaussianBlur(p, (0, 0), smooth_px) for p in (gx * gx, gy * gy, gx * gy))
    # where nothing has a direction, the neighbourhood's decides, not the noise
    wide = 6 * smooth_px
    part = max(1, int(smooth_px))
    size = (max(2, image.shape[1] // part), max(2, image.shape[0] // part))

    def with_surroundings(tensor: Field) -> Field:
        small = cv2.GaussianBlur(cv2.resize(tensor, size, interpolation=cv2.INTER_AREA), (0, 0), wide / part)
        return tensor + 0.25 * cv2.resize(small, (image.shape[1], image.shape[0]))

    xx, yy, xy = (with_surroundings(tensor) for tensor in (xx, yy, xy))
    return (0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2).astype(np.float32)


def blend_angles(a: Any, b: Any, share: Any) -> Field:
    """Directions mixed as directions: a stroke has no front, so the angles are doubled first."""
    c = (1 - share) * np.cos(2 * a) + share * np.cos(2 * b)
    s = (1 - share) * np.sin(2 * a) + share * np.sin(2 * b)
    return (0.5 * np.arctan2(s, c)).astype(np.float32)


class Paint:
    """A layer of opaque strokes over `ground`: colour in three channels, thickness of the paint in the fourth."""

    def __init__(self, easel: Easel, ground: Image) -> None:
        self.easel = easel
        self.layer = np.empty((easel.height, easel.width, 4), np.uint8)
        self.layer[..., :3] = to_bytes(ground)
        self.layer[..., 3] = 96

    def strokes(
        self,
        reference: Image,
        angle: Field,
        *,
        count: int,
        length: float,
        width: float,
        jitter: float = 0.05,
        where: Field | None = None,
        bend: int = 4,
    ) -> None:
        """Lay `count` strokes that follow `angle`, coloured by `reference` where they begin.

        Args:
            length, width: in units of the shorter side; each stroke varies about them.
            jitter: how far a stroke's colour strays from the reference, 0..1.
            where: (h, w), the chance of a stroke at each place; None is everywhere.
            bend: points along a stroke: 1 is straight.
        """
        import cv2

        e, rng = self.easel, self.easel.rng
        at = rng.random((count, 2), np.float32) * (e.width, e.height)
        chance = rng.random(count, np.float32)
        reach = length * e.short * rng.uniform(0.55, 1.3, count).astype(np.float32) / bend
        thick = np.maximum(1, np.round(width * e.short * rng.uniform(0.6, 1.35, count))).astype(int)
        value = rng.normal(0, jitter, (count, 1)) + rng.normal(0, jitter * 0.55, (count, 3))
        relief = rng.integers(40, 216, count)
        columns, rows = _cells(at, e)
        if where is not None:
            keep = chance < where[rows, columns]
            at, reach, thick, value, relief = at[keep], reach[keep], thick[keep], value[keep], relief[keep]
            columns, rows = columns[keep], rows[keep]
        colours = np.clip((reference[rows, columns] + value) * 255, 0, 255)
        colours = np.concatenate([colours, relief[:, None]], 1).tolist()
        paths = [at]
        for _ in range(bend):
            columns, rows = _cells(paths[-1], e)
            turn = angle[rows, columns]
            step = np.stack([np.cos(turn), np.sin(turn)], 1) * reach[:, None]
            if len(paths) > 1:  # a stroke has no front: keep on in the direction it had
                step *= np.where(((paths[-1] - paths[-2]) * step).sum(1) < 0, -1, 1)[:, None]
            paths.append(paths[-1] + step)
        lines = np.round(np.stack(paths, 1) * 8).astype(np.int32)
        for line, colour, size in zip(lines, colours, thick.tolist(), strict=True):
            cv2.polylines(self.layer, [line], False, colour, size, cv2.LINE_AA, 3)

    def dots(self, reference: Image, *, count: int, radius: float, jitter: float, spark: float, sparks: Any) -> None:
        """Lay round dots; a share `spark` of them in one of `sparks` (n, 3) mixed into what is there."""
        import cv2

        e, rng = self.easel, self.easel.rng
        at = rng.random((count, 2), np.float32) * (e.width, e.height)
        columns, rows = _cells(at, e)
        colours = reference[rows, columns] + rng.normal(0, jitter, (count, 3))
        other = np.asarray(sparks, np.float32)[rng.integers(len(sparks), size=count)]
        share = (rng.random(count) < spark)[:, None] * rng.uniform(0.35, 0.75, (count, 1))
        colours = np.clip((colours * (1 - share) + other * share) * 255, 0, 255)
        relief = rng.integers(60, 200, (count, 1))
        colours = np.concatenate([colours, relief], 1).tolist()
        sizes = np.maximum(6, radius * e.short * 8 * rng.uniform(0.75, 1.25, count)).astype(int).tolist()
        for place, size, colour in zip((at * 8).astype(int).tolist(), sizes, colours, strict=True):
            cv2.circle(self.layer, place, size, colour, -1, cv2.LINE_AA, 3)

    def dry(self, angle: Field, *, bristle: float, relief: float, ragged: float = 0.0012) -> Image:
        """The layer as a picture: edges torn by bristles, streaks along the strokes, light on their ridges."""
        import cv2

        e = self.easel
        streaks = along(e, angle, 0.016)
        push = streaks * (ragged * 6 * e.short)
        columns, rows = e.x * (e.width - 1), e.y * (e.height - 1)
        layer = cv2.remap(
            self.layer,
            (columns + push * np.cos(angle)).astype(np.float32),
            (rows + push * np.sin(angle)).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        height = cv2.GaussianBlur(layer[..., 3].astype(np.float32) / 255, (0, 0), 0.0011 * e.short + 0.3)
        height += streaks * bristle
        light = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) + cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3)
        shade = 1 + np.clip(light * relief, -0.25, 0.3) + streaks * bristle * 0.25
        return np.clip(layer[..., :3].astype(np.float32) / 255 * shade[..., None], 0, 1)


def along(easel: Easel, angle: Field, reach: float) -> Field:
    """White noise smeared along `angle` by `reach` units (line integral convolution): −1..1, (h, w)."""
    import cv2

    e = easel
    noise = e.offshoot().normal(0, 1, (e.height, e.width)).astype(np.float32)
    columns, rows = e.x * (e.width - 1), e.y * (e.height - 1)
    dx, dy = np.cos(angle), np.sin(angle)
    total = noise.copy()
    step = max(1.0, reach * e.short / 5)
    for k in (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5):
        total += cv2.remap(
            noise, columns + dx * (k * step), rows + dy * (k * step), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
    return np.clip(total / 6, -1, 1)


def blurred(image: Image, sigma_px: float) -> Image:
    import cv2

    return cv2.GaussianBlur(image, (0, 0), sigma_px)


def weave(easel: Easel, image: Image, strength: float, threads: float = 190) -> Image:
    """Canvas showing through: two crossing sets of `threads` along the shorter side."""
    e = easel
    count = min(threads, e.short / 2.6)  # never finer than the pixels can show
    columns, rows = e.x / e.ratio_x * count * np.pi, e.y / e.ratio_y * count * np.pi
    drift = e.noise(6, 2) * 5
    cloth = np.sin(columns + drift) * np.cos(rows - drift)
    speck = e.offshoot().normal(0, 0.35, cloth.shape).astype(np.float32)
    return np.clip(image * (1 + strength * (cloth + speck))[..., None], 0, 1)


def fibres(easel: Easel, image: Image, strength: float) -> Image:
    """Paper: long faint fibres, mottling and a fine tooth."""
    e = easel
    angle = (e.noise(5, 3) * 2 * np.pi).astype(np.float32)
    tooth = along(e, angle, 0.012) * 0.8 + e.offshoot().normal(0, 0.5, angle.shape).astype(np.float32)
    mottle = (e.noise(7, 4) - 0.5) * 1.6
    return np.clip(image * (1 + strength * (tooth + mottle))[..., None], 0, 1)


def varnish(easel: Easel, image: Image, tone: str, strength: float) -> Image:
    """Old varnish: everything seen through a tinted, unevenly thick layer."""
    depth = strength * (0.75 + 0.5 * easel.noise(3, 3))[..., None]
    return np.clip(image * (1 - depth) + image * rgb(tone) * depth * 1.35, 0, 1)


def cracks(easel: Easel, image: Image, strength: float, cells: float = 26) -> Image:
    """Craquelure: the borders of a random tiling, broken where the paint held."""
    import cv2

    e = easel
    small = 0.5
    size = (max(2, int(e.width * small)), max(2, int(e.height * small)))
    seeds = np.full((size[1], size[0]), 255, np.uint8)
    count = int(cells * cells * e.ratio_x * e.ratio_y * max(e.width, e.height) / e.short)
    seeds[e.rng.integers(size[1], size=count), e.rng.integers(size[0], size=count)] = 0
    distance = cv2.distanceTransform(seeds, cv2.DIST_L2, 5)
    crest = distance - cv2.GaussianBlur(distance, (0, 0), 2)
    line = cv2.resize(np.clip(crest - 0.55, 0, 1), (e.width, e.height))
    held = np.clip(e.noise(4, 3) * 2.4 - 0.7, 0, 1)
    return np.clip(image * (1 - strength * line * held)[..., None], 0, 1)


def vignette(easel: Easel, image: Image, strength: float) -> Image:
    """Edges that have gone dark."""
    distance = (easel.x - 0.5) ** 2 + (easel.y - 0.5) ** 2
    return image * (1 - strength * 2 * distance)[..., None]


def to_bytes(image: Any) -> NDArray[np.uint8]:
    """0..1 as 0..255."""
    return np.clip(np.asarray(image) * 255 + 0.5, 0, 255).astype(np.uint8)


def _cells(at: Any, easel: Easel) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Columns and rows of places in pixels, kept on the canvas."""
    columns = np.clip(at[:, 0], 0, easel.width - 1).astype(np.int32)
    rows = np.clip(at[:, 1], 0, easel.height - 1).astype(np.int32)
    return columns, rows

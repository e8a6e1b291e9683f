"""Things that several movements put in their pictures: clouds, trees, sails, houses, people, faces, reflections."""

# A thing takes a place, a size and its colours, in that order throughout.
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import Any

import numpy as np

from r2r_workers.demo.painter_easel import Easel, Field, curve, mix


def clouds(e: Easel, light: Any, dark: Any, horizon: float, cover: float, stretch: float = 2.5) -> None:
    """Banks of cloud above `horizon`, lit from above; `cover` is the share of sky, about."""
    heap = e.noise(4, 5, (stretch, 1)) - 0.18 * np.clip(e.y / horizon, 0, 1)
    mask = np.clip((heap - (0.72 - 0.42 * cover)) * 6, 0, 1) * (1 - e.below(horizon, 0.01))
    inner = np.clip((heap - (0.80 - 0.42 * cover)) * 5, 0, 1)[..., None]
    e.fill(mix(light, dark, inner * 0.8), mask * 0.85)


def reflect(e: Easel, horizon: float, tint: Any, share: float, ripple: float) -> None:
    """Turn all under `horizon` into water: what is above it, upside down, rippled, `share` of it tint."""
    import cv2

    depth = np.clip((e.y - horizon) / (1 - horizon), 0, 1)
    sway = (e.noise(26, 3, (5, 0.6)) - 0.5) * ripple * (0.3 + depth)
    rows = np.clip((2 * horizon - e.y + sway * 0.6) * (e.height - 1), 0, None)
    columns = (e.x + sway) * (e.width - 1)
    mirror = cv2.remap(e.image, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR,
                       borderMode=cv2.BORDER_REFLECT)  # fmt: skip
    glint = (e.noise(40, 2, (6, 0.5)) - 0.5)[..., None] * 0.14
    e.fill(mix(mirror, tint, share + 0.15 * depth[..., None]) + glint, e.below(horizon))


def foliage(e: Easel, x: float, y: float, rx: float, ry: float, dark: Any, light: Any, leaf: Field) -> None:
    """A mass of leaves: `leaf` noise eats its edge and mottles it; light falls from the upper left."""
    reach = 1.8  # beyond this the noise cannot hold a leaf
    left, right = (int(np.clip((x + way * reach * rx * e.ratio_x) * e.width, 0, e.width)) for way in (-1, 1))
    top, bottom = (int(np.clip((y + way * reach * ry * e.ratio_y) * e.height, 0, e.height)) for way in (-1, 1))
    here = (slice(top, bottom), slice(left, right))
    ruffle = (leaf[here] - 0.5) * 1.6
    u = (e.x[here] - x) / (rx * e.ratio_x)
    v = (e.y[here] - y) / (ry * e.ratio_y)
    mask = np.clip((1 - np.hypot(u, v) + ruffle) * 7, 0, 1)
    lit = np.clip(0.45 - 0.3 * u - 0.42 * v + ruffle, 0, 1)
    part = e.image[here]
    part += (mix(dark, light, lit[..., None]) - part) * mask[..., None]


def tree(e: Easel, x: float, base: float, height: float, dark: Any, light: Any, leaf: Field) -> None:
    """A broad tree standing at (x, base), `height` units tall."""
    lean = e.between(-0.12, 0.12) * height
    top = (x + lean * e.ratio_x, base - height * 0.6 * e.ratio_y)
    trunk = curve([(x, base), (x + lean * 0.2 * e.ratio_x, base - height * 0.3 * e.ratio_y), top])
    e.shape(e.ribbon(trunk, np.linspace(height * 0.09, height * 0.03, len(trunk))), np.asarray(dark) * 0.7)
    for _ in range(5):
        r = height * e.between(0.14, 0.24)
        foliage(
            e,
            top[0] + e.between(-0.26, 0.26) * height * e.ratio_x,
            top[1] + e.between(-0.22, 0.18) * height * e.ratio_y,
            r * 1.25,
            r * 0.85,
            dark,
            light,
            leaf,
        )


def spire(e: Easel, x: float, base: float, height: float, width: float, colour: Any, light: Any) -> None:
    """A cypress or poplar: a flame of a tree, one side lighter."""
    side = np.array([(0, 0), (0.5, -0.15), (0.42, -0.5), (0.22, -0.8), (0.02, -1.0)])
    right = side * (1, 1)
    left = side[::-1] * (-1, 1)
    wave = np.array([(e.between(-0.08, 0.08), 0) for _ in range(10)])
    points = (np.concatenate([right, left]) + wave) * (width * e.ratio_x, height * e.ratio_y) + (x, base)
    e.shape(curve(points, closed=True), colour)
    core = np.concatenate([right * (0.1, 0.95), left * (0.75, 0.95)])
    e.shape(
        curve(core * (width * e.ratio_x, height * e.ratio_y) + (x, base), closed=True),
        light,
        soft=width * 0.12,
        alpha=0.7,
    )


def sailboat(e: Easel, x: float, y: float, size: float, hull: Any, sail: Any, shade: Any) -> None:
    """A boat seen from the side, `size` units from keel to masthead, its hull at (x, y)."""
    way = e.pick((-1, 1))

    def put(points: Any) -> Any:
        return np.asarray(points) * (way * size * e.ratio_x, size * e.ratio_y) + (x, y)

    e.shape(put([(-0.42, -0.1), (0.46, -0.12), (0.3, 0.03), (-0.32, 0.03)]), hull)
    e.line(put([(0.02, -0.1), (0.04, -0.98)]), np.asarray(hull) * 0.6, size * 0.025)
    e.shape(put(curve([(0.06, -0.95), (0.2, -0.5), (0.45, -0.2), (0.06, -0.18)], steps=6)), sail)
    e.shape(put([(0.0, -0.9), (-0.12, -0.5), (-0.36, -0.17), (0.0, -0.17)]), shade)


def house(e: Easel, x: float, base: float, width: float, height: float, wall: Any, roof: Any) -> None:
    """A gabled house; the gable's left flank is in shade, a window or two are dark."""

    def put(points: Any) -> Any:
        return np.asarray(points) * (width * e.ratio_x, -height * e.ratio_y) + (x, base)

    e.shape(put([(0, 0), (1, 0), (1, 0.6), (0, 0.6)]), wall)
    e.shape(put([(0, 0), (0.35, 0), (0.35, 0.6), (0.17, 0.95), (0, 0.6)]), np.asarray(wall) * 0.72)
    e.shape(put([(0.35, 0.58), (1.05, 0.58), (0.88, 0.98), (0.16, 0.98)]), roof)
    for wx in (0.5, 0.76):
        e.shape(put([(wx, 0.2), (wx + 0.1, 0.2), (wx + 0.1, 0.42), (wx, 0.42)]), np.asarray(roof) * 0.45)


def person(e: Easel, x: float, base: float, height: float, dress: Any, skin: Any, hat: Any) -> None:
    """A small standing figure in a long coat or dress."""

    def put(points: Any) -> Any:
        return np.asarray(points) * (height * e.ratio_x, -height * e.ratio_y) + (x, base)

    body = [(-0.17, 0), (0.17, 0), (0.1, 0.45), (0.13, 0.78), (0.04, 0.83), (-0.04, 0.83), (-0.13, 0.78), (-0.1, 0.45)]
    e.shape(put(body), dress)
    e.shape(put([(-0.17, 0), (-0.05, 0), (-0.02, 0.5), (-0.08, 0.8), (-0.13, 0.78), (-0.1, 0.45)]),
            np.asarray(dress) * 0.7)  # fmt: skip
    e.shape(e.ellipse(x, base - 0.9 * height * e.ratio_y, 0.065 * height, 0.08 * height), skin)
    e.shape(e.ellipse(x, base - 0.96 * height * e.ratio_y, 0.11 * height, 0.045 * height), hat)


def parasol(e: Easel, x: float, y: float, size: float, light: Any, dark: Any) -> None:
    """An open parasol, its handle at (x, y)."""
    tip = y - size * 0.9 * e.ratio_y
    e.line([(x, y), (x + size * 0.1 * e.ratio_x, tip)], np.asarray(dark) * 0.6, size * 0.04)
    dome = [(-0.62, 0.05), (-0.4, -0.28), (0.0, -0.42), (0.4, -0.28), (0.62, 0.05), (0.0, -0.03)]
    points = np.asarray(dome) * (size * e.ratio_x, size * e.ratio_y) + (x + size * 0.1 * e.ratio_x, tip)
    e.shape(points, light)
    e.shape(points[[0, 1, 2, 5]], dark, alpha=0.8)


def face(e: Easel, x: float, y: float, r: float, skin: Any, shade: Any, ink: Any, turn: float = 0.0) -> None:
    """A long still face of half-height 1.35 r: almond eyes, one line for brow and nose. `turn` −1..1 looks aside."""
    rx, ry = e.ratio_x, e.ratio_y
    look = turn * 0.28 * r * rx
    e.shape(e.ellipse(x, y, r, 1.35 * r, wobble=0.02), shade)
    e.shape(e.ellipse(x + look * 0.5 - 0.08 * r * rx, y - 0.05 * r * ry, 0.82 * r, 1.18 * r), skin, soft=0.16 * r)
    for side in (-1, 1):
        ex, ey = x + look + side * 0.4 * r * rx, y - 0.16 * r * ry
        e.shape(e.ellipse(ex, ey, 0.27 * r, 0.2 * r), shade, soft=0.06 * r, alpha=0.8)
        lid = curve([(ex - 0.25 * r * rx, ey + 0.03 * r * ry), (ex, ey - 0.1 * r * ry), (ex + 0.25 * r * rx, ey)])
        e.shape(np.concatenate([lid, curve([lid[-1], (ex, ey + 0.09 * r * ry), lid[0]])]), mix(skin, 1.0, 0.45))
        e.line(lid, ink, 0.05 * r)
        e.shape(e.ellipse(ex, ey, 0.085 * r, 0.085 * r), ink)
        brow = curve([(ex - side * 0.2 * r * rx, ey - 0.24 * r * ry), (ex, ey - 0.33 * r * ry),
                      (ex + side * 0.3 * r * rx, ey - 0.2 * r * ry)])  # fmt: skip
        e.line(brow, ink, 0.055 * r, alpha=0.8)
    nose = curve(
        [
            (x + look - 0.14 * r * rx, y - 0.35 * r * ry),
            (x + look - 0.02 * r * rx, y + 0.1 * r * ry),
            (x + look - 0.15 * r * rx, y + 0.4 * r * ry),
            (x + look + 0.1 * r * rx, y + 0.43 * r * ry),
        ]
    )
    e.line(nose, mix(shade, ink, 0.5), 0.05 * r)
    mouth = [(x + look - 0.2 * r * rx, y + 0.72 * r * ry), (x + look, y + 0.68 * r * ry),
             (x + look + 0.2 * r * rx, y + 0.71 * r * ry)]  # fmt: skip
    e.shape(e.ribbon(curve(mouth), np.interp(np.linspace(0, 1, 25), [0, 0.5, 1], [0.02, 0.12, 0.02]) * r),
            mix(shade, np.array([0.62, 0.16, 0.13]), 0.6))  # fmt: skip

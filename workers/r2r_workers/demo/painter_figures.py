"""Two movements of figures: saints on gold, and rooms lit by one lamp."""

# Painters are long because pictures are; things take a place, a size and colours in that order throughout.
# ruff: noqa: PLR0915, PLR0917

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from r2r_workers.demo.painter_easel import Easel, Image, curve, mix, rgb
from r2r_workers.demo.painter_hand import Hand
from r2r_workers.demo.painter_marks import Paint, cracks, shape_angle, varnish, vignette, weave
from r2r_workers.demo.painter_things import face


def gilded_panel(e: Easel, hand: Hand, motif: int) -> Image:
    """Tempera on gold leaf: a punched ground, haloes, robes in flat folds, a painted frame.

    Colours: gold, dark gold, mantle, robe, skin, frame.
    """
    gold, deep, mantle, robe, skin, frame = hand.colours
    leaf = e.noise(5, 5)
    e.image = e.gradient(
        [(0, deep), (0.45, gold), (0.62, mix(gold, 1.0, 0.35)), (1, deep)], leaf * 0.6 + 0.4 * (1 - e.y)
    )
    sheet = 0.24
    seams = np.minimum(np.abs((e.x / e.ratio_x / sheet) % 1 - 0.5), np.abs((e.y / e.ratio_y / sheet) % 1 - 0.5))
    e.fill(deep, np.clip(1 - seams * 60, 0, 1) * 0.35)

    def saint(x: float, y: float, r: float, cloak: Any, tunic: Any, turn: float) -> None:
        """A saint whose face of radius r is at (x, y): cloak to the bottom of the picture."""
        _halo(e, x, y, 2.05 * r, gold, deep)
        rx, ry = r * e.ratio_x, r * e.ratio_y
        outline = [
            (x, y - 1.85 * ry),
            (x + 1.2 * rx, y - 1.1 * ry),
            (x + 1.35 * rx, y + 0.6 * ry),
            (x + 2.5 * rx, y + 1.9 * ry),
            (x + 2.9 * rx, y + 9 * ry),
            (x - 2.9 * rx, y + 9 * ry),
            (x - 2.5 * rx, y + 1.9 * ry),
            (x - 1.35 * rx, y + 0.6 * ry),
            (x - 1.2 * rx, y - 1.1 * ry),
        ]
        cloak_shape = curve(outline, closed=True)
        e.shape(cloak_shape, cloak)
        e.shape(
            e.ellipse(x + 0.9 * rx, y + 4.5 * ry, 1.7 * r, 4 * r), np.asarray(cloak) * 0.55, soft=0.5 * r, alpha=0.7
        )
        e.shape(curve([(x - 0.6 * rx, y + 1.1 * ry), (x + 0.6 * rx, y + 1.1 * ry), (x + 0.75 * rx, y + 9 * ry),
                       (x - 1.0 * rx, y + 9 * ry)], closed=True), tunic)  # fmt: skip
        for k in range(9):  # folds: dark valleys, lights beside them, or lines of gold
            side = (k % 2) * 2 - 1
            start = x + side * e.between(0.75, 2.0) * rx
            path = curve([(start, y + e.between(1.6, 2.6) * ry), (start + side * e.between(-0.2, 0.5) * rx, y + 4 * ry),
                          (start + side * e.between(-0.5, 0.6) * rx, y + e.between(5, 7) * ry)])  # fmt: skip
            swell = np.sin(np.linspace(0.1, np.pi, len(path))) * 0.17 * r
            e.shape(e.ribbon(path, swell), np.asarray(cloak) * 0.5, soft=0.03 * r)
            tone = gold if hand.contrast > 1 else mix(cloak, 1.0, 0.35)
            e.shape(e.ribbon(path + np.array([0.16 * rx, 0]), swell * 0.45), tone, soft=0.01 * r)
        face(e, x, y, r, skin, np.asarray(skin) * (0.62, 0.62, 0.5), rgb("2a1710"), turn)
        hood = curve([(x - 1.02 * rx, y + 1.0 * ry), (x - 1.02 * rx, y - 0.5 * ry), (x, y - 1.42 * ry),
                      (x + 1.02 * rx, y - 0.5 * ry), (x + 1.02 * rx, y + 1.0 * ry)])  # fmt: skip
        e.shape(e.ribbon(hood, 0.42 * r), cloak)
        e.shape(e.ribbon(hood, 0.09 * r), gold)
        e.shape(e.ellipse(x + 0.5 * rx, y + 2.9 * ry, 0.34 * r, 0.62 * r, turn=-0.6 - turn), skin, soft=0.02 * r)
        e.shape(
            e.ellipse(x + 0.62 * rx, y + 3.0 * ry, 0.2 * r, 0.5 * r, turn=-0.6 - turn),
            np.asarray(skin) * 0.75,
            soft=0.05 * r,
        )

    size = hand.scale
    if motif == 0:  # one saint, half length
        saint(0.5 + e.between(-0.03, 0.03), 0.37, 0.15 * size, mantle, robe, e.between(-1, 1))
    elif motif == 1:  # mother and child
        saint(0.46, 0.33, 0.135 * size, mantle, robe, 0.8)
        cx, cy, r = 0.46 + 0.22 * e.ratio_x, 0.33 + 0.24 * e.ratio_y, 0.085 * size
        _halo(e, cx, cy, 1.8 * r, gold, deep)
        e.shape(e.ellipse(cx, cy + 2.6 * r * e.ratio_y, 1.5 * r, 2.6 * r, turn=0.3), frame)
        e.shape(e.ellipse(cx + 0.4 * r * e.ratio_x, cy + 3.0 * r * e.ratio_y, 0.9 * r, 1.9 * r, turn=0.3),
                mix(frame, 1.0, 0.3), soft=0.3 * r)  # fmt: skip
        face(e, cx, cy, r, skin, np.asarray(skin) * (0.62, 0.62, 0.5), rgb("2a1710"), -0.9)
    elif motif == 2:  # three in a row under arches
        for k, x in enumerate((0.2, 0.8, 0.5)):
            saint(x, 0.37 - 0.05 * (k == 2), (0.085 + 0.015 * (k == 2)) * size, (mantle, robe, frame)[k],
                  (robe, mantle, robe)[k], (0.8, -0.8, 0.0)[k])  # fmt: skip
        for x in (0.35, 0.65):
            e.line([(x, 0.1), (x, 1)], deep * 0.7, 0.022)
            e.line([(x - 0.004, 0.1), (x - 0.004, 1)], gold, 0.008)
    else:  # two meet before a town
        for k in range(6):
            x, tall = 0.34 + 0.055 * k, e.between(0.2, 0.5)
            tower = [(x, 0.8), (x, 0.8 - tall), (x + 0.05, 0.8 - tall), (x + 0.05, 0.8)]
            e.shape(tower, mix(robe, 1.0, 0.3 + 0.1 * (k % 3)))
            e.shape([(x, 0.8 - tall), (x + 0.025, 0.72 - tall), (x + 0.05, 0.8 - tall)], frame)
        saint(0.24, 0.36, 0.105 * size, robe, mantle, 1.0)
        saint(0.77, 0.34, 0.11 * size, mantle, frame, -1.0)
    _panel_frame(e, hand, gold, deep, frame)
    image = _tempera(e)
    return varnish(e, cracks(e, image, 0.55), "8a5a1e", 0.12)


def _halo(e: Easel, x: float, y: float, r: float, gold: Any, deep: Any) -> None:
    """A disc of burnished gold with two rings of punch marks."""
    e.shape(e.ellipse(x, y, r, r, n=72), mix(gold, 1.0, 0.3))
    e.shape(e.ribbon(e.ellipse(x, y, 0.97 * r, 0.97 * r, n=72), 0.035 * r), deep * 0.6)
    for ring, count in ((0.86, 40), (0.74, 30)):
        for px, py in e.ellipse(x, y, ring * r, ring * r, n=count):
            e.shape(e.ellipse(px, py, 0.028 * r, 0.028 * r, n=8), deep * 0.7)


def _panel_frame(e: Easel, hand: Hand, gold: Any, deep: Any, frame: Any) -> None:
    """An arch or a straight border with dots, painted on the panel itself."""
    band = 0.05
    edge = np.minimum(np.minimum(e.x, 1 - e.x) / e.ratio_x, np.minimum(e.y, 1 - e.y) / e.ratio_y)
    if hand.horizon > 0.5:  # a rounded arch: its centre sits half a width below the top
        dome = 0.5 / e.ratio_x
        rise = np.hypot((e.x - 0.5) / e.ratio_x, (e.y / e.ratio_y - dome)) - dome
        edge = np.where(e.y / e.ratio_y < dome, np.minimum(edge, -rise), edge)
    e.fill(mix(frame, 0.0, 0.25), np.clip((band - edge) * 200, 0, 1))
    e.fill(gold, np.clip(1 - np.abs(edge - band) * 260, 0, 1))
    e.fill(deep * 0.5, np.clip(1 - np.abs(edge - band * 1.25) * 400, 0, 1))
    step = 0.075
    for k in range(int(1 / e.ratio_y / step)):
        for x in (band * 0.5 * e.ratio_x, 1 - band * 0.5 * e.ratio_x):
            e.shape(e.ellipse(x, (k + 0.5) * step * e.ratio_y, 0.012, 0.012, n=10), gold)
    for k in range(int(1 / e.ratio_x / step)):
        for y in (band * 0.5 * e.ratio_y, 1 - band * 0.5 * e.ratio_y):
            e.shape(e.ellipse((k + 0.5) * step * e.ratio_x, y, 0.012, 0.012, n=10), gold)


def _tempera(e: Easel) -> Image:
    """Short fine hatching that follows the forms: egg tempera dries too fast to blend."""
    angle = shape_angle(e.image, 0.012 * e.short)
    paint = Paint(e, e.image)
    paint.strokes(e.image, angle, count=9000, length=0.022, width=0.0032, jitter=0.035, bend=2)
    return mix(e.image, paint.dry(angle, bristle=0.12, relief=0.2, ragged=0.0004), 0.75)


@dataclass(frozen=True)
class Lamp:
    """One light: its place in units (z towards us), its colour, how far it reaches, and what is left without it."""

    x: float
    y: float
    z: float
    colour: Any
    reach: float
    dusk: float


def lamplight(e: Easel, hand: Hand, motif: int) -> Image:
    """Figures and things that one flame pulls out of the dark.

    Colours: darkness, flame, cloth, second cloth, skin, table.
    """
    dark, flame, cloth, other, skin, table = hand.colours
    e.image = e.gradient([(0, dark * 0.7), (1, dark * 1.15)]) * (0.8 + 0.4 * e.noise(3, 3))[..., None]
    side = e.pick((-1, 1))
    wide, high = 1 / e.ratio_x, 1 / e.ratio_y
    lamp_x = wide * (0.5 + side * e.between(0.16, 0.3))
    lamp = Lamp(lamp_x, high * e.between(0.42, 0.52), 0.28, flame * (2.3 * hand.contrast), hand.scale * 0.62, 0.06)
    e.fill(mix(dark, flame, 0.6), e.glow(lamp.x * e.ratio_x, lamp.y * e.ratio_y, 0.5 * hand.scale, 1.2) * 0.5)
    board = hand.horizon + e.between(-0.03, 0.03)
    if motif == 0:  # a table with fruit
        _table(e, board, table, lamp)
        _vessel(e, lamp, wide * (0.5 - side * 0.24), high * (board + 0.12), 0.6, cloth)
        for _ in range(9):
            r = e.between(0.065, 0.1)
            x, y = wide * 0.5 + e.between(-0.3, 0.3), high * (board + 0.07) + e.between(-0.03, 0.12)
            _ball(
                e,
                lamp,
                x,
                y - r * 0.3,
                r,
                r * e.between(0.9, 1.0),
                e.pick((other, rgb("9c2f1c"), rgb("b98a2e"), rgb("5d6b2a"))),
            )
        _candle(e, lamp, high * (board + 0.1), flame)
    elif motif == 1:  # a reader
        _sitter(e, lamp, wide * (0.5 - side * 0.14), high * 0.38, 0.165, cloth, other, skin)
        _table(e, board + 0.12, table, lamp)
        page = np.array([(-0.22, 0.02), (0.0, 0.05), (0.22, 0.0), (0.19, -0.13), (0.0, -0.09), (-0.2, -0.12)])
        spot = (wide * (0.5 + side * 0.04), high * (board + 0.12))
        _cloth(e, lamp, (page + spot) * (e.ratio_x, e.ratio_y), rgb("d9cba6"), 0.15)
        for k in range(5):
            for half in (-0.11, 0.1):
                y = spot[1] - 0.085 + k * 0.022
                e.line(np.array([(spot[0] + half - 0.07, y), (spot[0] + half + 0.07, y)]) * (e.ratio_x, e.ratio_y),
                       dark, 0.004, alpha=0.6)  # fmt: skip
        _candle(e, lamp, high * (board + 0.14), flame)
    elif motif == 2:  # a company round the flame
        for k, at in enumerate((-0.36, 0.38, 0.02)):
            x = wide * 0.5 + at * min(wide, 1.3)
            y = high * (0.36 - 0.07 * (k == 2)) + e.between(-0.02, 0.02)
            _sitter(e, lamp, x, y, e.between(0.12, 0.145), (cloth, other, table)[k], (other, cloth, cloth)[k], skin)
        _table(e, board + 0.1, table, lamp)
        for _ in range(5):
            x, y = wide * 0.5 + e.between(-0.35, 0.35), high * (board + 0.13)
            card = np.array([(-0.04, -0.02), (0.03, -0.03), (0.045, 0.02), (-0.03, 0.03)]) + np.array([x, y])
            _cloth(e, lamp, card * (e.ratio_x, e.ratio_y), rgb("e0d2ac"), 0.05)
        _candle(e, lamp, high * (board + 0.14), flame)
    else:  # one who holds up a light before a drape
        fall = np.array([(0, 0), (wide * 0.55, 0), (wide * 0.4, high * 0.5), (wide * 0.48, high), (0, high)])
        fall = fall if side > 0 else fall * (-1, 1) + (wide, 0)
        _cloth(e, lamp, fall * (e.ratio_x, e.ratio_y), other, 1.0)
        _sitter(e, lamp, wide * (0.5 - side * 0.1), high * 0.38, 0.185, cloth, table, skin)
        arm = curve(
            [(wide * (0.5 - side * 0.05), high * 0.9), (lamp.x - side * 0.02, high * 0.82), (lamp.x, lamp.y + 0.3)]
        )
        _cloth(e, lamp, e.ribbon(arm * (e.ratio_x, e.ratio_y), np.linspace(0.2, 0.1, len(arm))), cloth, 0.6)
        _ball(e, lamp, lamp.x, lamp.y + 0.27, 0.055, 0.065, skin)
        _candle(e, lamp, lamp.y + 0.25, flame)
    angle = shape_angle(e.image, 0.02 * e.short)
    paint = Paint(e, e.image)
    stroke = hand.stroke
    paint.strokes(e.image, angle, count=5000, length=0.075 * stroke, width=0.013 * stroke, jitter=0.012)
    paint.strokes(e.image, angle, count=7000, length=0.032 * stroke, width=0.0055 * stroke, jitter=0.014)
    image = mix(e.image, paint.dry(angle, bristle=0.08, relief=0.08), 0.8)
    image = varnish(e, weave(e, image, 0.03), "6b3c12", 0.13)
    return vignette(e, cracks(e, image, 0.4, 22), 0.35)


def _light(
    e: Easel, lamp: Lamp, box: tuple[int, int, int, int], normal: Any, z: Any, albedo: Any, gloss: float
) -> Image:
    """Lambert's cosine times the flame's fall-off, plus a soft highlight, for the pixels of `box`."""
    top, bottom, left, right = box
    dx = lamp.x - e.x[top:bottom, left:right] / e.ratio_x
    dy = lamp.y - e.y[top:bottom, left:right] / e.ratio_y
    dz = lamp.z - z
    distance = np.sqrt(dx * dx + dy * dy + dz * dz) + 1e-6
    cosine = np.clip((normal[0] * dx + normal[1] * dy + normal[2] * dz) / distance, 0, 1)
    lit = cosine / (1 + (distance / lamp.reach) ** 2.4)
    shine = gloss * np.clip(2 * cosine * normal[2] - dz / distance, 0, 1) ** 14 * lit
    return np.asarray(albedo) * (lamp.dusk + lit[..., None] * lamp.colour) + shine[..., None] * lamp.colour


def _put(e: Easel, points: Any, lamp: Lamp, normals: Any, albedo: Any, gloss: float, soft: float = 0.003) -> None:
    mask, box = e.window(points, soft, whole=False)
    if mask.size == 0:
        return
    top, bottom, left, right = box
    normal, z = normals(e.x[top:bottom, left:right] / e.ratio_x, e.y[top:bottom, left:right] / e.ratio_y)
    part = e.image[top:bottom, left:right]
    own = albedo[top:bottom, left:right] if np.ndim(albedo) == 3 else albedo
    part += (np.clip(_light(e, lamp, box, normal, z, own, gloss), 0, 1) - part) * mask[..., None]


def _ball(e: Easel, lamp: Lamp, x: float, y: float, rx: float, ry: float, albedo: Any, gloss: float = 0.25) -> None:
    """An ellipsoid at (x, y) in units."""

    def normals(px: Any, py: Any) -> Any:
        u, v = (px - x) / rx, (py - y) / ry
        depth = np.sqrt(np.clip(1 - u * u - v * v, 0.02, 1))
        return (u, v, depth), depth * rx

    _put(e, e.ellipse(x * e.ratio_x, y * e.ratio_y, rx, ry), lamp, normals, albedo, gloss)


def _vessel(e: Easel, lamp: Lamp, x: float, base: float, height: float, albedo: Any) -> None:
    """A jug: a surface of revolution whose profile this work draws."""
    belly, neck, lip = e.between(0.26, 0.36), e.between(0.09, 0.13), e.between(0.13, 0.18)
    profile = curve([(0, 0.2), (0.3, belly), (0.62, 0.2), (0.8, neck), (1, lip)])
    levels, radii = profile[:, 0], profile[:, 1] * height

    def normals(px: Any, py: Any) -> Any:
        r = np.interp((base - py) / height, levels, radii)
        u = np.clip((px - x) / np.maximum(r, 1e-6), -0.99, 0.99)
        return (u, np.full_like(u, -0.12), np.sqrt(1 - u * u)), np.sqrt(1 - u * u) * r

    right = np.stack([x + radii, base - levels * height], 1)
    left = np.stack([x - radii, base - levels * height], 1)[::-1]
    _put(e, np.concatenate([right, left]) * (e.ratio_x, e.ratio_y), lamp, normals, albedo, 0.5)


def _cloth(e: Easel, lamp: Lamp, points: Any, albedo: Any, folds: float) -> None:
    """Cloth inside a polygon: noise drawn out downwards stands in for its folds."""
    import cv2

    relief = e.noise(7, 2, (0.6, 2.6)) * folds * 0.075
    gx = cv2.Sobel(relief, cv2.CV_32F, 1, 0) * e.short / 8
    gy = cv2.Sobel(relief, cv2.CV_32F, 0, 1) * e.short / 8
    norm = np.sqrt(gx * gx + gy * gy + 1)
    _, (top, bottom, left, right) = e.window(points, 0.003, whole=False)
    cut = (slice(top, bottom), slice(left, right))
    _put(e, points, lamp, lambda _x, _y: ((-(gx / norm)[cut], -(gy / norm)[cut], (1 / norm)[cut]), 0.0), albedo, 0.0)


def _table(e: Easel, y: float, albedo: Any, lamp: Lamp) -> None:
    """A table top seen from a little above: it faces up and towards us."""
    _put(e, [(-0.05, y), (1.05, y), (1.05, 1.1), (-0.05, 1.1)], lamp,
         lambda px, _y: ((0 * px, 0 * px - 0.75, 0 * px + 0.66), 0.0), albedo, 0.0)  # fmt: skip


def _candle(e: Easel, lamp: Lamp, base: float, flame: Any) -> None:
    """The light itself: a stick of wax from `base` up to the lamp, a flame, its halo."""
    x, y = lamp.x * e.ratio_x, lamp.y * e.ratio_y
    e.shape([(x - 0.018 * e.ratio_x, base * e.ratio_y), (x + 0.018 * e.ratio_x, base * e.ratio_y),
             (x + 0.016 * e.ratio_x, y + 0.05 * e.ratio_y), (x - 0.016 * e.ratio_x, y + 0.05 * e.ratio_y)],
            mix(flame, rgb("fff2d0"), 0.4) * 0.85, soft=0.003)  # fmt: skip
    glow = e.glow(x, y, 0.16, 1.1)[..., None] * np.asarray(flame) * 0.6
    e.image = 1 - (1 - np.clip(e.image, 0, 1)) * (1 - glow)
    tongue = [
        (x, y - 0.085 * e.ratio_y),
        (x + 0.02 * e.ratio_x, y),
        (x, y + 0.045 * e.ratio_y),
        (x - 0.02 * e.ratio_x, y),
    ]
    e.shape(curve(tongue, closed=True), rgb("fff3c4"), soft=0.004)


def _sitter(e: Easel, lamp: Lamp, x: float, y: float, r: float, coat: Any, cap: Any, skin: Any) -> None:
    """Head and shoulders; the face's radius is r, its centre (x, y) in units. It looks towards the lamp."""
    ratio = (e.ratio_x, e.ratio_y)
    body = curve(
        [
            (x - 0.45 * r, y + 1.1 * r),
            (x + 0.45 * r, y + 1.1 * r),
            (x + 2.1 * r, y + 2.1 * r),
            (x + 2.7 * r, y + 6 * r),
            (x - 2.7 * r, y + 6 * r),
            (x - 2.1 * r, y + 2.1 * r),
        ],
        closed=True,
    )
    _cloth(e, lamp, body * ratio, coat, 1.0)
    look = float(np.sign(lamp.x - x))
    _ball(e, lamp, x - look * 0.12 * r, y - 0.35 * r, 1.12 * r, 1.2 * r, np.asarray(cap) * 0.7, 0.0)
    _ball(e, lamp, x, y + 1.1 * r, 0.5 * r, 0.7 * r, skin * 0.8, 0.0)
    seen, e.image = e.image, np.broadcast_to(skin, e.image.shape).astype(np.float32)
    face(e, x * ratio[0], y * ratio[1], 0.82 * r, skin, skin * (0.55, 0.42, 0.36), skin * (0.16, 0.1, 0.08), look)
    features, e.image = e.image, seen  # what the light falls on
    _ball(e, lamp, x, y, 0.84 * r, 1.14 * r, features, 0.05)
    hat = curve([(x - 1.25 * r, y - 0.5 * r), (x - 0.5 * r, y - 1.5 * r), (x + 0.6 * r, y - 1.5 * r),
                 (x + 1.2 * r, y - 0.55 * r), (x, y - 0.78 * r)], closed=True)  # fmt: skip
    _cloth(e, lamp, hat * ratio, cap, 0.6)

"""Two movements on paper: ink washes with mist between, and colour woodblocks of sea and weather."""

# Painters are long because pictures are; things take a place, a size and colours in that order throughout.
# ruff: noqa: PLR0915, PLR0917

from __future__ import annotations

from typing import Any

import numpy as np

from r2r_workers.demo.painter_easel import Easel, Image, curve, mix
from r2r_workers.demo.painter_hand import Hand
from r2r_workers.demo.painter_marks import fibres, vignette


def mistgate_ink(e: Easel, hand: Hand, motif: int) -> Image:
    """Ink on paper. Colours: paper, ink, pale wash, leaf tint, seal, blossom."""
    paper, ink, wash, tint, seal, blossom = hand.colours
    e.image = np.broadcast_to(paper, (e.height, e.width, 3)).astype(np.float32).copy()
    if motif == 0:
        _peaks(e, hand, 5)
        _pine(e, ink, tint, e.pick((0.12, 0.85)), 0.97, 0.5 * hand.scale)
    elif motif == 1:
        e.fill(wash, e.glow(e.between(0.3, 0.7), 0.3, 0.3) * 0.25)
        for k in range(9):
            _bamboo(e, mix(ink, wash, e.between(0.0, 0.75) if k < 6 else 0.0), tint, e.between(0.04, 0.96), hand)
    elif motif == 2:
        _peaks(e, hand, 2)
        y = e.between(0.66, 0.74)
        for k in range(7):
            line = curve(
                [(e.between(0, 0.4), y + 0.03 * k), (0.5, y + 0.03 * k + 0.005), (e.between(0.6, 1), y + 0.03 * k)]
            )
            e.shape(e.ribbon(line, np.linspace(0.001, 0.006, len(line))), wash, alpha=0.6)
        _skiff(e, ink, e.between(0.35, 0.65), y + 0.03, 0.2 * hand.scale)
        for _ in range(26):
            x = e.pick((0.0, 0.72)) + e.between(0.0, 0.28)
            blade = curve(
                [(x, 1.02), (x + e.between(-0.02, 0.02), 0.9), (x + e.between(-0.1, 0.1), e.between(0.72, 0.9))]
            )
            e.shape(
                e.ribbon(blade, np.linspace(0.009, 0.001, len(blade))), mix(ink, tint, e.between(0, 0.6)), alpha=0.9
            )
    else:
        _branch(e, hand, ink, blossom)
    _inscription(e, ink, seal)
    bleed = e.noise(60, 3)
    image = mix(e.image, np.minimum(e.image * 1.1, 1), (bleed * 0.35)[..., None])
    return vignette(e, fibres(e, np.clip(image, 0, 1), 0.035), 0.16)


def _peaks(e: Easel, hand: Hand, count: int) -> None:
    """Peaks one behind the other, each dark along its ridge and lost in mist at its foot."""
    _, ink, wash, tint, _, _ = hand.colours
    grain = e.noise(50, 4, (0.5, 2.0))
    for k in range(count):
        near = (k + 1) / count
        centre, spread = e.between(0.1, 0.9), e.between(0.12, 0.3) * hand.scale
        tower = np.exp(-(((e.x[0] - centre) / spread) ** 2)) * e.between(0.3, 0.55) * (1.15 - 0.5 * near)
        line = e.skyline(hand.horizon + 0.36 * near, 0.22, 7 + 4 * k, 6, 0.55) - tower
        depth = np.clip((e.y - line) / (0.3 + 0.1 * hand.stroke), 0, 1)
        body = e.below(line, 0.004) * (1 - depth) ** 1.4
        tone = mix(wash, mix(ink, tint, 0.25), near * near)
        e.fill(tone, np.clip(body * (0.45 + 0.5 * near) * (0.55 + 0.9 * grain * hand.contrast), 0, 0.95))
        rim = np.clip(1 - np.abs(e.y - line) / (0.004 * hand.stroke * (0.5 + grain)), 0, 1)
        e.fill(ink, rim * (0.2 + 0.6 * near) * np.clip(grain * 2 - 0.4, 0, 1))
        for _ in range(int(10 * near)):  # little trees on the shoulders
            x = e.between(0.02, 0.98)
            y = float(line[int(x * (e.width - 1))]) + e.between(0.0, 0.05)
            e.shape(
                e.ellipse(x, y, 0.012 * near + 0.004, 0.018 * near + 0.005, wobble=0.3),
                ink,
                soft=0.003,
                alpha=0.7 * near,
            )


def _pine(e: Easel, ink: Any, tint: Any, x: float, base: float, height: float) -> None:
    side = 1 if x < 0.5 else -1
    top = (x + side * 0.28 * height * e.ratio_x, base - height * e.ratio_y)
    trunk = curve([(x, base), (x - side * 0.06 * e.ratio_x, base - 0.5 * height * e.ratio_y), top])
    e.shape(
        e.ribbon(trunk, np.linspace(0.045, 0.012, len(trunk)) * (1 + 0.2 * e.rng.random(len(trunk)))), ink, alpha=0.9
    )
    for k in range(9):
        root = trunk[int(len(trunk) * (0.35 + 0.07 * k)) % len(trunk)]
        cx = root[0] + e.between(-0.2, 0.32) * side * height * e.ratio_x
        cy = root[1] + e.between(-0.05, 0.03)
        e.shape(e.ribbon(curve([root, ((root[0] + cx) / 2, cy - 0.01), (cx, cy)]), 0.008), ink)
        e.shape(
            e.ellipse(cx, cy, 0.11 * height, 0.035 * height, wobble=0.25), mix(ink, tint, 0.6), soft=0.012, alpha=0.6
        )
        for _ in range(24):
            nx, ny = cx + e.between(-0.1, 0.1) * height * e.ratio_x, cy + e.between(-0.02, 0.03)
            tip = (nx + e.between(-0.018, 0.018), ny - e.between(0.01, 0.03))
            e.line([(nx, ny), tip], ink, 0.0025, alpha=0.8)


def _bamboo(e: Easel, tone: Any, tint: Any, x: float, hand: Hand) -> None:
    lean, width = e.between(-0.08, 0.08), e.between(0.012, 0.028) * hand.stroke
    y, joint = 1.02, e.between(0.11, 0.16)
    while y > -0.1:
        top = y - joint
        stem = np.array([(x, y - 0.004), (x + lean * joint * 0.5, (y + top) / 2), (x + lean * joint, top + 0.004)])
        section = curve(stem, steps=4)  # thicker at its joints
        swell = 0.88 + 0.22 * np.linspace(-1, 1, len(section)) ** 2
        e.shape(e.ribbon(section, swell * width), tone, alpha=0.85)
        if e.rng.random() < 0.6:
            for _ in range(4):
                turn = e.between(-0.5, 1.2) + (np.pi if e.rng.random() < 0.5 else 0)
                reach = e.between(0.1, 0.2) * hand.scale
                end = (x + np.cos(turn) * reach * e.ratio_x, top + abs(np.sin(turn)) * reach * e.ratio_y)
                leaf = curve([(x, top), ((x + end[0]) / 2, (top + end[1]) / 2 - 0.015), end])
                swell = np.sin(np.linspace(0.2, np.pi, len(leaf))) * 0.022 * hand.stroke
                e.shape(e.ribbon(leaf, swell), mix(tone, tint, e.between(0, 0.5)), alpha=0.85)
        x, y = x + lean * joint, top


def _skiff(e: Easel, ink: Any, x: float, y: float, size: float) -> None:
    hull = np.array([(-1, -0.1), (-0.5, 0.08), (0.5, 0.08), (1.05, -0.16), (0.5, -0.02), (-0.5, -0.02)])
    e.shape(hull * (size * e.ratio_x, size * e.ratio_y) + (x, y), ink)
    man = np.array([(-0.1, 0), (0.14, 0), (0.1, -0.32), (0.0, -0.36), (-0.08, -0.28)])
    e.shape(man * (size * e.ratio_x, size * e.ratio_y) + (x, y), mix(ink, 1.0, 0.25))
    hat = np.array([(-0.18, -0.34), (0.2, -0.34), (0.01, -0.48)])
    e.shape(hat * (size * e.ratio_x, size * e.ratio_y) + (x, y), ink)
    e.line(
        [
            (x + 0.1 * size * e.ratio_x, y - 0.2 * size * e.ratio_y),
            (x - 1.2 * size * e.ratio_x, y - 0.9 * size * e.ratio_y),
        ],
        ink,
        0.004,
    )


def _branch(e: Easel, hand: Hand, ink: Any, blossom: Any) -> None:
    """A flowering branch that comes in from a side, a bird on it."""
    side = e.pick((0, 1))
    start = np.array([side * 1.04 - 0.02, e.between(0.35, 0.8)])
    way = -1 if side else 1
    path = [start]
    for _ in range(6):
        path.append(path[-1] + (way * e.between(0.1, 0.17), e.between(-0.13, 0.07)))
    bough = curve(path)
    e.shape(
        e.ribbon(bough, np.linspace(0.06, 0.012, len(bough)) * hand.stroke * (0.8 + 0.4 * e.rng.random(len(bough)))),
        ink,
        alpha=0.92,
    )
    tips: list[Any] = []
    for _ in range(int(15 * hand.scale)):
        root = bough[int(e.rng.integers(len(bough) // 4, len(bough)))]
        tip = root + np.array([way * e.between(-0.03, 0.14), e.between(-0.26, 0.12)])
        e.shape(e.ribbon(curve([root, (root + tip) / 2 + (0.01, 0.015), tip]), np.linspace(0.012, 0.003, 25)), ink)
        tips += [root + (tip - root) * t for t in (0.5, 0.75, 1.0)]
    for tip in tips:
        r = e.between(0.014, 0.026)
        for k in range(5):
            turn = k * 1.257 + e.between(0, 1)
            e.shape(
                e.ellipse(
                    tip[0] + np.cos(turn) * r * e.ratio_x,
                    tip[1] + np.sin(turn) * r * e.ratio_y,
                    r * 0.8,
                    r * 0.8,
                    wobble=0.1,
                ),
                mix(blossom, 1.0, e.between(0, 0.4)),
                soft=0.002,
                alpha=0.85,
            )
        e.shape(e.ellipse(tip[0], tip[1], r * 0.3, r * 0.3), ink)
    perch = bough[len(bough) * 2 // 3]
    body = np.array([(0, 0), (0.5, -0.5), (0.9, -0.62), (1.15, -0.5), (1.0, -0.2), (0.4, 0.1), (-0.7, 0.45)])
    e.shape(curve(body * (0.16 * way * e.ratio_x, 0.16 * e.ratio_y) + perch, closed=True), mix(ink, 1.0, 0.15))
    e.shape(
        e.ellipse(perch[0] + 0.16 * 0.9 * way * e.ratio_x, perch[1] - 0.16 * 0.5 * e.ratio_y, 0.008, 0.008),
        hand.colours[0],
    )


def _inscription(e: Easel, ink: Any, seal: Any) -> None:
    """Columns of invented writing and a red seal in the emptier upper corner."""
    busy = [
        float(np.abs(e.image[: e.height // 3, cut] - e.image[0, 0]).mean())
        for cut in (slice(0, e.width // 4), slice(-e.width // 4, None))
    ]
    x0 = 0.07 if busy[0] <= busy[1] else 0.86
    for column in range(2):
        x = x0 + 0.045 * column * e.ratio_x + 0.02
        for row in range(6 - 2 * column):
            y = 0.07 + row * 0.045 * e.ratio_y
            for _ in range(4):
                a = (x + e.between(-0.013, 0.013) * e.ratio_x, y + e.between(-0.015, 0.015) * e.ratio_y)
                b = (x + e.between(-0.013, 0.013) * e.ratio_x, y + e.between(-0.015, 0.015) * e.ratio_y)
                e.line([a, b], ink, 0.0035, alpha=0.9)
    y = 0.07 + 6.4 * 0.045 * e.ratio_y
    box = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (0.024 * e.ratio_x, 0.024 * e.ratio_y)
    e.shape(box + np.array([x0 + 0.03, y]), seal)
    e.line(box[:2] * 0.5 + (x0 + 0.03, y + 0.005), hand_paper(e), 0.005)
    e.line(box[1:3] * 0.5 + (x0 + 0.03, y), hand_paper(e), 0.005)


def hand_paper(e: Easel) -> Any:
    """The bare paper's colour: the upper left pixel, which nothing has touched."""
    return e.image[0, 0].copy()


def tidal_print(e: Easel, hand: Hand, motif: int) -> Image:
    """Colour woodblock: flat tones with key lines, a graded sky. Colours: sky, low sky, deep, mid, foam, warm."""
    sky, low, deep, mid, foam, warm = hand.colours
    line = deep * 0.45
    e.image = e.gradient([(0, sky), (0.16, mix(sky, low, 0.7)), (0.45, low), (1, mix(low, warm, 0.25))])
    if motif == 0:
        _mount(e, 0.5 + e.between(-0.2, 0.2), 0.68, 0.16, mid, foam, line)
        for k, y in enumerate((0.72, 0.84)):
            _swell(e, y, deep if k else mid, foam, line, 0.03)
        _breaker(e, hand, e.pick((-1, 1)), line)
        _swell(e, 0.93, deep, foam, line, 0.04)
    elif motif == 1:
        e.shape(e.ellipse(e.between(0.2, 0.8), 0.2, 0.1, 0.1), warm)
        _mount(e, e.between(0.35, 0.65), 0.86, 0.5 * hand.scale, warm, foam, line)
        for _ in range(7):
            _band(e, e.between(0.0, 1.0), e.between(0.1, 0.55), e.between(0.25, 0.5), foam)
        leafy = e.skyline(0.88, 0.06, 20, 4)
        e.fill(mix(deep, warm, 0.15), e.below(leafy))
        for k in range(60):
            x = e.between(0, 1)
            e.line([(x, 1), (x, e.between(0.84, 0.95))], line if k % 2 else mid, 0.006)
    elif motif == 2:
        _swell(e, 0.62, mid, foam, line, 0.015)
        _bridge(e, warm, line, hand)
        for x in np.linspace(0.18, 0.84, 5) + e.rng.uniform(-0.05, 0.05, 5):
            y = 0.64 - 0.2 * (1 - ((x - 0.5) / 0.6) ** 2)
            cloak = np.array([(-0.5, 0), (0.5, 0), (0.25, -1), (-0.25, -1)]) * (0.05 * e.ratio_x, 0.1 * e.ratio_y) + (
                x,
                y,
            )
            e.shape(cloak, e.pick((deep, foam, mid)))
            hat = np.array([(-0.8, 0), (0.8, 0), (0, -0.5)]) * (0.07 * e.ratio_x, 0.07 * e.ratio_y) + (
                x,
                y - 0.08 * e.ratio_y,
            )
            e.shape(hat, mix(warm, foam, 0.5))
            e.line(hat[[0, 2, 1]], line, 0.004)
        slant = e.between(0.06, 0.14)
        for _ in range(170):
            x, y, reach = e.between(-0.1, 1.1), e.between(-0.1, 1), e.between(0.15, 0.45)
            e.line([(x, y), (x - slant * reach * e.ratio_x / e.ratio_y, y + reach)], line, 0.0022, alpha=0.55)
    else:
        night = mix(deep, sky, 0.25)
        e.image = e.gradient([(0, night * 0.8), (0.5, mid), (0.7, low), (1, low)])
        moon_x = e.between(0.25, 0.75)
        e.shape(e.ellipse(moon_x, 0.26, 0.15 * hand.scale, 0.15 * hand.scale, n=64), foam)
        _band(e, moon_x + 0.1, 0.3, 0.5, mid)
        for k in range(4):
            ridge = e.skyline(0.62 + 0.08 * k, 0.12, 3 + k, 3)
            e.fill(mix(mid, foam, 0.85 - 0.18 * k), e.below(ridge))
            e.fill(line, np.clip(1 - np.abs(e.y - ridge) / 0.003, 0, 1))
        for _ in range(9):
            x, y = e.between(0.02, 0.9), e.between(0.74, 0.95)
            roof = np.array([(-0.2, 0), (0.5, -0.55), (1.2, 0)]) * (0.14 * e.ratio_x, 0.14 * e.ratio_y) + (x, y)
            wall = np.array([(0, 0), (1, 0), (1, 0.4), (0, 0.4)]) * (0.14 * e.ratio_x, 0.14 * e.ratio_y) + (x, y)
            e.shape(wall, mix(warm, low, e.between(0, 0.5)))
            e.shape(roof, foam)
            e.line(np.concatenate([roof, roof[:1]]), line, 0.005)
        for _ in range(300):
            r = e.between(0.003, 0.007)
            e.shape(e.ellipse(e.between(0, 1), e.between(0, 1), r, r, n=8), foam)
    _cartouche(e, warm, line, foam)
    plank = e.noise(60, 3, (9, 0.35))
    image = e.image * (1 + (plank - 0.5) * 0.1)[..., None]
    edge = np.minimum(np.minimum(e.x, 1 - e.x) / e.ratio_x, np.minimum(e.y, 1 - e.y) / e.ratio_y)
    image = mix(image, mix(foam, warm, 0.12), np.clip((0.022 - edge) * 300, 0, 1)[..., None])
    return fibres(e, np.clip(image, 0, 1), 0.022)


def _mount(e: Easel, x: float, base: float, height: float, body: Any, snow: Any, line: Any) -> None:
    slope = curve(
        [
            (x - 2.0 * height * e.ratio_x, base),
            (x - 0.6 * height * e.ratio_x, base - 0.55 * height * e.ratio_y),
            (x - 0.12 * height * e.ratio_x, base - height * e.ratio_y),
            (x + 0.1 * height * e.ratio_x, base - height * e.ratio_y),
            (x + 0.65 * height * e.ratio_x, base - 0.55 * height * e.ratio_y),
            (x + 2.1 * height * e.ratio_x, base),
        ]
    )
    e.shape(slope, e.gradient([(0, body), (base - 0.5 * height, body), (base, mix(body, snow, 0.35)), (1, body)]))
    tops = slope[(slope[:, 1] < base - 0.62 * height * e.ratio_y)]
    teeth: list[Any] = [
        (px, base - e.between(0.45, 0.68) * height * e.ratio_y) for px in np.linspace(tops[-1, 0], tops[0, 0], 9)[1:-1]
    ]
    e.shape(np.concatenate([tops, teeth]), snow)
    e.shape(e.ribbon(slope, 0.006), line)


def _swell(e: Easel, y: float, tone: Any, foam: Any, line: Any, rise: float) -> None:
    """A band of sea: scalloped top, a key line, pale stripes along it."""
    phase, count = e.between(0, 6), e.between(3, 6)
    crest = (
        y + rise * np.sin(e.x[0] * count * 6.28 + phase) + rise * 0.4 * np.sin(e.x[0] * count * 15 + phase)
    ).astype(np.float32)
    e.fill(tone, e.below(crest))
    e.fill(line, np.clip(1 - np.abs(e.y - crest) / 0.004, 0, 1))
    for k in (1, 2, 3):
        e.fill(
            mix(tone, foam, 0.55), np.clip(1 - np.abs(e.y - crest - 0.025 * k) / (0.0045 * (1.4 - 0.3 * k)), 0, 1) * 0.8
        )


def _breaker(e: Easel, hand: Hand, way: int, line: Any) -> None:
    """The wave that rears: concave front, stripes that follow it, foam with claws."""
    _, _, deep, mid, foam, _ = hand.colours
    size = 0.62 * hand.scale

    def put(points: Any) -> Any:
        p = np.asarray(points, np.float64) * (size * e.ratio_x, -size * e.ratio_y)
        return p * (way, 1) + (0.5 - way * (0.42 + 0.04 * hand.stroke), 0.95)

    back = [(-0.6, 0.1), (-0.35, 0.45), (0.0, 0.85), (0.35, 1.08), (0.68, 1.05), (0.86, 0.86)]
    front = [(0.86, 0.86), (0.62, 0.84), (0.42, 0.62), (0.4, 0.35), (0.62, 0.12), (1.1, 0.0)]
    e.shape(put(np.concatenate([curve(back), curve(front), [(1.1, -0.3), (-0.6, -0.3)]])), deep)
    for k in range(1, 8):
        share = k / 8
        stripe = [
            np.asarray(b) * (1 - share) + np.asarray(f) * share for b, f in zip(back, front[::-1][::-1], strict=True)
        ]
        path = curve([(p[0] - 0.08 * (1 - share), p[1] - 0.05) for p in stripe])[6:-8]
        path = np.stack([path[:, 0], path[:, 1]], 1)
        e.shape(
            e.ribbon(put(path), np.sin(np.linspace(0.1, 3.0, len(path))) * 0.03 * size),
            mid if k % 2 else foam,
            alpha=0.9,
        )
    crest = curve(back)[20:]
    e.shape(put(np.concatenate([crest + np.array([0, 0.035]), (crest - (0.0, 0.1))[::-1]])), foam)
    lip = np.concatenate([curve(back)[16:], curve(front)[:26]])
    for k in range(46):
        at = lip[int(e.rng.integers(len(lip)))] + (e.between(-0.03, 0.03), e.between(-0.04, 0.03))
        r = e.between(0.018, 0.042)
        spot = put([at])[0]
        e.shape(e.ellipse(spot[0], spot[1], r * size, r * size, wobble=0.2), foam)
        if k % 2:
            claw = put(curve(at + np.array([(0, 0), (0.05, -0.01), (0.075, -0.075), (0.045, -0.11)])))
            e.shape(e.ribbon(claw, np.linspace(0.03, 0.003, len(claw)) * size), foam)
            e.line(claw, line, 0.0022, alpha=0.8)
    e.shape(e.ribbon(put(np.concatenate([curve(back) + np.array([0, 0.03])])), 0.007), line)
    for _ in range(70):
        r = e.between(0.003, 0.008)
        x, y = put([(e.between(0.4, 1.25), e.between(0.6, 1.2))])[0]
        e.shape(e.ellipse(x, y, r, r, n=8), foam)


def _band(e: Easel, x: float, y: float, length: float, tone: Any) -> None:
    """A stylised cloud: stacked bars with round ends."""
    for k in range(3):
        half, cy = length * (0.5 - 0.1 * k), y + 0.022 * k
        e.shape(e.ribbon([(x - half + 0.04 * k, cy), (x + half, cy)], 0.026), tone, soft=0.002, alpha=0.9)
        for end in (x - half + 0.04 * k, x + half):
            e.shape(e.ellipse(end, cy, 0.013, 0.013, n=16), tone, alpha=0.9)


def _bridge(e: Easel, wood: Any, line: Any, hand: Hand) -> None:
    """A wooden bridge that arches across the sheet."""
    x = np.linspace(-0.1, 1.1, 40)
    y = 0.68 - 0.2 * (1 - ((x - 0.5) / 0.6) ** 2)
    deck = np.stack([x, y], 1)
    for px in np.linspace(0.05, 0.95, 7):
        py = 0.68 - 0.2 * (1 - ((px - 0.5) / 0.6) ** 2)
        e.line([(px, py), (px, 0.95)], wood * 0.6, 0.025 * hand.stroke)
    e.shape(e.ribbon(deck, 0.06), wood)
    e.shape(e.ribbon(deck + np.array([0, 0.03 * e.ratio_y]), 0.006), line)
    for shift in (-0.11, -0.065):
        e.shape(e.ribbon(deck + np.array([0, shift * e.ratio_y]), 0.012), wood * 0.8)
    for px in np.linspace(0.0, 1.0, 18):
        py = 0.68 - 0.2 * (1 - ((px - 0.5) / 0.6) ** 2)
        e.line([(px, py), (px, py - 0.12 * e.ratio_y)], wood * 0.7, 0.009)


def _cartouche(e: Easel, warm: Any, line: Any, foam: Any) -> None:
    """The title's box, with signs that mean nothing."""
    x = e.pick((0.06, 0.88))
    box = np.array([(0, 0), (0.06, 0), (0.06, 0.26), (0, 0.26)]) * (e.ratio_x, e.ratio_y) + (x, 0.06)
    e.shape(box, mix(foam, warm, 0.3))
    e.line(np.concatenate([box, box[:1]]), line, 0.004)
    for row in range(5):
        for _ in range(4):
            spot = np.array(
                [(e.between(0.012, 0.048), 0.03 + row * 0.047 + e.between(-0.014, 0.014)) for _ in range(2)]
            )
            e.line(spot * (e.ratio_x, e.ratio_y) + (x, 0.06), line, 0.0035)
    e.shape(
        np.array([(0.012, 0.28), (0.048, 0.28), (0.048, 0.316), (0.012, 0.316)]) * (e.ratio_x, e.ratio_y) + (x, 0.06),
        warm,
    )

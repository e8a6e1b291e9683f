"""Two movements of construction: things broken into facets, and planes at rest."""

# Painters are long because pictures are; things take a place, a size and colours in that order throughout.

from __future__ import annotations

from typing import Any

import numpy as np

from r2r_workers.demo.painter_easel import Easel, Image, curve, mix, rgb
from r2r_workers.demo.painter_hand import Hand
from r2r_workers.demo.painter_marks import Paint, blurred, fibres, shape_angle, varnish, weave
from r2r_workers.demo.painter_things import face, house


def facets(e: Easel, hand: Hand, motif: int) -> Image:
    """A subject cut along straight lines, each piece seen from a place of its own.

    Colours: ochre, grey, umber, pale, dark, accent.
    """
    ochre, grey, umber, pale, dark, accent = hand.colours
    ground = np.clip(e.noise(3, 3) * 1.6 - 0.3, 0, 1)
    e.image = e.gradient([(0, umber), (0.5, grey), (1, mix(ochre, pale, 0.4))], ground)
    cx = 0.5 + e.between(-0.05, 0.05)
    if motif == 0:
        _guitar(e, hand, cx)
    elif motif == 1:
        _table(e, hand, cx)
    elif motif == 2:
        r = 0.21 * hand.scale
        e.shape(
            curve(
                [
                    (cx - 0.12, 0.6),
                    (cx + 0.12, 0.6),
                    (cx + 0.42, 0.85),
                    (cx + 0.5, 1.2),
                    (cx - 0.5, 1.2),
                    (cx - 0.42, 0.85),
                ],
                closed=True,
            ),
            mix(dark, accent, 0.35),
        )
        e.shape([(cx - 0.1, 0.62), (cx + 0.1, 0.62), (cx, 0.86)], pale)
        e.shape(e.ellipse(cx, 0.33, 1.2 * r, 1.4 * r), dark)
        face(e, cx, 0.4, r, mix(ochre, pale, 0.5), umber, dark, e.between(-1, 1))
    else:
        for row in range(5):
            for k in range(5):
                x, base = (k + e.between(-0.2, 0.4)) / 5, 0.42 + 0.14 * row
                house(
                    e,
                    x,
                    base,
                    e.between(0.16, 0.28),
                    e.between(0.22, 0.34),
                    mix(ochre, pale, e.between(0, 0.9)),
                    e.pick((umber, accent, grey)),
                )
    subject = e.image.copy()
    where = _cut(e, int(15 * hand.stroke), cx)
    e.image = _displaced(e, subject, where, hand)
    edges = _edges(where)
    e.fill(dark, edges * 0.8)
    if motif in (0, 1):
        _letters(e, dark, pale)
    angle = shape_angle(e.image, 0.02 * e.short)
    paint = Paint(e, e.image)
    paint.strokes(e.image, angle, count=7000, length=0.022, width=0.009, jitter=0.03, bend=1)
    paint.strokes(e.image, angle + np.float32(0.5), count=5000, length=0.014, width=0.006, jitter=0.03, bend=1)
    image = mix(e.image, paint.dry(angle, bristle=0.12, relief=0.2), 0.85)
    image = np.clip((image - 0.5) * hand.contrast + 0.5, 0, 1)
    return varnish(e, weave(e, image, 0.035), "8a6a3a", 0.06)


def _guitar(e: Easel, hand: Hand, cx: float) -> None:
    ochre, grey, umber, pale, dark, accent = hand.colours
    s, turn = 0.4 * hand.scale, e.between(-0.7, 0.7)

    def put(points: Any) -> Any:
        p = np.asarray(points) * s
        c, n = np.cos(turn), np.sin(turn)
        return np.stack(
            [(p[:, 0] * c - p[:, 1] * n) * e.ratio_x + cx, (p[:, 0] * n + p[:, 1] * c) * e.ratio_y + 0.52], 1
        )

    e.shape([(0.02, 0.68), (0.98, 0.62), (1.0, 1.05), (0.0, 1.05)], mix(umber, accent, 0.3))
    body = [(0, -0.42), (0.34, -0.4), (0.4, -0.1), (0.28, 0.12), (0.52, 0.5), (0.36, 0.95), (0, 1.03), (-0.36, 0.95),
            (-0.52, 0.5), (-0.28, 0.12), (-0.4, -0.1), (-0.34, -0.4)]  # fmt: skip
    e.shape(put(curve(body, closed=True)), ochre)
    e.shape(put(curve(np.array(body)[5:12] * (0.9, 0.9), closed=True)), mix(ochre, umber, 0.5), soft=0.02)
    e.shape(put([(-0.08, -1.3), (0.08, -1.3), (0.08, 0.2), (-0.08, 0.2)]), umber)
    e.shape(put([(-0.13, -1.6), (0.13, -1.6), (0.09, -1.28), (-0.09, -1.28)]), dark)
    t = np.linspace(0, 2 * np.pi, 30)
    e.shape(put(np.stack([0.19 * np.cos(t), 0.2 + 0.19 * np.sin(t)], 1)), dark)
    e.shape(put([(-0.24, 0.66), (0.24, 0.66), (0.24, 0.73), (-0.24, 0.73)]), dark)
    for k in range(5):
        x = -0.05 + 0.025 * k
        e.line(put([(x, -1.3), (x * 1.6, 0.68)]), pale, 0.0035)
    e.shape([(0.05, 0.72), (0.3, 0.68), (0.34, 0.92), (0.1, 0.97)], pale)
    e.shape([(0.7, 0.15), (0.97, 0.1), (0.97, 0.5), (0.74, 0.52)], mix(grey, accent, 0.6))


def _table(e: Easel, hand: Hand, cx: float) -> None:
    ochre, grey, umber, pale, dark, accent = hand.colours
    e.shape(e.ellipse(0.5, 0.82, 0.62, 0.3), mix(umber, accent, 0.35))
    e.shape(e.ellipse(0.5, 0.8, 0.55, 0.25), pale)
    bottle = curve(
        [
            (-0.11, 0.5),
            (-0.12, 0.0),
            (-0.05, -0.22),
            (-0.04, -0.55),
            (0.04, -0.55),
            (0.05, -0.22),
            (0.12, 0.0),
            (0.11, 0.5),
        ],
        closed=True,
    )
    for x, tone, tall in ((cx - 0.14, dark, 1.0), (cx + 0.22, mix(grey, accent, 0.55), 0.8)):
        e.shape(bottle * (hand.scale * e.ratio_x, tall * 0.8 * e.ratio_y) + (x, 0.45), tone)
        e.shape(
            bottle * (0.35 * hand.scale * e.ratio_x, tall * 0.7 * e.ratio_y) + (x - 0.02, 0.45),
            mix(tone, pale, 0.5),
            soft=0.01,
        )
    for k in range(4):
        x, r = cx + e.between(-0.3, 0.35), e.between(0.06, 0.09)
        e.shape(e.ellipse(x, 0.78 + 0.03 * k, r, r), e.pick((ochre, accent, mix(ochre, accent, 0.5))))
        e.shape(e.ellipse(x - 0.02, 0.765 + 0.03 * k, r * 0.5, r * 0.5), mix(ochre, pale, 0.6), soft=0.02)
    glass = np.array(
        [
            (-0.09, -0.2),
            (0.09, -0.2),
            (0.02, 0.02),
            (0.02, 0.2),
            (0.09, 0.24),
            (-0.09, 0.24),
            (-0.02, 0.2),
            (-0.02, 0.02),
        ]
    )
    e.shape(glass * (e.ratio_x, e.ratio_y) + (cx + 0.04, 0.6), mix(grey, pale, 0.6))
    e.shape([(0.05, 0.05), (0.35, 0.02), (0.33, 0.35), (0.08, 0.4)], mix(umber, dark, 0.4))


def _cut(e: Easel, lines: int, cx: float) -> Any:
    """Number the pieces that straight lines through the middle of things leave: (h, w), int64."""
    piece = np.zeros((e.height, e.width), np.int64)
    favoured = [e.between(0, np.pi) for _ in range(3)]
    for k in range(lines):
        turn = favoured[k % 3] + e.between(-0.25, 0.25)
        px, py = cx + e.between(-0.42, 0.42), e.between(0.1, 0.9)
        bow = 1.6 * (k % 5 == 0)
        u = (e.x - px) / e.ratio_x * np.cos(turn) + (e.y - py) / e.ratio_y * np.sin(turn)
        v = -(e.x - px) / e.ratio_x * np.sin(turn) + (e.y - py) / e.ratio_y * np.cos(turn)
        reach = e.between(0.15, 0.6)  # a cut ends: beyond `reach` along itself it parts nothing
        piece = piece * 2 % 2_147_483_629 + ((u - bow * v * v > 0) & (np.abs(v) < reach))
    return piece


def _displaced(e: Easel, subject: Image, piece: Any, hand: Hand) -> Image:
    """Each piece shows the subject shifted and turned a little, under a shading of its own."""
    import cv2

    ochre, grey, _, pale, dark, _ = hand.colours
    _, label = np.unique(piece, return_inverse=True)
    label = label.reshape(piece.shape)
    n = int(label.max()) + 1
    shift = e.rng.normal(0, 0.035, (n, 2)).astype(np.float32)
    turn = e.rng.normal(0, 0.16, n).astype(np.float32)[label]
    u, v = e.x - 0.5, e.y - 0.5
    x = 0.5 + u * np.cos(turn) - v * np.sin(turn) + shift[label, 0]
    y = 0.5 + u * np.sin(turn) + v * np.cos(turn) + shift[label, 1]
    image = cv2.remap(
        subject,
        (x * (e.width - 1)).astype(np.float32),
        (y * (e.height - 1)).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    slope = e.rng.uniform(0, 2 * np.pi, n).astype(np.float32)[label]
    ramp = np.cos(slope) * (e.x - 0.5) / e.ratio_x + np.sin(slope) * (e.y - 0.5) / e.ratio_y
    tone = e.rng.normal(0, 0.16, n).astype(np.float32)[label] + ramp * 0.55
    wash = np.where(e.rng.random(n)[label][..., None] < 0.5, ochre, grey)
    image = mix(image, wash, (0.08 + 0.2 * e.rng.random(n).astype(np.float32)[label])[..., None])
    lit = np.clip(tone, 0, 1)[..., None]
    shade = np.clip(-tone, 0, 1)[..., None]
    return mix(mix(image, pale, lit * 1.1), dark, shade * 1.2).astype(np.float32)


def _edges(piece: Any) -> Any:
    """Lines between pieces, a little soft: (h, w), 0..1."""
    import cv2

    line = np.zeros(piece.shape, np.float32)
    line[:, 1:] = piece[:, 1:] != piece[:, :-1]
    line[1:] = np.maximum(line[1:], piece[1:] != piece[:-1])
    return np.clip(cv2.GaussianBlur(line, (0, 0), 0.8) * 1.3, 0, 1)


def _letters(e: Easel, ink: Any, pale: Any) -> None:
    """A scrap of stencilled letters, as from a newspaper that never was."""
    import cv2

    word = e.pick(("JOUR", "VALSE", "CAFE", "SOLO", "LE MO", "BAL"))
    mask = np.zeros((e.height, e.width), np.uint8)
    at = (int(e.width * e.between(0.06, 0.5)), int(e.height * e.between(0.15, 0.9)))
    cv2.putText(mask, word, at, cv2.FONT_HERSHEY_DUPLEX, e.short * 0.0035, 255, max(1, e.short // 160), cv2.LINE_AA)
    e.fill(e.pick((ink, mix(ink, pale, 0.15))), mask.astype(np.float32) / 255 * 0.85)


def quiet_planes(e: Easel, hand: Hand, motif: int) -> Image:
    """Flat planes, weighed against each other. Colours: ground, first, second, third, line, fourth."""
    ground, first, second, third, line, fourth = hand.colours
    e.image = np.broadcast_to(ground, (e.height, e.width, 3)).astype(np.float32).copy()
    colours = [first, second, third, fourth]
    bar = 0.022 * hand.stroke
    if motif == 0:
        _grid(e, hand, bar)
    elif motif == 1:  # bands that hover
        e.image = e.gradient([(0, mix(ground, first, 0.35)), (1, mix(ground, second, 0.35))])
        order = e.rng.permutation(4)
        y = 0.06
        for k in range(3):
            tall = e.between(0.18, 0.38) if k < 2 else 0.94 - y
            box = [(0.08, y), (0.92, y + 0.004), (0.92, y + tall - 0.03), (0.08, y + tall - 0.03)]
            tone = colours[int(order[k])]
            cloud = mix(tone * 0.85, mix(tone, 1.0, 0.12), e.noise(6, 4)[..., None])
            e.shape(box, cloud, soft=0.016)
            y += tall
    elif motif == 2:  # discs and a diagonal
        for k in range(int(5 * hand.scale)):
            x, y, r = e.between(0.1, 0.9), e.between(0.1, 0.9), e.between(0.06, 0.3) * hand.scale
            e.shape(e.ellipse(x, y, r, r, n=90), colours[k % 4], alpha=0.93)
            if k % 2:
                e.shape(e.ellipse(x, y, r * 0.55, r * 0.55, n=70), colours[(k + 1) % 4])
        for k in range(4):
            a, turn = (
                np.array([e.between(0.1, 0.9), e.between(0.1, 0.9)]),
                0.7 + e.between(-0.15, 0.15) + (k == 3) * 1.57,
            )
            way = np.array([np.cos(turn) * e.ratio_x, -np.sin(turn) * e.ratio_y]) * e.between(0.2, 0.7)
            e.line([a - way, a + way], line if k % 2 else first, bar * e.between(0.5, 3))
    else:  # tilted blocks
        turn = e.between(-0.5, 0.5)
        for k in range(int(11 * hand.scale)):
            x, y = e.between(0.1, 0.9), e.between(0.1, 0.9)
            w, h = (
                (e.between(0.1, 0.42), e.between(0.03, 0.2)) if k % 3 else (e.between(0.02, 0.05), e.between(0.3, 0.6))
            )
            box = np.array([(-w, -h), (w, -h), (w, h), (-w, h)]) / 2 * hand.scale * 1.5
            tilt = turn + e.between(-0.12, 0.12)
            c, s = np.cos(tilt), np.sin(tilt)
            put = np.stack(
                [(box[:, 0] * c - box[:, 1] * s) * e.ratio_x + x, (box[:, 0] * s + box[:, 1] * c) * e.ratio_y + y], 1
            )
            e.shape(put, (*colours, line)[k % 5])
    # flat paint is never quite flat: it was laid in long strokes, and the primer shows at their ends
    angle = (np.pi / 2 * (e.noise(3, 1) > 0.5) + (e.noise(4, 2) - 0.5) * 0.2).astype(np.float32)
    paint = Paint(e, e.image)
    inside = np.clip(1 - np.abs(e.image - blurred(e.image, 0.022 * e.short)).sum(2) * 25, 0, 1)
    paint.strokes(e.image, angle, count=4500, length=0.05, width=0.012, jitter=0.01, where=inside * inside, bend=1)
    image = mix(e.image, paint.dry(angle, bristle=0.1, relief=0.12, ragged=0.0002), 0.7)
    image = mix(image, rgb("e8dfc9"), (np.clip(e.noise(30, 3) - 0.76, 0, 1) * 0.5)[..., None])
    return fibres(e, weave(e, image, 0.02), 0.012)


def _grid(e: Easel, hand: Hand, bar: float) -> None:
    """A rectangle divided again and again, some cells filled, every division a bar."""
    ground, first, second, third, line, fourth = hand.colours
    cells = [(0.0, 0.0, 1.0, 1.0)]
    for _ in range(int(8 * hand.scale) + e.pick((0, 2, 4))):
        sizes = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in cells]
        x0, y0, x1, y1 = cells.pop(int(np.argmax(np.asarray(sizes) * e.rng.uniform(0.4, 1, len(sizes)))))
        at = e.pick((0.24, 0.33, 0.5, 0.62, 0.76)) + e.between(-0.04, 0.04)
        if (x1 - x0) / e.ratio_x > (y1 - y0) / e.ratio_y:
            cut = x0 + (x1 - x0) * at
            cells += [(x0, y0, cut, y1), (cut, y0, x1, y1)]
        else:
            cut = y0 + (y1 - y0) * at
            cells += [(x0, y0, x1, cut), (x0, cut, x1, y1)]
    tones = [first, second, third, fourth]
    filled = e.rng.permutation(len(cells))
    for k, index in enumerate(filled):
        x0, y0, x1, y1 = cells[int(index)]
        tone = tones[k % 4] if k < 5 else mix(ground, (line, 1.0)[k % 2], 0.06)
        e.shape([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], tone)
    for x0, y0, x1, y1 in cells:
        for a, b in (((x0, y0), (x1, y0)), ((x0, y0), (x0, y1))):
            if a[0] + b[0] > 0 and a[1] + b[1] > 0:
                e.line([a, b], line, bar)
